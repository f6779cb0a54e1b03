// Vectors, an instance over them, and the exact answers that its answers are compared with.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/index.h"
#include "rhumb/kernels.h"
#include "sdk/check/check_host.h"
#include "sdk/check/suites.h"

namespace rhumb::check {

// A column as a host keeps it, with chunks of 256 rows and a stride that is wider than a row. The
// table of chunks has room for all rows from the start. Rows come in clusters of low rank, as
// embeddings do, and are normalised if the metric asks for it. It owns the rows. One thread changes
// it.
class Column {
 public:
  static constexpr uint32_t kShift = 8;
  Column(uint32_t metric, uint32_t scalar, uint32_t dim, uint32_t rows, uint64_t seed);
  // Takes these rows. There is at least one, and all have the same length.
  Column(uint32_t metric, uint32_t scalar, const std::vector<std::vector<float>>& rows);
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  uint32_t metric() const { return metric_; }
  uint32_t rows() const { return static_cast<uint32_t>(table_.rows); }
  const rhumb_vectors_t* raw() const { return &table_; }
  // show() sets the number of rows that open() sees. With fewer rows than there are, a test inserts
  // the rest later. set_present() takes the bits of all rows, or NULL.
  void show(uint32_t rows) { table_.rows = rows; }
  void set_present(const uint64_t* bits) { table_.present = bits; }
  // Returns a query from the same clusters. It is none of the rows.
  std::vector<char> query(uint64_t i) const;
  // Returns the row that a host keeps for these components: normalised if the metric asks for it,
  // and in the scalar type of the column.
  std::vector<char> encoded(std::vector<float> v) const;
  float distance(const std::vector<char>& query, uint32_t slot) const;
  bool present(uint32_t slot) const;

 private:
  std::vector<float> drawn(std::mt19937_64& rng) const;
  void fill(uint32_t rows, const std::function<std::vector<float>(uint32_t)>& row_of);

  const uint32_t metric_;
  const uint64_t seed_ = 0;
  const rhumb_kernel_t* const kernel_;
  std::vector<std::vector<float>> centres_;
  std::vector<std::vector<char>> chunks_;
  std::vector<const void*> chunk_table_;
  rhumb_vectors_t table_;
};

struct Hit {
  uint32_t slot;
  float distance;
  bool operator==(const Hit&) const = default;
};
struct Answer {
  rhumb_status_t status = RHUMB_OK;
  uint32_t flags = 0;
  std::vector<std::vector<Hit>> hits;  // the hits of each query
};

// Owns one instance and closes it at the end. Its members have the thread rules of rhumb/index.h.
class IndexInstance {
 public:
  struct Settings {
    std::string config, data_dir;
    uint64_t capacity = 0;  // 0: the number of rows of the column
  };
  // Opens the instance. status() returns the answer of open().
  IndexInstance(const rhumb_index_ops_t& ops, const CheckHost& host, const Column& column,
                const Settings& settings);
  ~IndexInstance() { close(); }
  IndexInstance(const IndexInstance&) = delete;
  IndexInstance& operator=(const IndexInstance&) = delete;
  void close();

  rhumb_status_t status() const { return status_; }
  const rhumb_error_t& error() const { return error_; }
  rhumb_index_t* self() const { return self_; }
  // These throw Failed unless the plugin answers RHUMB_OK.
  void build(uint32_t slot_end, const uint64_t* live = nullptr);
  void insert(uint32_t first, uint32_t end);
  void save(const std::string& dir);
  std::string stats();
  uint64_t built_through();  // the member of stats()
  // Any thread may call it. The arrays are longer than k * queries, and it checks that the entries
  // beyond are untouched.
  Answer search(std::span<const std::vector<char>> queries, uint32_t k,
                const rhumb_filter_t* filter, uint32_t flags = 0,
                const rhumb_call_t* call = nullptr, const rhumb_ext_t* ext = nullptr) const;

 private:
  const rhumb_index_ops_t& ops_;
  const Column& column_;
  rhumb_index_t* self_ = nullptr;
  rhumb_status_t status_;
  rhumb_error_t error_{};
};

using Passes = std::function<bool(uint32_t slot)>;
// Returns the k closest of the slots below `end` that are present and pass.
std::vector<Hit> exact(const Column& column, const std::vector<char>& query, uint32_t k,
                       uint32_t end, const Passes& passes);
// Checks one query's hits: their order, uniqueness, range, presence, filter and distances, and that
// there are k of them if so many slots pass.
void require_sound(const Column& column, const std::vector<char>& query, const Answer& answer,
                   size_t i, uint32_t k, uint32_t end, const Passes& passes);
// Returns the share of the exact answer that was found. A hit as close as the k-th one counts, too.
double recall(const std::vector<Hit>& found, const std::vector<Hit>& expected);

std::vector<uint64_t> bits_of(uint32_t n, const Passes& passes);
uint64_t count_of(uint32_t n, const Passes& passes);

// A filter of any kind over these slots. It owns the arrays that the filter points to.
class FilterStorage {
 public:
  FilterStorage(uint32_t kind, uint32_t end, const Passes& passes);
  const rhumb_filter_t* raw() const { return &raw_; }

 private:
  std::vector<uint64_t> bits_;
  std::vector<uint32_t> slots_;
  rhumb_filter_t raw_{};
};

// The engine under test. The four files index_*.cc with cases share it.
struct IndexSubject {
  const rhumb_index_ops_t& ops;
  CheckHost& host;
  std::string config;
  uint64_t seed;
  // `metrics` and `scalars` are those that describe() lists, without HAMMING and BIT. `bits` says
  // whether it lists these two, which go together.
  std::vector<uint32_t> metrics, scalars;
  bool bits = false;
};
class Report;
void check_index_search(Report& report, const IndexSubject& subject);
void check_index_files(Report& report, const IndexSubject& subject);
void check_index_live(Report& report, const IndexSubject& subject);
void check_index_hostile(Report& report, const IndexSubject& subject);

}  // namespace rhumb::check
