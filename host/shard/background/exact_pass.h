// The true answers to up to kRecallBatch searches of one view, by comparing everything: one pass
// over each segment's columns for all of them, in steps of some milliseconds. One thread at a time.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/payload/filter/planner.h"
#include "host/segment/search/top_k.h"
#include "host/shard/state/view.h"

namespace rhumb::shard {

// The rows of each segment of a view that pass a filter, in the view's order; empty: there is no
// filter.
using PassingRows = std::vector<payload::FilterResult>;

class ExactPass {
 public:
  struct Query {
    std::string_view bytes;  // stays, like `passing`, until the pass is done
    size_t column = 0;
    uint32_t k = 0;
    const PassingRows* passing = nullptr;
  };
  enum class Distance : uint8_t { kOfColumn, kEuclid };

  ExactPass(ViewPtr view, std::vector<Query> queries, Distance distance = Distance::kOfColumn);
  // A step; true: all is compared.
  base::Result<bool> step(const std::atomic<bool>& stopping);
  // After the last step, closest first. Slots are of whatever segment.
  std::vector<segment::Hit> take(size_t query) { return tops_[query].take(); }

 private:
  // Queries of one column that are compared with the rows of one segment; of a multivector one
  // query, in one step.
  struct Part {
    const SegmentView* segment = nullptr;
    size_t index = 0, column = 0;
    std::vector<size_t> queries;
  };
  void plan(const SegmentView& segment, size_t index);
  base::Status compare_points(const Part& part, const std::atomic<bool>& stopping);
  void compare_rows(const Part& part, uint32_t first, uint32_t end);

  const ViewPtr view_;
  const std::vector<Query> queries_;
  const Distance distance_;
  std::vector<segment::TopK> tops_;
  std::vector<Part> parts_;
  size_t part_ = 0;
  uint32_t row_ = 0;  // of the part: compared below
};

}  // namespace rhumb::shard
