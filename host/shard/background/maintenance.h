// Checkpoints and sealing, which make a shard's files durable, so that the log may forget entries.
//
// A checkpoint has a fixed order. First the columns are synced as they are at index W. Then
// {watermark = W} is written to the key-value store in one transaction, and the store is flushed.
// Then the log is released up to W. The first and third step take a moment on the apply strand. The
// slow steps run on the background strand, so apply goes on in the meantime. There is one
// checkpoint at a time, and one more answers all requests that come while it runs. A failed sync
// fences the shard and is not tried again. Files that an edit of the segments made garbage are
// removed when the store was flushed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/shard/background/indexer.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class Maintenance {
 public:
  using Done = std::function<void(base::Status)>;
  // The strands and the indexer outlive this object. apply_state is touched only on `apply`.
  Maintenance(Core& core, ApplyState& apply_state, Indexer& indexer, base::Strand& apply,
              base::Strand& background)
      : core_(core),
        apply_state_(apply_state),
        indexer_(indexer),
        apply_(apply),
        background_(background) {}

  // Any thread. `done` fires when everything applied before the call is durable and the log is
  // released, or with the reason why not.
  void checkpoint(Done done);
  // Any thread. Makes a checkpoint, then seals the segments that are full.
  void seal();

  // Blocks until no checkpoint runs. Once Core::stopping is set, none begins any more.
  void wait_idle();

  // [apply] Counts what a replay would have to do, and starts a checkpoint when that would be too
  // much.
  void applied(uint64_t log_bytes, uint64_t points);
  // [apply] True if a replay of what came after the last checkpoint would be noticed.
  bool unsaved() const;
  // [apply] True if a crash left segments that are full but not sealed.
  bool has_full_segments() const;

 private:
  struct Round {
    Watermark watermark;
    bool began = false;  // there was something to do
    std::vector<std::shared_ptr<segment::Segment>> segments, full;
    std::vector<std::string> garbage;
    std::vector<Done> done;
  };
  // The round that answers all who wait.
  std::shared_ptr<Round> take_round() RHUMB_REQUIRES(mutex_);
  void start(std::shared_ptr<Round> round);
  void begin(const std::shared_ptr<Round>& round);    // [apply]
  void sync(const std::shared_ptr<Round>& round);     // [background]
  void commit(const std::shared_ptr<Round>& round);   // [apply]
  void release(const std::shared_ptr<Round>& round);  // [background]
  void finish(const std::shared_ptr<Round>& round, const base::Status& outcome);
  base::Status seal_full(const Round& round);
  bool full(uint32_t id) const;  // [apply] nothing is appended to the segment any more

  Core& core_;
  ApplyState& apply_state_;
  Indexer& indexer_;
  base::Strand& apply_;
  base::Strand& background_;
  uint64_t log_bytes_ = 0, points_ = 0;  // [apply] since the last checkpoint began

  base::Mutex mutex_;
  base::CondVar idle_;
  bool running_ RHUMB_GUARDED_BY(mutex_) = false;
  bool wanted_ RHUMB_GUARDED_BY(mutex_) = false;
  std::vector<Done> waiting_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::shard
