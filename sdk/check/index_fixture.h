// Vectors, an instance over them, and exact answers to hold its own against.
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

// A column as a host keeps it: chunks of 256 rows with a stride wider than a row, the table reserved for all rows at
// once. Rows come in clusters of low rank, as embeddings do, normalised where the metric asks for it.
class Column {
 public:
  static constexpr uint32_t kShift = 8;
  Column(uint32_t metric, uint32_t scalar, uint32_t dim, uint32_t rows, uint64_t seed);
  // These rows, at least one, all of one length.
  Column(uint32_t metric, uint32_t scalar, const std::vector<std::vector<float>>& rows);
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  uint32_t metric() const { return metric_; }
  uint32_t rows() const { return static_cast<uint32_t>(table_.rows); }
  const rhumb_vectors_t* raw() const { return &table_; }
  // What an instance is told at open: fewer rows than there are, to insert the rest later. present: NULL or bits of all
  // rows.
  void show(uint32_t rows) { table_.rows = rows; }
  void set_present(const uint64_t* bits) { table_.present = bits; }
  // A query from the same clusters, not among the rows.
  std::vector<char> query(uint64_t i) const;
  // What a host keeps of these components: normalised where the metric asks for it, in the column's scalar type.
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
  std::vector<std::vector<Hit>> hits;  // of each query
};

// One instance, closed at the end of its scope.
class IndexInstance {
 public:
  struct Settings {
    std::string config, data_dir;
    uint64_t capacity = 0;  // 0: the column's rows
  };
  // status() tells whether open() worked.
  IndexInstance(const rhumb_index_ops_t& ops, const CheckHost& host, const Column& column, const Settings& settings);
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
  uint64_t built_through();  // from stats()
  // Any thread. Buffers are longer than k * queries, and what lies past them is checked to be untouched.
  Answer search(std::span<const std::vector<char>> queries, uint32_t k, const rhumb_filter_t* filter,
                uint32_t flags = 0, const rhumb_call_t* call = nullptr, const rhumb_ext_t* ext = nullptr) const;

 private:
  const rhumb_index_ops_t& ops_;
  const Column& column_;
  rhumb_index_t* self_ = nullptr;
  rhumb_status_t status_;
  rhumb_error_t error_{};
};

using Passes = std::function<bool(uint32_t slot)>;
// The k closest of slots < end that are present and pass.
std::vector<Hit> exact(const Column& column, const std::vector<char>& query, uint32_t k, uint32_t end,
                       const Passes& passes);
// Order, uniqueness, range, presence, filter and the distances themselves; and never fewer than min(k, passing).
void require_sound(const Column& column, const std::vector<char>& query, const Answer& answer, size_t i, uint32_t k,
                   uint32_t end, const Passes& passes);
// Share of the exact answer that was found, where a hit as close as the k-th counts too.
double recall(const std::vector<Hit>& found, const std::vector<Hit>& expected);

std::vector<uint64_t> bits_of(uint32_t n, const Passes& passes);
uint64_t count_of(uint32_t n, const Passes& passes);

// A filter of each kind over the same slots; lives with its storage.
class FilterStorage {
 public:
  FilterStorage(uint32_t kind, uint32_t end, const Passes& passes);
  const rhumb_filter_t* raw() const { return &raw_; }

 private:
  std::vector<uint64_t> bits_;
  std::vector<uint32_t> slots_;
  rhumb_filter_t raw_{};
};

// The cases of index_suite.cc share what is declared here with those of index_files.cc and index_live.cc.
struct IndexSubject {
  const rhumb_index_ops_t& ops;
  CheckHost& host;
  std::string config;
  uint64_t seed;
  std::vector<uint32_t> metrics, scalars;  // as describe() lists them, but for HAMMING, which goes with BIT alone
  bool bits = false;                       // it lists those two
};
class Report;
void check_index_search(Report& report, const IndexSubject& subject);
void check_index_files(Report& report, const IndexSubject& subject);
void check_index_live(Report& report, const IndexSubject& subject);
void check_index_hostile(Report& report, const IndexSubject& subject);

}  // namespace rhumb::check
