// One task of the RecallWatch, carried out in small steps: queries are gathered, their true answers
// found on one view, and then they are answered at the breadth of now or, in a trial, at those that
// a BreadthSearch asks for. One thread at a time.
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
  // queries: of real searches; moved points are made by `seed`. The core outlives this.
  MeasuringJob(const Core& core, const RecallWatch::Task& task, double recall,
               std::vector<QueryReservoir::Kept> queries, uint64_t seed);

  // A step; true: done.
  base::Result<bool> step();

  const RecallWatch::Task& task() const { return task_; }
  // When done: the breadth that was chosen, what was found there, and which searches were asked.
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
  size_t gathered_ = 0;     // queries that were looked at,
  uint64_t gather_ns_ = 0;  // in so much time
  int chosen_;
  int at_ = 0;  // the breadth that is asked now,
  // what was missed there, and how many neighbours all queries have
  uint64_t missed_ = 0, neighbours_ = 0;
  std::map<int, std::vector<RecallSample>> samples_;  // by breadth
};

}  // namespace rhumb::shard
