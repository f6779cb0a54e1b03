// Bits over the rows of a multivector's column, for the slots that count. An index engine counts
// rows, while a view and a filter count slots.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "host/base/mutex.h"
#include "host/segment/columns/vector_column.h"

namespace rhumb::segment {

struct RowBits {
  std::vector<uint64_t> words;  // one bit per row, `rows` bits
  // The number of rows of the slots that were asked about.
  uint32_t rows = 0;
  uint64_t count = 0;  // number of set bits
};

// Both return the rows of the slots below `slots` that are set in `pass`. The first sets one range
// of rows after another and is for few slots. The second clears the rows of the slots that are not
// set and is for most slots. The bits are the same.
RowBits rows_of_few(const VectorColumn& column, std::span<const uint64_t> pass, uint32_t slots);
RowBits rows_of_most(const VectorColumn& column, std::span<const uint64_t> pass, uint32_t slots);

// The live rows of one segment's columns as one view has them. They are computed when a search
// first asks for them. Any thread.
class LiveRows {
 public:
  std::shared_ptr<const RowBits> of(const VectorColumn& column, std::span<const uint64_t> live,
                                    uint32_t slots);

 private:
  base::Mutex mutex_;
  std::map<const VectorColumn*, std::shared_ptr<const RowBits>> made_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::segment
