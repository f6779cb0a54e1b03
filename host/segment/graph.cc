#include "host/segment/graph.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "host/base/executor.h"
#include "host/base/file.h"
#include "host/base/log.h"
#include "host/base/memory_guard.h"
#include "host/index/description.h"
#include "host/segment/columns/row_bits.h"
#include "rhumb/kernels.h"

namespace rhumb::segment {

namespace limits = base::limits;
using base::Result;
using base::Status;
using index::IndexInstance;

namespace {
constexpr uint32_t kSaveGrowthDivisor = 4;  // saved again when a quarter was added
constexpr char kSettingsFile[] = "/settings.json";
constexpr uint64_t kMaxSettingsBytes = 64 * limits::kKiB;

// The approximate memory that a saved graph takes.
uint64_t bytes_of_files(const std::string& directory) {
  uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    const uint64_t one = at->file_size(error);
    if (!error) bytes += one;
  }
  return bytes;
}
}  // namespace

Graph::Graph(const VectorColumn& column, std::string directory, const SegmentOptions& options)
    : column_(column), directory_(std::move(directory)), options_(options) {
  configure(column.spec().params);
  if (options.plugins == nullptr) return;
  auto engine = options.plugins->find<rhumb_index_ops_t>(options.index_engine);
  if (engine.ok())
    engine_ = *engine;
  else
    reason_ = engine.status().to_string();
}

void Graph::configure(const model::VectorParams& params) {
  const base::MutexLock lock(mutex_);
  settings_ = params;
  ++settings_version_;
  if (built() > 0) settled_.store(false, std::memory_order_release);  // until it was looked at
  wanted_.store(params.hnsw.m != 0u, std::memory_order_release);
}

model::VectorParams Graph::settings() const {
  const base::MutexLock lock(mutex_);
  return settings_;
}

// A search reads only a few of the rows that its graph covers.
void Graph::leave_memory() const {
  if (settings().leaves_memory()) column_.file().leave_memory();
}

std::shared_ptr<IndexInstance> Graph::instance() const {
  const base::MutexLock lock(mutex_);
  return instance_;
}

void Graph::publish(std::shared_ptr<IndexInstance> instance, uint32_t built) {
  const base::MutexLock lock(mutex_);
  instance_ = std::move(instance);
  built_.store(built, std::memory_order_release);
}

Result<std::shared_ptr<IndexInstance>> Graph::open(const std::string& data_directory,
                                                   uint32_t slots, bool mapped) const {
  const model::VectorParams params = settings();
  model::HnswConfig hnsw = params.hnsw;
  if (mapped) hnsw.memory = "cold";
  RHUMB_ASSIGN(const auto description, index::EngineDescription::of(*engine_));
  RHUMB_TRY(description.supports(params.distance, params.datatype));
  index::OpenRequest request;
  request.distance = params.distance;
  request.vectors = column_.vectors();
  request.vectors.rows = column_.rows_end(slots);
  request.capacity_hint = column_.max_rows();
  request.data_dir = data_directory;
  RHUMB_ASSIGN(request.config_json,
               // The collection's settings are merged in.
               description.config_json(hnsw, params.quantization_json));
  RHUMB_ASSIGN(auto opened, IndexInstance::open(*engine_, request));
  return std::shared_ptr<IndexInstance>(std::move(opened));
}

const std::string& Graph::build_settings() {
  model::VectorParams params;
  {
    const base::MutexLock lock(mutex_);
    if (build_settings_version_ == settings_version_) return build_settings_;
    build_settings_version_ = settings_version_;
    params = settings_;
  }
  build_settings_.clear();
  if (!engine_) return build_settings_;
  params.hnsw.on_disk.reset();
  params.hnsw.memory.reset();
  const auto description = index::EngineDescription::of(*engine_);
  if (!description.ok()) return build_settings_;
  auto text = description->config_json(params.hnsw, params.quantization_json);
  if (text.ok()) build_settings_ = std::move(*text);
  return build_settings_;
}

