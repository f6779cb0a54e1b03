// An index engine as a C++ class. It compares a query with every vector, so its answers are exact.
// Start here, and replace the scan by something faster. rhumb/index.h says what each member must
// do. The SDK turns exceptions into a status and a text before they leave the plugin.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/cpp/block_file.h"
#include "rhumb/cpp/exact_scan.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/cpp/index_query.h"
#include "rhumb/cpp/indexed_ranges.h"

namespace {

constexpr std::string_view kMagic = "MY_INDEX";  // the first 8 bytes of the file
constexpr uint32_t kFormat = 1;                  // the version of the file's content

// An instance over one column of the host. It owns the set of slots that are indexed. Any thread
// may call insert(), search() and stats(), also at once. Only the file of save() survives a crash.
class MyIndex {
 public:
  static constexpr const char* kId = "my_index";
  static constexpr const char* kVersion = "1.0.0";

  MyIndex(const rhumb_host_t* host, const rhumb_index_open_t& open)
      : host_(host), kernel_(rhumb::kernel_of(open)), column_(*open.vectors) {
    if (open.base == nullptr) return;
    rhumb::refuse_required_extensions(open.base->ext);
    std::string config(rhumb::view(open.base->config_json));
    std::erase_if(config, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    if (!config.empty() && config != "{}") {
      throw rhumb::Error(RHUMB_INVALID, "my_index has no parameters");
    }
    if (open.base->data_dir.size > 0) load(rhumb::view(open.base->data_dir));
  }

  static std::string describe() {
    return R"({"metrics":["cosine","dot","euclid","manhattan"],"scalars":["f32","f16","u8"],)"
           R"("parameters":{"type":"object","properties":{},"additionalProperties":false}})";
  }

  // There is nothing to compute: the index is the host's column itself.
  void build(const rhumb_call_t* call, uint32_t slot_end, const uint64_t*,
             const rhumb_progress_t* progress) {
    rhumb::check_call(call, host_);
    if (progress != nullptr && progress->tick != nullptr &&
        progress->tick(progress->ctx, slot_end, slot_end) == 0) {
      throw rhumb::Error(RHUMB_CANCELLED, "cancelled");
    }
    indexed_.add(0, slot_end);
  }

  // Several threads insert ranges at once, and the ranges end in any order. So one number is not
  // enough: a range may end before the slots below it are indexed.
  void insert(const rhumb_call_t* call, uint32_t slot_first, uint32_t slot_end) {
    rhumb::check_call(call, host_);
    indexed_.add(slot_first, slot_end);
  }

  void search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out) {
    rhumb::check_call(call, host_);
    const std::vector<const void*> queries = rhumb::rows_of(column_, query, out);
    // SlotFilter reads the present bits atomically: the host may set bits of later slots meanwhile.
    const rhumb::SlotFilter filter(column_, query.filter);
    const rhumb::IndexedRanges::Snapshot ranges = indexed_.snapshot();
    std::vector<rhumb::TopK> closest(queries.size(), rhumb::TopK(query.k));
    rhumb::Pacer pacer(call, host_, column_);
    if (query.k > 0) {
      out.exact_distances +=
          rhumb::exact_scan(kernel_, column_, filter, *ranges, queries, closest, pacer);
    }
    for (size_t i = 0; i < queries.size(); ++i) rhumb::write_hits(out, i, query.k, closest[i]);
  }

  void save(std::string_view dir) {
    rhumb::BlockFileWriter file(file_in(dir), kMagic, kFormat);
    file.value(indexed_.built_through());
    file.finish();
    rhumb::sync_directory(std::string(dir));
  }

  std::string stats() {
    uint64_t rows = 0;
    const rhumb::SlotFilter present(column_, nullptr);
    const rhumb::IndexedRanges::Snapshot ranges = indexed_.snapshot();
    for (const rhumb::SlotRange& range : *ranges) {
      present.for_each(range.first, range.end, [&](uint32_t) { ++rows; });
    }
    return "{\"rows\":" + std::to_string(rows) +
           ",\"built_through\":" + std::to_string(indexed_.built_through()) +
           ",\"bytes_resident\":" + std::to_string(sizeof *this) + ",\"bytes_mapped\":0}";
  }

 private:
  static std::string file_in(std::string_view dir) { return std::string(dir) + "/my_index"; }

  void load(std::string_view dir) {
    rhumb::BlockFileReader file(file_in(dir), kMagic, kFormat);
    const auto built = file.value<uint32_t>();
    file.expect_end();
    if (built > column_.rows) file.corrupt("it covers slots that the column does not have");
    indexed_.add(0, built);
  }

  const rhumb::Host host_;
  const rhumb_kernel_t& kernel_;
  const rhumb_vectors_t& column_;  // the host's column, which stays until the instance is closed
  rhumb::IndexedRanges indexed_;   // the slots that a search may find
};

}  // namespace

RHUMB_PLUGIN("my_index", "1.0.0", "Apache-2.0", &rhumb::index_factory<MyIndex>)
