// Decides when segments are merged, and carries merges out (docs/adr/0018).
//
// A merge alternates between the apply strand, where it takes a moment to begin and to end, and the
// merging strand, where the rows are copied. After it the rows of the key-value store are moved in
// small batches. There is one merge at a time per shard, and one per thread of
// ShardOptions::mergers. A merge that fails leaves the segments as they were and is tried again
// later. What a crash leaves of a merge is removed at the next start.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/model/optimization.h"
#include "host/shard/background/maintenance.h"
#include "host/shard/background/merge_job.h"
#include "host/shard/background/merge_plan.h"
#include "host/shard/background/row_mover.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class Merger {
 public:
  using Done = std::function<void(base::Status)>;
  // The strands and the maintenance outlive this object. apply_state is touched only on `apply`.
  Merger(Core& core, ApplyState& apply_state, Maintenance& maintenance, base::Strand& apply,
         base::Strand& merging);
  ~Merger();

  // Any thread. Points have changed, so there may be something to merge once the shard is idle.
  void changed();
  // Any thread. Merges what there is to merge for an idle shard. `done` fires when there is nothing
  // left, the rows are moved and the space is given back, or with the reason why not.
  void compact(Done done);

  // Once Core::stopping is set: ends what runs, and blocks until it has ended.
  void stop();

  // What runs, what is done (the newest last) and what waits. Any thread.
  std::vector<model::Optimization> optimizations() const;

 private:
  // Timers and callbacks hold it, so that they find out when this object is gone.
  struct Gate {
    base::Mutex mutex;
    Merger* open RHUMB_GUARDED_BY(mutex) = nullptr;
  };
  void look_at(uint64_t when_ns);
  void look();  // [apply]
  MergePlan plan(bool idle) const;
  std::string no_memory(const std::vector<uint32_t>& inputs) const;
  void nothing_to_do(const MergePlan& plan, bool idle);
  void close_segment();
  void begin(MergePlan plan);
  void copy(const std::shared_ptr<MergeJob>& job);   // [merging]
  void check(const std::shared_ptr<MergeJob>& job);  // [apply]
  void again(const std::shared_ptr<MergeJob>& job);
  void drop(const std::shared_ptr<MergeJob>& job, const base::Status& reason);  // [apply]
  void end(const base::Status& outcome);                                        // [apply]
  void move_rows();                                                             // [apply]
  void pause_until(uint64_t when_ns);                                           // [apply]
  void go_on();                                                                 // [timer]
  void give_back();  // [apply] a checkpoint, after which garbage is removed
  void answer(const base::Status& outcome);
  bool begin_work() RHUMB_EXCLUDES(mutex_);
  void end_work() RHUMB_EXCLUDES(mutex_);

  Core& core_;
  ApplyState& apply_state_;
  Maintenance& maintenance_;
  base::Strand& apply_;
  base::Strand& merging_;
  RowMover mover_;
  const std::shared_ptr<Gate> gate_;
  std::atomic<bool> scheduled_{false};
  std::atomic<uint64_t> last_change_ns_{0};
  uint64_t retry_ns_ = 0;  // [apply] a merge failed; nothing is begun before

  mutable base::Mutex mutex_;
  base::CondVar idle_;
  bool working_ RHUMB_GUARDED_BY(mutex_) = false;
  bool paused_ RHUMB_GUARDED_BY(mutex_) = false;  // the timer goes on with the moves
  std::vector<Done> waiting_ RHUMB_GUARDED_BY(mutex_);
  std::shared_ptr<MergeJob> job_ RHUMB_GUARDED_BY(mutex_);
  model::Optimization current_ RHUMB_GUARDED_BY(mutex_);  // of job_
  uint32_t rounds_ = 0;                                   // [apply] of catching up, of the job
  std::optional<model::Optimization> blocked_ RHUMB_GUARDED_BY(mutex_);
  std::vector<model::Optimization> finished_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::shard
