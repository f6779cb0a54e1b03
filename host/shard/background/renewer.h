// Builds a graph again when its engine reports that a new instance would fit the data better
// (segment/renewal.h). One graph per shard is renewed at a time, on SegmentOptions::renewers, while
// searches go on and the old graph takes in new rows. Renewals stay within the limit of memory. A
// graph that has no room is tried again in a later turn.
//
// Threads: step() belongs to the indexer's strand; any thread may call the others. Nothing survives
// a crash, because an engine asks again.
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
  // `wake` is called when the strand must take a turn.
  Renewer(Core& core, std::function<void()> wake) : core_(core), wake_(std::move(wake)) {}
  ~Renewer() { stop(); }

  struct Published {
    std::shared_ptr<segment::Segment> segment;
    size_t column = 0;
  };
  struct Step {
    bool more = false;                   // there is more to do at once
    std::optional<Published> published;  // the graph that must be saved
  };
  // Looks for a graph to renew, gives the new instance more rows, or puts it in the old one's
  // place.
  Step step(const ViewPtr& view);
  // Ends the renewal of this graph, if one is under way, without effect.
  void forget(uint32_t segment, size_t column);
  // Does the same for all graphs, for good.
  void stop();

  // True while a renewal is under way that will need a turn of the strand.
  bool busy() const;
  struct Word {
    std::string renewing;  // why the graph is being renewed
    std::string problem;   // why it is not
  };
  Word about(uint32_t segment, size_t column) const;

 private:
  using Key = std::pair<uint32_t, size_t>;  // segment, column
  struct Active {
    Key key;
    std::shared_ptr<segment::Renewal> renewal;
    std::string why;
    uint64_t applied = 0;  // applied index of the view whose live bits it has
    bool waits = false;    // for searches with an older view to end
  };

  bool begin(const View& view, const SegmentView& part, size_t column, const std::string& why);
  Step advance(const Active& active, const View& view);
  void look(const View& view);
  std::optional<Active> active() const;
  void give_up(const Active& active, const View& view);
  void end() RHUMB_EXCLUDES(mutex_);
  void failed(const Active& active, segment::Graph& graph, const base::Status& reason);
  void note(Key key, const std::string& problem);  // empty clears the problem

  Core& core_;
  const std::function<void()> wake_;
  std::map<Key, uint32_t> given_up_;  // [strand]
  mutable base::Mutex mutex_;
  std::optional<Active> active_ RHUMB_GUARDED_BY(mutex_);
  std::map<Key, std::string> problems_ RHUMB_GUARDED_BY(mutex_);
  bool stopped_ RHUMB_GUARDED_BY(mutex_) = false;
};

}  // namespace rhumb::shard
