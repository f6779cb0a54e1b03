#include "host/segment/graph.h"

#include <nlohmann/json.hpp>

#include "host/base/file.h"
#include "host/base/log.h"
#include "host/plugin/status.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

namespace {

constexpr uint32_t kSaveGrowthDivisor = 4;  // written anew when a quarter has come

rhumb_slice_t slice(std::string_view text) { return {text.data(), text.size()}; }

std::string config_of(const model::HnswConfig& hnsw) {
  nlohmann::json config = nlohmann::json::object();
  if (hnsw.m) config["m"] = *hnsw.m;
  if (hnsw.ef_construct) config["ef_construct"] = *hnsw.ef_construct;
  return config.dump();
}

uint32_t RHUMB_CALL go_on(void* cancelled, uint64_t, uint64_t) {
  return static_cast<const std::atomic<bool>*>(cancelled)->load(std::memory_order_relaxed) ? 0 : 1;
}

}  // namespace

// Closed when the last search that uses it is done.
struct Graph::Instance {
  plugin::Engine<rhumb_index_ops_t> engine;
  rhumb_vectors_t vectors;  // the plugin keeps the pointer
  rhumb_index_t* self = nullptr;

  ~Instance() {
    if (self != nullptr) engine.ops->close(self);
  }
};

Graph::Graph(const VectorColumn& column, std::string directory, const SegmentOptions& options)
    : column_(column), directory_(std::move(directory)), options_(options) {
  if (options.plugins == nullptr) return;
  auto engine = options.plugins->find<rhumb_index_ops_t>(options.index_engine);
  if (engine.ok()) engine_ = *engine;
  else reason_ = engine.status().to_string();
}

Graph::~Graph() = default;

std::shared_ptr<Graph::Instance> Graph::instance() const {
  const std::lock_guard lock(mutex_);
  return instance_;
}

void Graph::publish(std::shared_ptr<Instance> instance, uint32_t built) {
  const std::lock_guard lock(mutex_);
  instance_ = std::move(instance);
  built_.store(built, std::memory_order_release);
}

Result<std::shared_ptr<Graph::Instance>> Graph::open(const std::string& data_directory, uint32_t rows) const {
  auto opened = std::make_shared<Instance>(Instance{*engine_, column_.vectors(), nullptr});
  opened->vectors.rows = rows;
  const std::string config = config_of(column_.spec().params.hnsw);
  const rhumb_open_t base{sizeof(rhumb_open_t), 0, slice(config), slice(data_directory), nullptr};
  rhumb_index_open_t params{};
  params.struct_size = sizeof(params);
  params.metric = static_cast<uint32_t>(column_.spec().params.distance);
  params.vectors = &opened->vectors;
  params.capacity_hint = options_.max_rows;
  params.base = &base;
  plugin::ErrorSlot error;
  const rhumb_status_t rc = engine_->ops->open(engine_->host, &params, &opened->self, error.out());
  RHUMB_TRY(error.status(rc, "index " + options_.index_engine));
  return opened;
}

Result<Graph::Answer> Graph::search(const GraphCall& call, uint32_t rows, std::span<const uint64_t> live, uint64_t live_count,
                                    const payload::FilterResult* filter) const {
  const auto graph = instance();
  Answer answer;
  if (!graph || call.k == 0) return answer;
  rhumb_filter_t pass{};
  pass.struct_size = sizeof(pass);
  pass.kind = filter != nullptr ? RHUMB_FILTER_BITS : RHUMB_FILTER_ALL;
  pass.bits = filter != nullptr ? filter->bits.data() : nullptr;
  pass.bit_count = rows;
  pass.pass_count = filter != nullptr ? filter->pass_count : live_count;
  pass.live = filter != nullptr ? nullptr : live.data();
  rhumb_query_t query{};
  query.struct_size = sizeof(query);
  query.k = call.k;
  query.vectors = {call.query.data(), 1, call.query.size(), graph->vectors.dim, graph->vectors.scalar};
  query.query_count = 1;
  query.filter = &pass;
  query.ef = call.ef;
  std::vector<uint32_t> slots(call.k);
  std::vector<float> distances(call.k);
  uint32_t count = 0;
  rhumb_hits_t hits{};
  hits.struct_size = sizeof(hits);
  hits.slots = slots.data();
  hits.distances = distances.data();
  hits.counts = &count;
  const plugin::CallContext context(call.deadline, call.cancelled);
  plugin::ErrorSlot error;
  const rhumb_status_t rc = graph->engine.ops->search(graph->self, context.raw(), &query, &hits, error.out());
  RHUMB_TRY(error.status(rc, "index " + options_.index_engine + ": search"));
  if ((hits.flags & RHUMB_HITS_PARTIAL) != 0) return Status(base::Code::kTimeout, "search did not end in time");
  answer.distances = hits.exact_distances + hits.code_distances;
  // Never trust a plugin's slots: they index the host's own columns.
  for (uint32_t i = 0; i < std::min(count, call.k); ++i) {
    const bool passes = slots[i] < rows && (filter != nullptr ? filter->passes(slots[i]) : bit(live, slots[i]));
    RHUMB_UNEXPECTED(!passes);
    if (passes) answer.hits.push_back({distances[i], slots[i]});
  }
  return answer;
}

