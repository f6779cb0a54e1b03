// The true answers to up to kRecallBatch searches of one view, found by comparing everything. One
// pass over each segment's columns serves all searches, in steps of some milliseconds. One thread
// at a time.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/payload/filter/planner.h"
#include "host/segment/search/top_k.h"
#include "host/shard/state/view.h"

namespace rhumb::shard {

// The rows of each segment of a view that pass a filter, in the view's order. Empty means that
// there is no filter.
using PassingRows = std::vector<payload::FilterResult>;

class ExactPass {
 public:
  struct Query {
    std::string_view bytes;  // like `passing`, stays valid until the pass is done
    size_t column = 0;
    uint32_t k = 0;
    const PassingRows* passing = nullptr;
  };
  enum class Distance : uint8_t { kOfColumn, kEuclid };

  ExactPass(ViewPtr view, std::vector<Query> queries, Distance distance = Distance::kOfColumn);
  // Takes one step. True means that everything is compared.
  base::Result<bool> step(const std::atomic<bool>& stopping);
  // Call it after the last step. The hits are closest first; their slots may belong to any segment.
  std::vector<segment::Hit> take(size_t query) { return tops_[query].take(); }

 private:
  // Queries of one column that are compared with the rows of one segment. For a multivector a part
  // has one query and is done in one step.
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
  uint32_t row_ = 0;  // rows of the part below this one are compared
};

}  // namespace rhumb::shard
