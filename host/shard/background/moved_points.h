// Queries made of stored points, used until there are real ones. A point is moved in a direction in
// which the data spread (the difference of two other points), nearly as far as a stored point lies
// from its nearest neighbour. Such a query resembles the data without being one of the points, as
// most searches do. Not for multivectors. One thread at a time; one seed gives one sequence.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/model/query.h"
#include "host/shard/background/exact_pass.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class MovedPoints {
 public:
  MovedPoints(const Core& core, ViewPtr view, uint64_t seed);

  // Takes a step towards knowing how far points lie from each other. True means that next() may be
  // called.
  base::Result<bool> step();
  // Returns a search for the closest `limit` points, of each column in turn, or nothing if there is
  // nothing to move.
  std::optional<model::SearchRequest> next(uint32_t limit);

 private:
  struct Column {
    size_t number = 0;
    std::vector<float> distances;  // from points to their nearest neighbours
  };
  struct Stored {
    const SegmentView* part = nullptr;
    uint32_t slot = 0;
  };
  std::optional<Stored> any(size_t column);
  std::vector<float> components(size_t column, const Stored& point) const;
  std::optional<std::string> moved(Column& column);

  const SchemaPtr schema_;
  const std::atomic<bool>& stopping_;
  const ViewPtr view_;
  std::mt19937_64 random_;
  std::vector<Column> columns_;
  std::vector<size_t> probed_;  // columns of the pass's queries
  std::unique_ptr<ExactPass> pass_;
  uint64_t rows_ = 0, turn_ = 0;
};

}  // namespace rhumb::shard
