// Builds graphs anew whose engine says that a new instance would fit the data better
// (segment/renewal.h): one of a shard at a time, on SegmentOptions::renewers, beside searches and
// while the old graph takes in new rows. Within the limit of memory; what has no room is tried
// again at a later turn.
//
// Threads: step() belongs to the indexer's strand, the rest to any thread. Nothing survives a
// crash: an engine says again what it wants.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "host/base/mutex.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class Renewer {
 public:
  // wake: the strand is to take a turn.
  Renewer(Core& core, std::function<void()> wake) : core_(core), wake_(std::move(wake)) {}
  ~Renewer() { stop(); }

  struct Published {
    std::shared_ptr<segment::Segment> segment;
    size_t column = 0;
  };
  struct Step {
    bool more = false;                   // there is more to do at once
    std::optional<Published> published;  // its graph is to be saved
  };
  // Looks for a graph that is to be built anew, feeds the one that was built, or puts it in its
  // place.
  Step step(const ViewPtr& view);
  // What is under way for this graph ends without effect.
  void forget(uint32_t segment, size_t column);
  // The same for all, and for ever.
  void stop();

  // Work is going on that will take a turn of the strand.
  bool busy() const;
  struct Word {
    std::string renewing;  // why it is built anew now
    std::string problem;   // why it is not
  };
  Word about(uint32_t segment, size_t column) const;

 private:
  using Key = std::pair<uint32_t, size_t>;  // segment, column
  struct Active {
    Key key;
    std::shared_ptr<segment::Renewal> renewal;
    std::string why;
    uint64_t applied = 0;  // of the view whose live bits it has
    bool waits = false;    // for searches with an older view to end
  };

  bool begin(const View& view, const SegmentView& part, size_t column, const std::string& why);
  Step advance(const Active& active, const View& view);
  void look(const View& view);
  std::optional<Active> active() const;
  void give_up(const Active& active, const View& view);
  void end() RHUMB_EXCLUDES(mutex_);
  void failed(const Active& active, segment::Graph& graph, const base::Status& reason);
  void note(Key key, const std::string& problem);  // empty: none

  Core& core_;
  const std::function<void()> wake_;
  std::map<Key, uint32_t> given_up_;  // [strand]
  mutable base::Mutex mutex_;
  std::optional<Active> active_ RHUMB_GUARDED_BY(mutex_);
  std::map<Key, std::string> problems_ RHUMB_GUARDED_BY(mutex_);
  bool stopped_ RHUMB_GUARDED_BY(mutex_) = false;
};

}  // namespace rhumb::shard
