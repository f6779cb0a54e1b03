// Carries out one task of the RecallWatch in small steps. Queries are gathered, and their true
// answers are found on one view. The queries are then answered at the present breadth or, in a
// trial, at the breadths that a BreadthSearch asks for. One thread at a time.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "host/base/status.h"
#include "host/shard/background/breadth_search.h"
#include "host/shard/background/moved_points.h"
#include "host/shard/background/query_reservoir.h"
#include "host/shard/background/recall_trial.h"
#include "host/shard/background/recall_watch.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class MeasuringJob {
 public:
  // `queries` are real searches; `seed` makes the moved points. The core outlives this object.
  MeasuringJob(const Core& core, const RecallWatch::Task& task, double recall,
               std::vector<QueryReservoir::Kept> queries, uint64_t seed);

  // Takes one step. True means that the job is done.
  base::Result<bool> step();

  const RecallWatch::Task& task() const { return task_; }
  // When done: the breadth that was chosen, what was found at it, and which searches were asked.
  int breadth() const { return chosen_; }
  const std::vector<RecallSample>& samples() const { return samples_.at(breadth()); }
  std::vector<uint64_t> numbers() const;
  size_t queries() const { return trial_.size(); }

 private:
  enum class Phase : uint8_t { kSpread, kGather, kCompare, kAsk, kDone };
  base::Result<bool> gather();
  base::Status ask();
  void asked_all();
  bool hopeless() const;
  int choose() const;

  const RecallWatch::Task task_;
  const ViewPtr view_;
  RecallTrial trial_;
  std::unique_ptr<MovedPoints> moved_;
  std::vector<QueryReservoir::Kept> kept_;
  BreadthSearch search_;
  Phase phase_;
  size_t gathered_ = 0;     // number of queries that were looked at
  uint64_t gather_ns_ = 0;  // time that this took
  int chosen_;
  // The breadth that is asked now. `missed_` is what was missed at it, and `neighbours_` is how
  // many neighbours all queries have.
  int at_ = 0;
  uint64_t missed_ = 0, neighbours_ = 0;
  std::map<int, std::vector<RecallSample>> samples_;  // by breadth
};

}  // namespace rhumb::shard
