#include "flat.h"

#include <nlohmann/json.hpp>

#include "rhumb/cpp/block_file.h"
#include "rhumb/cpp/exact_scan.h"
#include "rhumb/cpp/index_query.h"

namespace rhumb::flat {
namespace {

constexpr std::string_view kMagic = "RHMBFLAT";
constexpr uint32_t kFormat = 1;

std::string file_in(std::string_view dir) { return std::string(dir) + "/flat"; }

void refuse_parameters(std::string_view config_json) {
  if (config_json.empty()) return;
  const auto config = nlohmann::json::parse(config_json, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) throw Error(RHUMB_INVALID, "config: expected a JSON object");
  if (!config.empty())
    throw Error(RHUMB_INVALID, "config: unknown parameter " + config.begin().key());
}

}  // namespace

Flat::Flat(const rhumb_host_t* host, const rhumb_index_open_t& open)
    : host_(host), kernel_(kernel_of(open)), column_(*open.vectors) {
  if (open.base == nullptr) return;
  refuse_required_extensions(open.base->ext);
  refuse_parameters(view(open.base->config_json));
  if (open.base->data_dir.size != 0) load(std::string(view(open.base->data_dir)));
}

std::string Flat::describe() {
  return R"({"metrics":["cosine","dot","euclid","manhattan","hamming"],"scalars":["f32","f16","u8","bit"],)"
         R"("parameters":{"type":"object","properties":{},"additionalProperties":false}})";
}

void Flat::build(const rhumb_call_t* call, uint32_t slot_end, const uint64_t*,
                 const rhumb_progress_t* progress) {
  check_call(call, host_);
  if (progress != nullptr && progress->tick != nullptr &&
      progress->tick(progress->ctx, slot_end, slot_end) == 0) {
    throw Error(RHUMB_CANCELLED, "cancelled");
  }
  ranges_.add(0, slot_end);
}

void Flat::insert(const rhumb_call_t* call, uint32_t slot_first, uint32_t slot_end) {
  check_call(call, host_);
  if (slot_first > slot_end) throw Error(RHUMB_INVALID, "slots: the first slot is after the end");
  ranges_.add(slot_first, slot_end);
}

void Flat::search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out) {
  check_call(call, host_);
  const auto queries = rows_of(column_, query, out);
  const SlotFilter filter(column_, query.filter);
  const auto ranges = ranges_.snapshot();
  std::vector<TopK> tops(queries.size(), TopK(query.k));
  Pacer pacer(call, host_, column_);
  if (query.k > 0)
    out.exact_distances += exact_scan(kernel_, column_, filter, *ranges, queries, tops, pacer);
  for (size_t i = 0; i < queries.size(); ++i) write_hits(out, i, query.k, tops[i]);
}

void Flat::save(std::string_view dir) const {
  BlockFileWriter file(file_in(dir), kMagic, kFormat);
  file.value(ranges_.built_through());
  file.finish();
  sync_directory(std::string(dir));
}

void Flat::load(const std::string& dir) {
  BlockFileReader file(file_in(dir), kMagic, kFormat);
  const auto built_through = file.value<uint32_t>();
  file.expect_end();
  if (built_through > column_.rows) {
    file.corrupt("covers " + std::to_string(built_through) + " slots, there are " +
                 std::to_string(column_.rows));
  }
  ranges_.add(0, built_through);
}

std::string Flat::stats() const {
  uint64_t rows = 0;
  const SlotFilter present(column_, nullptr);
  const auto ranges = ranges_.snapshot();
  for (const SlotRange& range : *ranges)
    present.for_each(range.first, range.end, [&](uint32_t) { ++rows; });
  const uint32_t built_through = ranges_.built_through();
  return nlohmann::json{{"rows", rows},
                        {"built_through", built_through},
                        {"bytes_resident", sizeof(Flat)},
                        {"bytes_mapped", 0}}
      .dump();
}

}  // namespace rhumb::flat
