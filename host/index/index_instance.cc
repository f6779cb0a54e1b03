#include "host/index/index_instance.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "host/plugin/status.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::index {

using base::Code;
using base::Result;
using base::Status;

namespace {

struct Ticker {
  const BuildRequest& request;
  static uint32_t tick(void* ctx, uint64_t done, uint64_t total) {
    const BuildRequest& r = static_cast<Ticker*>(ctx)->request;
    if (r.progress) r.progress(done, total);
    return r.cancelled != nullptr && r.cancelled->load(std::memory_order_relaxed) ? 0 : 1;
  }
};

// The part of an engine's text that is shown. Characters stay whole.
std::string sentence(const std::string& text) {
  size_t end = 0;
  while (end < text.size()) {
    const size_t next = end + std::max<size_t>(base::utf8_length_at(text, end), 1);
    if (next > base::limits::kMaxEngineTextBytes) break;
    end = next;
  }
  return text.substr(0, end);
}

// Implausible values count as not measured.
std::optional<IndexStats::Measured> measured_in(const nlohmann::json& stats) {
  const auto at = stats.find("measured");
  if (at == stats.end() || !at->is_object()) return std::nullopt;
  const auto recall = at->find("recall"), queries = at->find("queries"), ef = at->find("ef");
  if (recall == at->end() || !recall->is_number() || queries == at->end() ||
      !queries->is_number_unsigned())
    return std::nullopt;
  IndexStats::Measured measured{recall->get<double>(), queries->get<uint64_t>()};
  if (ef != at->end() && ef->is_number_unsigned()) measured.ef = ef->get<uint64_t>();
  if (!(measured.recall >= 0 && measured.recall <= 1) || measured.queries == 0) return std::nullopt;
  return measured;
}

// Memory for the hits of one call, in the layout of the ABI.
struct HitRoom {
  explicit HitRoom(const SearchRequest& r)
      : slots(r.query_count * r.k), distances(slots.size()), counts(r.query_count, 0) {
    raw.struct_size = sizeof raw;
    raw.slots = slots.data();
    raw.distances = distances.data();
    raw.counts = counts.data();
  }
  std::vector<uint32_t> slots;
  std::vector<float> distances;
  std::vector<uint32_t> counts;
  rhumb_hits_t raw{};
};

}  // namespace

Result<std::unique_ptr<IndexInstance>> IndexInstance::open(
    const plugin::Engine<rhumb_index_ops_t>& engine, const OpenRequest& request) {
  std::unique_ptr<IndexInstance> instance(new IndexInstance(engine, request.vectors));
  const rhumb_open_t base{sizeof base, 0, slice(request.config_json), slice(request.data_dir),
                          nullptr};
  const auto metric = static_cast<uint32_t>(request.distance);
  const rhumb_index_open_t params{sizeof params, metric, &instance->vectors_, request.capacity_hint,
                                  &base};
  plugin::ErrorSlot error;
  const rhumb_status_t rc = engine.ops->open(engine.host, &params, &instance->self_, error.out());
  RHUMB_TRY(error.status(rc, instance->name_));
  return instance;
}

IndexInstance::IndexInstance(plugin::Engine<rhumb_index_ops_t> engine,
                             const rhumb_vectors_t& vectors)
    : engine_(engine), name_("index " + std::string(engine.id)), vectors_(vectors) {}

IndexInstance::~IndexInstance() {
  if (self_ != nullptr) engine_.ops->close(self_);
}

Status IndexInstance::usable() const {
  if (fenced()) return {Code::kUnavailable, name_ + ": fenced after an earlier failure"};
  return base::ok();
}

Status IndexInstance::outcome(rhumb_status_t rc, const rhumb_error_t* error,
                              std::string_view call) const {
  if (plugin::fences(rc)) fenced_.store(true, std::memory_order_relaxed);
  return plugin::to_status(rc, error, name_ + ": " + std::string(call));
}

Status IndexInstance::build(const BuildRequest& request) {
  RHUMB_TRY(usable());
  if (!request.live.empty() && request.live.size() * 64 < request.slot_end)
    return base::internal(name_ + ": build: there are too few live bits");
  Ticker ticker{request};
  const rhumb_progress_t progress{sizeof progress, request.threads, &ticker, Ticker::tick};
  const plugin::CallContext call({}, request.cancelled);
  plugin::ErrorSlot error;
  const uint64_t* live = request.live.empty() ? nullptr : request.live.data();
  const rhumb_status_t rc =
      engine_.ops->build(self_, call.raw(), request.slot_end, live, &progress, error.out());
  return outcome(rc, error.out(), "build");
}

