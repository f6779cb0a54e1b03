#include "host/shard/background/renewer.h"

#include <utility>

#include "host/base/log.h"
#include "host/base/memory_guard.h"
#include "host/base/metrics.h"

namespace rhumb::shard {

using base::Status;
using segment::Graph;
using segment::Renewal;
using segment::Segment;

namespace {

// Renewals given up for lack of memory, until the rows have doubled.
constexpr uint32_t kMaxGivenUp = 4;
// The new graph takes in this many slices while the old graph takes in one, so that it catches up.
constexpr uint32_t kFeedSlices = 2;

base::Counter& counted(const char* outcome) {
  return base::counter("rhumb_graph_renewals_total", {{"outcome", outcome}});
}

bool complete(const SegmentView& part, const Graph& graph) {
  return part.segment->state() == segment::State::kSealed && graph.built() >= part.rows;
}

}  // namespace

std::optional<Renewer::Active> Renewer::active() const {
  const base::MutexLock lock(mutex_);
  return active_;
}

Renewer::Step Renewer::step(const ViewPtr& view) {
  const auto known = active();
  if (!known) {
    look(*view);
    return {};
  }
  if (known->renewal->ended()) return advance(*known, *view);
  const base::MemoryGuard* const memory = core_.options.segment.memory;
  if (memory != nullptr && memory->level() == base::MemoryLevel::kRefuse) give_up(*known, *view);
  return {};
}

// Frees the memory of the renewal. A renewal that is given up again and again would keep a
// processor busy for nothing.
void Renewer::give_up(const Active& active, const View& view) {
  end();
  note(active.key, "to be built again when there is memory for it: " + active.why);
  const SegmentView* const part = view.find(active.key.first);
  if (part != nullptr && ++given_up_[active.key] % kMaxGivenUp == 0)
    part->segment->graph(active.key.second).renewal_failed(*active.renewal);
}

// Graphs that need nothing are settled, and so are those that cannot be renewed now. The latter are
// checked again in later turns.
void Renewer::look(const View& view) {
  for (const SegmentView& part : view.segments) {
    for (size_t c = 0; c < part.segment->vectors().size(); ++c) {
      Graph& graph = part.segment->graph(c);
      const std::string why = graph.renewal_wish(complete(part, graph));
      // The other graphs follow when this renewal has ended.
      if (!why.empty() && begin(view, part, c, why)) return;
      graph.settle();
    }
  }
}

bool Renewer::begin(const View& view, const SegmentView& part, size_t column,
                    const std::string& why) {
  const segment::SegmentOptions& options = core_.options.segment;
  Graph& graph = part.segment->graph(column);
  const Key key{part.segment->id(), column};
  if (options.renewers == nullptr) return false;
  if (options.memory != nullptr && !options.memory->room_for(graph.renewal_bytes())) {
    note(key, "to be built again when there is memory for it: " + why);
    return false;
  }
  const auto renewal = graph.begin_renewal(*part.live, complete(part, graph), part.segment);
  {
    const base::MutexLock lock(mutex_);
    if (stopped_) return false;
    active_ = Active{key, renewal, why, view.applied, false};
  }
  renewal->when_ended(wake_);
  // Posting fails if too many renewals wait; a later turn tries again.
  if (!options.renewers->post([renewal] { renewal->run(); }).ok()) {
    end();
    return false;
  }
  base::log_info("shard", "a graph is being built again",
                 {{"shard", core_.options.shard},
                  {"segment", key.first},
                  {"vector", part.segment->vectors()[column].name},
                  {"rows", renewal->rows().end},
                  {"reason", why}});
  return true;
}

Renewer::Step Renewer::advance(const Active& active, const View& view) {
  const SegmentView* const part = view.find(active.key.first);
  if (part == nullptr) {
    end();
    return {true, {}};
  }
  Graph& graph = part->segment->graph(active.key.second);
  const Status& outcome = active.renewal->outcome();
  if (!outcome.ok()) {
    failed(active, graph, outcome);
    return {true, {}};
  }
  // The new graph lacks the rows that were dead when it was begun. An older view may have some of
  // them alive.
  const bool waits = core_.views.oldest_view() < active.applied;
  {
    const base::MutexLock lock(mutex_);
    if (!active_) return {};
    active_->waits = waits;
  }
  if (waits) return {};
  const auto taken = graph.take_renewal(
      *active.renewal, kFeedSlices * core_.options.index_slice_rows, core_.stopping);
  if (!taken.ok()) {
    if (taken.status().code() == base::Code::kCancelled) return {};
    failed(active, graph, taken.status());
    return {true, {}};
  }
  if (!*taken) return {true, {}};
  end();
  note(active.key, {});
  counted("published").add();
  base::log_info("shard", "a graph was built again",
                 {{"shard", core_.options.shard},
                  {"segment", active.key.first},
                  {"vector", part->segment->vectors()[active.key.second].name}});
  return {true, Published{part->segment, active.key.second}};
}

// Keeps the old graph. The same rows are not tried again.
void Renewer::failed(const Active& active, Graph& graph, const Status& reason) {
  end();
  graph.renewal_failed(*active.renewal);
  counted("failed").add();
  note(active.key, "could not be built again: " + reason.to_string());
}

void Renewer::end() {
  std::optional<Active> ended;
  {
    const base::MutexLock lock(mutex_);
    ended.swap(active_);
  }
  if (ended) ended->renewal->cancel();
}

void Renewer::forget(uint32_t segment, size_t column) {
  const auto known = active();
  if (known && known->key == Key{segment, column}) end();
}

void Renewer::stop() {
  {
    const base::MutexLock lock(mutex_);
    stopped_ = true;
  }
  end();
}

bool Renewer::busy() const {
  const base::MutexLock lock(mutex_);
  return active_ && !active_->waits;
}

void Renewer::note(Key key, const std::string& problem) {
  const base::MutexLock lock(mutex_);
  std::string& known = problems_[key];
  if (known == problem) return;
  known = problem;
  if (!problem.empty()) {
    base::log_warn("shard", "a graph is not built again",
                   {{"shard", core_.options.shard}, {"segment", key.first}, {"reason", problem}});
  }
}

Renewer::Word Renewer::about(uint32_t segment, size_t column) const {
  const base::MutexLock lock(mutex_);
  Word word;
  const Key key{segment, column};
  if (active_ && active_->key == key) word.renewing = active_->why;
  const auto at = problems_.find(key);
  if (at != problems_.end()) word.problem = at->second;
  return word;
}

}  // namespace rhumb::shard