Result<Graph::Answer> Graph::search(const SearchCall& call, const GraphRows& rows) const {
  const auto graph = instance();
  const uint64_t stride = column_.vectors().stride;
  Answer answer;
  answer.hits.resize(call.query.size() / stride);
  if (!graph || call.k == 0) return answer;
  rhumb_filter_t pass{};
  pass.struct_size = sizeof(pass);
  pass.kind = rows.filtered ? RHUMB_FILTER_BITS : RHUMB_FILTER_ALL;
  pass.bits = rows.filtered ? rows.pass.data() : nullptr;
  pass.bit_count = rows.rows;
  pass.pass_count = rows.pass_count;
  pass.live = rows.filtered ? nullptr : rows.pass.data();
  index::SearchRequest request;
  request.queries = call.query.data();
  request.query_count = answer.hits.size();
  request.stride = stride;
  request.k = call.k;
  request.params = call.params;
  request.filter = &pass;
  request.deadline = call.deadline;
  request.cancelled = call.cancelled;
  RHUMB_ASSIGN(const index::SearchResult found, graph->search(request));
  answer.distances = found.exact_distances + found.code_distances;
  // Never trust a plugin's slots, because they index the host's own columns. Do not trust its
  // distances to be ordered numbers either.
  for (size_t q = 0; q < answer.hits.size(); ++q) {
    answer.hits[q].reserve(found.hits[q].size());
    for (const auto& hit : found.hits[q]) {
      const bool passes = hit.slot < rows.rows && bit(rows.pass, hit.slot);
      RHUMB_UNEXPECTED(!passes);
      if (passes)
        answer.hits[q].push_back({rhumb_finite_f32(static_cast<double>(hit.distance)), hit.slot});
    }
    if (!std::is_sorted(answer.hits[q].begin(), answer.hits[q].end()))
      std::sort(answer.hits[q].begin(), answer.hits[q].end());
  }
  return answer;
}

Result<index::IndexStats> Graph::stats() const {
  const auto graph = instance();
  if (!graph) return base::unsupported("no graph");
  return graph->stats();
}

std::string Graph::calibration() const {
  const auto known = stats();
  return known.ok() ? known->calibration_json : std::string();
}

Result<bool> Graph::extend(uint32_t slot_end, uint32_t max_rows, bool sealed,
                           std::span<const uint64_t> live, const std::atomic<bool>& cancelled) {
  const uint32_t built = built_.load(std::memory_order_relaxed);
  if (!available() || built >= slot_end) return false;
  auto graph = instance();
  if (engine_->ops->insert == nullptr || (sealed && !graph))
    return build(slot_end, sealed, live, cancelled);
  if (!graph) {
    const std::string with = build_settings();
    RHUMB_ASSIGN(graph, open({}, slot_end));
    built_with_ = with;
    publish(graph, 0);
  }
  const uint32_t end = std::min(column_.rows_end(slot_end), rows_ + std::min(max_rows, ~rows_));
  RHUMB_TRY(insert(*graph, rows_, end, cancelled));
  // A multivector may be in the graph in part; it stays in the tail until it is complete.
  rows_ = end;
  settled_.store(false, std::memory_order_release);  // before built_ covers the rows
  built_.store(column_.slots_within(end, slot_end), std::memory_order_release);
  return true;
}

// Several threads take blocks in turn, because the ABI lets inserts of disjoint ranges run at once.
// The first failure ends all of them. Slots that were inserted before it stay in the graph, and
// inserting them again changes nothing.
Status Graph::insert(IndexInstance& graph, uint32_t first, uint32_t end,
                     const std::atomic<bool>& cancelled) const {
  if (first == end) return base::ok();  // only slots without this vector
  const uint32_t blocks = (end - first + limits::kInsertBlockSlots - 1) / limits::kInsertBlockSlots;
  const uint32_t threads =
      options_.builders != nullptr ? std::min(options_.build_threads, blocks) : 1;
  if (threads <= 1) return graph.insert(first, end, &cancelled);
  std::vector<Status> outcomes(threads);
  std::atomic<uint32_t> next{0};
  options_.builders->parallel(threads, [&](uint64_t t) {
    for (uint32_t block; (block = next.fetch_add(1)) < blocks;) {
      const uint32_t from = first + block * limits::kInsertBlockSlots;
      outcomes[t] = graph.insert(from, std::min(end, from + limits::kInsertBlockSlots), &cancelled);
      if (!outcomes[t].ok()) return next.store(blocks);
    }
  });
  const auto failed =
      std::find_if(outcomes.begin(), outcomes.end(), [](const Status& s) { return !s.ok(); });
  return failed == outcomes.end() ? base::ok() : *failed;
}

