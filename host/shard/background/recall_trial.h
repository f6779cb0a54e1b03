// Searches whose true answers are found once, on one view, and which then are answered at any
// breadth. A filter's rows are kept for as long, so that true answer and search are of the same
// rows whatever is written meanwhile. One thread at a time.
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
  // recall: what searches ask their graphs for. The core outlives this.
  RecallTrial(const Core& core, ViewPtr view, double recall)
      : core_(core), view_(std::move(view)), recall_(recall) {}

  // Before the first step. false: it cannot be measured, or the filters of those that were added
  // hold as much as there is room for.
  base::Result<bool> add(model::SearchRequest request);
  size_t size() const { return searches_.size(); }
  // A step towards the true answers; true: they are known.
  base::Result<bool> step();
  // How much of the truth a search finds, at a factor on the calibrated breadth.
  base::Result<RecallSample> ask(size_t search, float widen) const;
  uint32_t neighbours(size_t search) const { return searches_[search].of; }

 private:
  struct Search {
    model::SearchRequest request;
    size_t column = 0;
    PassingRows passing;
    bool filtered = false;
    uint32_t of = 0;     // so many neighbours there are,
    float farthest = 0;  // and the last of them is as far as this
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