Result<bool> Graph::extend(uint32_t slot_end, uint32_t max_rows, bool sealed, std::span<const uint64_t> live, const std::atomic<bool>& cancelled) {
  const uint32_t built = built_.load(std::memory_order_relaxed);
  if (!engine_ || built >= slot_end) return false;
  auto graph = instance();
  if (engine_->ops->insert == nullptr || (sealed && !graph)) return build(slot_end, sealed, live, cancelled);
  if (!graph) {
    RHUMB_ASSIGN(graph, open({}, slot_end));
    publish(graph, 0);
  }
  const uint32_t end = std::min(slot_end, built + max_rows);
  const plugin::CallContext context({}, &cancelled);
  plugin::ErrorSlot error;
  RHUMB_TRY(error.status(graph->engine.ops->insert(graph->self, context.raw(), built, end, error.out()), "index " + options_.index_engine + ": insert"));
  built_.store(end, std::memory_order_release);
  return true;
}

// On an instance that nobody searches yet.
Result<bool> Graph::build(uint32_t slot_end, bool sealed, std::span<const uint64_t> live, const std::atomic<bool>& cancelled) {
  if (!sealed) return false;
  RHUMB_ASSIGN(auto graph, open({}, slot_end));
  const plugin::CallContext context({}, &cancelled);
  const rhumb_progress_t progress{sizeof(rhumb_progress_t), options_.build_threads, const_cast<std::atomic<bool>*>(&cancelled), go_on};
  plugin::ErrorSlot error;
  const rhumb_status_t rc = graph->engine.ops->build(graph->self, context.raw(), slot_end, live.data(), &progress, error.out());
  RHUMB_TRY(error.status(rc, "index " + options_.index_engine + ": build"));
  publish(std::move(graph), slot_end);
  return true;
}

Status Graph::save(uint32_t durable_rows, bool whole) {
  const uint32_t built = built_.load(std::memory_order_relaxed);
  const auto graph = instance();
  if (!graph || built > durable_rows || built == saved_) return base::ok();
  if (!whole && built - saved_ < built / kSaveGrowthDivisor) return base::ok();
  const std::string temp = directory_ + ".tmp";
  RHUMB_TRY(base::remove_all(temp));
  RHUMB_TRY(base::make_dirs(temp));
  plugin::ErrorSlot error;
  RHUMB_TRY(error.status(graph->engine.ops->save(graph->self, slice(temp), error.out()), "index " + options_.index_engine + ": save"));
  RHUMB_TRY(base::remove_all(directory_));  // a crash here costs a rebuild
  RHUMB_TRY(base::rename_durable(temp, directory_));
  saved_ = built;
  return base::ok();
}

Status Graph::load(uint32_t rows) {
  RHUMB_TRY(base::remove_all(directory_ + ".tmp"));
  if (!engine_ || !base::exists(directory_)) return base::ok();
  auto opened = open(directory_, rows);
  Status damage = opened.status();
  uint64_t built = 0;
  if (opened.ok()) {
    rhumb_buffer_t json{};
    const rhumb_status_t rc = engine_->ops->stats((*opened)->self, &json);
    const auto stats = rc == RHUMB_OK ? nlohmann::json::parse(static_cast<const char*>(json.data), static_cast<const char*>(json.data) + json.size, nullptr, false)
                                      : nlohmann::json();
    if (json.release != nullptr) json.release(&json);
    if (stats.is_object() && stats.contains("built_through") && stats["built_through"].is_number_unsigned()) built = stats["built_through"].get<uint64_t>();
    if (built == 0 || built > rows) damage = base::corrupt("covers " + std::to_string(built) + " slots of " + std::to_string(rows));
  }
  if (!damage.ok()) {
    base::log_warn("segment", "graph is built again", {{"directory", directory_}, {"reason", damage.to_string()}});
    return base::remove_all(directory_);
  }
  saved_ = static_cast<uint32_t>(built);
  publish(std::move(*opened), saved_);
  return base::ok();
}

}  // namespace rhumb::segment