// Builds an instance that no search uses yet.
Result<bool> Graph::build(uint32_t slot_end, bool sealed, std::span<const uint64_t> live,
                          const std::atomic<bool>& cancelled) {
  if (!sealed) return false;
  const std::string with = build_settings();
  RHUMB_ASSIGN(auto graph, open({}, slot_end));
  index::BuildRequest request;
  request.slot_end = column_.rows_end(slot_end);
  RowBits rows;
  if (column_.table() != nullptr) rows = rows_of_most(column_, live, slot_end);
  request.live = column_.table() != nullptr ? std::span<const uint64_t>(rows.words) : live;
  request.threads = options_.build_threads;
  request.cancelled = &cancelled;
  RHUMB_TRY(graph->build(request));
  rows_ = request.slot_end;
  built_with_ = with;
  settled_.store(false, std::memory_order_release);
  publish(std::move(graph), slot_end);
  return true;
}

bool Graph::fenced() const {
  const auto graph = instance();
  return graph && graph->fenced();
}

void Graph::drop() {
  publish(nullptr, 0);
  rows_ = 0;
  mapped_ = false;
  renewed_rows_ = asked_rows_ = 0;
  renewed_complete_ = false;
  built_with_.clear();
  failed_with_.clear();
  settle();
}

Status Graph::save(uint32_t durable_rows, bool whole) {
  const auto graph = instance();
  if (!graph || rows_ > column_.rows_end(durable_rows) || rows_ == saved_) return base::ok();
  if (!whole && rows_ - saved_ < rows_ / kSaveGrowthDivisor) return base::ok();
  const std::string temp = directory_ + ".tmp";
  RHUMB_TRY(base::remove_all(temp));
  RHUMB_TRY(base::make_dirs(temp));
  RHUMB_TRY(graph->save(temp));
  RHUMB_TRY(base::write_file_atomic(temp + kSettingsFile, built_with_));
  RHUMB_TRY(base::remove_all(directory_));  // a crash here costs a rebuild
  RHUMB_TRY(base::rename_durable(temp, directory_));
  saved_ = rows_;
  if (whole) leave_memory();
  return base::ok();
}

Status Graph::load(uint32_t rows) {
  RHUMB_TRY(base::remove_all(directory_ + ".tmp"));
  if (!engine_ || !base::exists(directory_)) return base::ok();
  const auto unusable = [this](const Status& reason) {
    base::log_warn("segment", "graph is built again",
                   {{"directory", directory_}, {"reason", reason.to_string()}});
    if (options_.on_derived_damage && reason.code() == base::Code::kCorrupt)
      options_.on_derived_damage(reason.within(directory_));
    return base::remove_all(directory_);
  };
  mapped_ = options_.memory != nullptr && !options_.memory->room_for(bytes_of_files(directory_));
  auto opened = open(directory_, rows, mapped_);
  if (!opened.ok()) return unusable(opened.status());
  const auto stats = (*opened)->stats();
  if (!stats.ok()) return unusable(stats.status());
  const uint32_t durable = column_.rows_end(rows);
  if (stats->built_through == 0 || stats->built_through > durable) {
    return unusable(base::corrupt("covers " + std::to_string(stats->built_through) + " rows, " +
                                  std::to_string(durable) + " are durable"));
  }
  saved_ = rows_ = stats->built_through;
  // Releases before this one wrote no settings.
  if (auto with = base::read_file(directory_ + kSettingsFile, kMaxSettingsBytes); with.ok())
    built_with_ = std::move(*with);
  settled_.store(false, std::memory_order_release);
  publish(std::move(*opened), column_.slots_within(rows_, rows));
  leave_memory();
  return base::ok();
}

Result<bool> Graph::reopen_mapped() {
  const uint32_t built = built_.load(std::memory_order_relaxed);
  if (!engine_ || mapped_ || built == 0 || rows_ != saved_ || rows_ != column_.rows_end(built))
    return false;
  RHUMB_ASSIGN(const auto description, index::EngineDescription::of(*engine_));
  if (!description.has_parameter(index::kOnDisk)) return false;
  mapped_ = true;  // or the attempt failed: what cannot be read now stays as it is
  RHUMB_ASSIGN(auto opened, open(directory_, built, true));
  RHUMB_ASSIGN(const auto stats, opened->stats());
  if (stats.built_through != rows_)
    return base::internal("the saved graph reaches row " + std::to_string(stats.built_through) +
                          ", not " + std::to_string(rows_));
  publish(std::move(opened), built);
  return true;
}

}  // namespace rhumb::segment