Status IndexInstance::insert(uint32_t first, uint32_t end, const std::atomic<bool>* cancelled) {
  RHUMB_TRY(usable());
  if (!can_insert()) return base::unsupported(name_ + ": this engine cannot insert");
  const plugin::CallContext call({}, cancelled);
  plugin::ErrorSlot error;
  const rhumb_status_t rc = engine_.ops->insert(self_, call.raw(), first, end, error.out());
  return outcome(rc, error.out(), "insert");
}

Result<SearchResult> IndexInstance::search(const SearchRequest& request) const {
  RHUMB_TRY(usable());
  rhumb_query_t query{};
  query.struct_size = sizeof query;
  query.k = request.k;
  query.vectors = {request.queries, request.query_count, request.stride, vectors_.dim,
                   vectors_.scalar};
  query.query_count = request.query_count;
  query.filter = request.filter;
  query.ef = request.params.ef;
  query.recall = request.params.recall;
  query.widen = request.params.widen;
  query.oversampling = request.params.oversampling;
  query.flags = request.params.exact ? RHUMB_QUERY_EXACT : 0;
  HitRoom room(request);
  const plugin::CallContext call(request.deadline, request.cancelled);
  plugin::ErrorSlot error;
  const rhumb_status_t rc = engine_.ops->search(self_, call.raw(), &query, &room.raw, error.out());
  RHUMB_TRY(outcome(rc, error.out(), "search"));
  if ((room.raw.flags & RHUMB_HITS_PARTIAL) != 0)
    return Status(Code::kTimeout, name_ + ": search: the deadline has passed");

  SearchResult result;
  result.exact_distances = room.raw.exact_distances;
  result.code_distances = room.raw.code_distances;
  result.approximate_scores = (room.raw.flags & RHUMB_HITS_APPROXIMATE) != 0;
  result.hits.resize(request.query_count);
  for (uint64_t q = 0; q < request.query_count; ++q) {
    if (room.counts[q] > request.k) {
      fenced_.store(true, std::memory_order_relaxed);
      return base::internal(name_ + ": search: the engine returned " +
                            std::to_string(room.counts[q]) + " hits; the limit is " +
                            std::to_string(request.k));
    }
    result.hits[q].reserve(room.counts[q]);
    for (uint64_t i = q * request.k; i < q * request.k + room.counts[q]; ++i)
      result.hits[q].push_back({room.slots[i], room.distances[i]});
  }
  return result;
}

Status IndexInstance::save(const std::string& directory) const {
  RHUMB_TRY(usable());
  plugin::ErrorSlot error;
  const rhumb_status_t rc = engine_.ops->save(self_, slice(directory), error.out());
  // A full or failing disk does not make the index in memory invalid, so this does not fence.
  return error.status(rc, name_ + ": save");
}

Result<IndexStats> IndexInstance::stats() const {
  RHUMB_TRY(usable());
  Buffer answer;
  RHUMB_TRY(outcome(engine_.ops->stats(self_, answer.out()), nullptr, "stats"));
  const auto document = nlohmann::json::parse(answer.view(), nullptr, /*allow_exceptions=*/false);
  const auto number = [&](const char* name) -> uint64_t {
    return document.is_object() && document.contains(name) && document[name].is_number_unsigned()
               ? document[name].get<uint64_t>()
               : 0;
  };
  if (!document.is_object()) return base::internal(name_ + ": stats: not a JSON object");
  IndexStats stats;
  stats.rows = number("rows");
  stats.bytes_resident = number("bytes_resident");
  stats.bytes_mapped = number("bytes_mapped");
  stats.built_through = static_cast<uint32_t>(number("built_through"));
  stats.doubtful = number("doubtful");
  stats.clipped_rows = number("clipped_rows");
  for (const auto& [name, text] : {std::pair{"codes", &stats.codes},
                                   {"why", &stats.why},
                                   {"warning", &stats.warning},
                                   {"renew", &stats.renew}}) {
    if (document.contains(name) && document[name].is_string())
      *text = sentence(document[name].get_ref<const std::string&>());
  }
  stats.measured = measured_in(document);
  if (document.contains("calibration") && document["calibration"].is_array() &&
      !document["calibration"].empty())
    stats.calibration_json = document["calibration"].dump();
  return stats;
}

}  // namespace rhumb::index
