// Searches whose true answers are found once, on one view, and which can then be answered at any
// breadth. The rows that pass a filter are kept as long as the trial, so that the true answer and
// the search use the same rows in spite of writes in between. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/model/query.h"
#include "host/shard/background/exact_pass.h"
#include "host/shard/background/recall_interval.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class RecallTrial {
 public:
  // `recall` is the recall that searches ask their graphs for. The core outlives this object.
  RecallTrial(const Core& core, ViewPtr view, double recall)
      : core_(core), view_(std::move(view)), recall_(recall) {}

  // Call it before the first step. False means that the search cannot be measured, or that the
  // filters of the searches added so far use up the room.
  base::Result<bool> add(model::SearchRequest request);
  size_t size() const { return searches_.size(); }
  // Takes a step towards the true answers. True means that they are known.
  base::Result<bool> step();
  // Answers the search at a factor on the calibrated breadth, and returns how much of the truth it
  // finds.
  base::Result<RecallSample> ask(size_t search, float widen) const;
  uint32_t neighbours(size_t search) const { return searches_[search].of; }

 private:
  struct Search {
    model::SearchRequest request;
    size_t column = 0;
    PassingRows passing;
    bool filtered = false;
    uint32_t of = 0;     // number of true neighbours
    float farthest = 0;  // distance of the last of them
  };
  void begin_pass();

  const Core& core_;
  const ViewPtr view_;
  const double recall_;
  std::vector<Search> searches_;
  uint64_t filter_bytes_ = 0;
  std::unique_ptr<ExactPass> pass_;
  size_t pass_first_ = 0, pass_end_ = 0;  // searches of the pass
};

}  // namespace rhumb::shard
