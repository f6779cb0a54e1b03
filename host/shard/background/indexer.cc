#include "host/shard/background/indexer.h"

#include <algorithm>

#include "host/base/file.h"
#include "host/base/log.h"

namespace rhumb::shard {

using base::Status;
using segment::Segment;

namespace {
constexpr uint32_t kMaxGraphFailures = 3;
constexpr uint32_t kFieldsGrowthDivisor = 16;  // a start puts at most this part of the rows again
}  // namespace

void Indexer::recovered(const Watermark& durable) {
  for (const auto& [id, lengths] : durable.lengths) durable_rows_[id] = lengths.rows;
}

void Indexer::wake() {
  if (scheduled_.exchange(true)) return;
  strand_.post([this] { run(); });
}

// Does one step per turn, so that a checkpoint or another shard's work need not wait for a whole
// graph.
void Indexer::run() {
  scheduled_.store(false);
  const bool working = !core_.stopping.load() && core_.serving().ok();
  if (working && step()) return wake();
  tell_idle();
}

void Indexer::when_idle(std::function<void()> done) {
  {
    const base::MutexLock lock(mutex_);
    idle_waiters_.push_back(std::move(done));
  }
  wake();
}

void Indexer::tell_idle() {
  std::vector<std::function<void()>> waiters;
  {
    const base::MutexLock lock(mutex_);
    if (limit_) return;  // a checkpoint holds graphs back; its end wakes this strand
    // The end of a renewal wakes this strand, too.
    if (renewer_.busy() && !core_.stopping.load() && core_.serving().ok()) return;
    waiters.swap(idle_waiters_);
  }
  for (const auto& done : waiters) done();
}

bool Indexer::step() {
  const SchemaPtr schema = core_.schema();
  const auto built = build_field();
  if (built && built->ok()) return true;
  if (!built) settle(schema);
  const ViewPtr view = core_.views.current();
  if (release_memory(view)) return true;
  const bool renewing = renew_graph(view);
  // Rows that wait in the meantime are scanned.
  return (memory_level() != base::MemoryLevel::kRefuse && extend_graph(view)) || renewing;
}

bool Indexer::renew_graph(const ViewPtr& view) {
  const Renewer::Step step = renewer_.step(view);
  if (!step.published) return step.more;
  Segment& segment = *step.published->segment;
  const SegmentView* const part = view->find(segment.id());
  const bool sealed = segment.state() == segment::State::kSealed;
  const auto durable = durable_rows_.find(segment.id());
  const uint32_t rows = part != nullptr && sealed        ? part->rows
                        : durable != durable_rows_.end() ? durable->second
                                                         : 0;
  // If there are rows that are not durable yet, the next checkpoint saves the graph.
  const Status saved = segment.graph(step.published->column).save(rows, sealed);
  if (!saved.ok())
    warn("saving the graph of vector '" + segment.vectors()[step.published->column].name +
         "': " + saved.to_string());
  return step.more;
}

base::MemoryLevel Indexer::memory_level() const {
  const base::MemoryGuard* const memory = core_.options.segment.memory;
  return memory != nullptr ? memory->level() : base::MemoryLevel::kNormal;
}

// Moves one sealed segment's graph per turn. Graphs of growing segments stay, because rows that are
// added would bring them into memory again.
bool Indexer::release_memory(const ViewPtr& view) {
  if (memory_level() == base::MemoryLevel::kNormal) {
    released_.clear();
    return false;
  }
  for (const SegmentView& part : view->segments) {
    Segment& segment = *part.segment;
    if (segment.state() != segment::State::kSealed) continue;
    const bool first = released_.insert(segment.id()).second;
    for (size_t c = 0; c < segment.vectors().size(); ++c) {
      if (first) segment.column(c).release_pages();
      const auto mapped = segment.graph(c).reopen_mapped();
      if (!mapped.ok())
        warn("the graph of vector '" + segment.vectors()[c].name +
             "' stays in memory: " + mapped.status().to_string());
      else if (*mapped)
        return true;
    }
  }
  return false;
}

std::optional<Status> Indexer::build_field() {
  const ViewPtr known = core_.views.current();
  for (const SegmentView& candidate : known->segments) {
    Segment& segment = *candidate.segment;
    const auto unready = segment.fields().unready();
    if (unready.empty()) continue;
    // A view that is taken now has every row from before the field was configured, and put() adds
    // the later ones. Rows that are dead already count only for views older than this one.
    const ViewPtr view = core_.views.current();
    const SegmentView* const found = view->find(segment.id());
    if (found == nullptr) continue;  // it was merged meanwhile
    const SegmentView& part = *found;
    const bool older_views = core_.views.oldest_view() < view->applied;
    const auto payload_of = [&](uint32_t slot) {
      return older_views || part.holds(slot) ? segment.payload(slot) : std::string_view();
    };
    const Status built = segment.fields().build(unready.front(), part.rows, payload_of,
                                                [this] { return core_.stopping.load(); });
    if (!built.ok() && built.code() != base::Code::kCancelled)
      warn("payload index " + unready.front() + ": " + built.to_string());
    return built;
  }
  return std::nullopt;
}

uint32_t Indexer::graph_end(const SegmentView& part, size_t column) const {
  if (!part.segment->enough_for_graph(column, part.rows)) return 0;
  const base::MutexLock lock(mutex_);
  if (!limit_) return part.rows;
  const auto it = limit_->lengths.find(part.segment->id());
  return it == limit_->lengths.end() ? 0 : std::min(part.rows, it->second.rows);
}

void Indexer::checkpoint_begins(const Watermark& watermark) {
  const base::MutexLock lock(mutex_);
  limit_ = watermark;
}

void Indexer::checkpoint_ended(std::shared_ptr<const Watermark> durable) {
  strand_.post([this, durable = std::move(durable)] {
    if (durable && core_.serving().ok()) save(*durable);
    {
      const base::MutexLock lock(mutex_);
      limit_.reset();
    }
    wake();
  });
}

// This is derived data: what cannot be saved is built again after a restart.
void Indexer::save(const Watermark& durable) {
  const ViewPtr view = core_.views.current();
  for (const SegmentView& part : view->segments) {
    Segment& segment = *part.segment;
    const auto it = durable.lengths.find(segment.id());
    if (it == durable.lengths.end()) continue;
    durable_rows_[segment.id()] = it->second.rows;
    const bool sealed = segment.state() == segment::State::kSealed;
    for (size_t c = 0; c < segment.vectors().size(); ++c) {
      const Status saved = segment.graph(c).save(it->second.rows, sealed);
      if (!saved.ok())
        warn("saving the graph of vector '" + segment.vectors()[c].name +
             "': " + saved.to_string());
    }
    save_fields(segment, it->second.rows, sealed);
  }
}

// Those of a growing segment are saved when they have grown, so that a start need not build them.
void Indexer::save_fields(Segment& segment, uint32_t durable_rows, bool sealed) {
  SavedFields& known = fields_saved_[segment.id()];
  const uint32_t grown = durable_rows - std::min(durable_rows, known.rows);
  if (known.whole || (!sealed && grown <= durable_rows / kFieldsGrowthDivisor) ||
      !segment.fields().unready().empty())
    return;
  // Payload changes that arrive during the writing may be in the file or not. They have later
  // versions and are put again when the file is loaded, and so are later rows.
  const Status saved = segment.save_fields(durable_rows, core_.views.applied());
  if (!saved.ok()) return warn("saving payload indexes: " + saved.to_string());
  known = {durable_rows, sealed};
}

void Indexer::remove_files(std::vector<std::string> paths, std::function<void()> done) {
  strand_.post([this, paths = std::move(paths), done = std::move(done)] {
    for (const std::string& path : paths) {
      const Status removed = base::remove_all(path);
      if (!removed.ok()) warn("removing " + path + ": " + removed.to_string());
    }
    done();
  });
}

bool Indexer::extend_graph(const ViewPtr& view) {
  for (const SegmentView& part : view->segments) {
    Segment& segment = *part.segment;
    const bool complete = segment.state() == segment::State::kSealed;
    for (size_t c = 0; c < segment.vectors().size(); ++c) {
      const uint32_t end = graph_end(part, c);
      segment::Graph& graph = segment.graph(c);
      if (graph.fenced())
        graph_failed(segment, c, base::internal("the engine failed while it was searched"));
      const auto failed = failures_.find({segment.id(), c});
      if (graph.built() >= end ||
          (failed != failures_.end() && failed->second >= kMaxGraphFailures))
        continue;
      if (!graph.available()) {
        if (!graph.reason().empty())
          warn("vector '" + segment.vectors()[c].name + "': " + graph.reason());
        continue;
      }
      const auto more =
          graph.extend(end, core_.options.index_slice_rows, complete, *part.live, core_.stopping);
      if (!more.ok()) {
        if (more.status().code() == base::Code::kCancelled) return false;
        graph_failed(segment, c, more.status());
        continue;
      }
      if (!*more) continue;
      if (auto* codes = segment.column(c).codes()) codes->drop_below(graph.built());
      if (complete && graph.built() >= end) {
        const Status saved = graph.save(part.rows, true);
        if (!saved.ok())
          warn("saving the graph of vector '" + segment.vectors()[c].name +
               "': " + saved.to_string());
      }
      return true;
    }
  }
  return false;
}

// The graph is begun again a few times, because a rebuild may avoid what made the engine fail.
void Indexer::graph_failed(Segment& segment, size_t column, const Status& reason) {
  warn("graph of vector '" + segment.vectors()[column].name + "': " + reason.to_string());
  ++failures_[{segment.id(), column}];
  renewer_.forget(segment.id(), column);
  segment.graph(column).drop();
}

void Indexer::settle(const SchemaPtr& schema) {
  std::vector<std::function<void(Status)>> ready;
  {
    const base::MutexLock lock(mutex_);
    configured_ = std::max(configured_, schema->version);
    std::erase_if(waiting_, [&, configured = configured_](auto& waiter) {
      if (waiter.first > configured) return false;
      ready.push_back(std::move(waiter.second));
      return true;
    });
  }
  for (const auto& done : ready) done(base::ok());
}

void Indexer::when_configured(uint64_t version, std::function<void(Status)> done) {
  Status outcome;
  {
    const base::MutexLock lock(mutex_);
    outcome = failure_;
    if (outcome.ok() && configured_ < version) {
      waiting_.emplace_back(version, std::move(done));
      return;
    }
  }
  done(outcome);
}

void Indexer::fail(const Status& reason) {
  std::vector<std::pair<uint64_t, std::function<void(Status)>>> waiting;
  {
    const base::MutexLock lock(mutex_);
    failure_ = reason;
    waiting.swap(waiting_);
  }
  for (const auto& [version, done] : waiting) done(reason);
  wake();
}

void Indexer::tail_scanned(uint64_t rows, uint64_t ns) {
  constexpr uint64_t kMinRows = 1000;  // with fewer rows the call itself is measured
  constexpr double kWeight = 0.1;
  if (rows < kMinRows) return;
  const double seen = static_cast<double>(ns) / static_cast<double>(rows),
               known = ns_per_row_.load(std::memory_order_relaxed);
  ns_per_row_.store(known + kWeight * (seen - known), std::memory_order_relaxed);
}

Indexer::Tail Indexer::tail(const View& view) const {
  Tail tail;
  if (view.segments.empty()) return tail;
  // A search scans the tail of one vector only.
  std::vector<uint64_t> waiting(view.segments.front().segment->vectors().size(), 0);
  for (const SegmentView& part : view.segments) {
    for (size_t c = 0; c < waiting.size(); ++c) {
      if (part.segment->enough_for_graph(c, part.rows) && part.segment->graph(c).available())
        waiting[c] += part.rows - std::min(part.rows, part.segment->graph(c).built());
    }
  }
  for (const uint64_t rows : waiting) tail.rows = std::max(tail.rows, rows);
  tail.scan_ms = static_cast<double>(tail.rows) * ns_per_row_.load(std::memory_order_relaxed) / 1e6;
  return tail;
}

bool Indexer::settled(const View& view) const {
  return std::all_of(view.segments.begin(), view.segments.end(), [](const SegmentView& part) {
    for (size_t c = 0; c < part.segment->vectors().size(); ++c) {
      if (!part.segment->graph(c).settled()) return false;
    }
    return true;
  });
}

std::vector<model::IndexState> Indexer::indexes(const View& view) const {
  std::vector<model::IndexState> out;
  for (const SegmentView& part : view.segments) {
    for (size_t c = 0;
         c < part.segment->vectors().size() && out.size() < base::limits::kMaxIndexStates; ++c) {
      const segment::Graph& graph = part.segment->graph(c);
      const auto known = graph.stats();
      if (!known.ok() || graph.built() == 0) continue;
      const Renewer::Word word = renewer_.about(part.segment->id(), c);
      model::IndexState index;
      index.segment = part.segment->id();
      index.rows = known->rows;
      index.vector = part.segment->vectors()[c].name;
      index.engine = graph.engine();
      index.codes = known->codes;
      index.why = known->why;
      index.warning = known->warning;
      if (!word.problem.empty())
        index.warning += (index.warning.empty() ? "" : "; ") + word.problem;
      index.renewing = word.renewing;
      if (known->measured) {
        index.recall = known->measured->recall;
        index.queries = known->measured->queries;
        index.ef = known->measured->ef;
      }
      index.doubtful = known->doubtful;
      index.clipped_rows = known->clipped_rows;
      out.push_back(std::move(index));
    }
  }
  return out;
}

void Indexer::warn(const std::string& text) {
  const base::MutexLock lock(mutex_);
  if (warning_ == text) return;
  warning_ = text;
  base::log_warn("shard", "indexing failed", {{"shard", core_.options.shard}, {"reason", text}});
}

std::string Indexer::warning() const {
  const base::MutexLock lock(mutex_);
  return warning_;
}

}  // namespace rhumb::shard
