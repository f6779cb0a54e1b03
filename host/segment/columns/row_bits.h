// Bits over the rows of a multivector's column: those of the slots that count. An index engine sees
// rows, a view and a filter know slots.
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
  std::vector<uint64_t> words;  // bit = row, `rows` of them
  uint32_t rows = 0;            // all those of the first slots, as many as were asked about
  uint64_t count = 0;           // set bits
};

// The rows of the slots below `slots` that are set in `pass`: set one range after another, or all
// but those of the slots that are not set. The same bits; the first is for few slots, the second
// for most of them.
RowBits rows_of_few(const VectorColumn& column, std::span<const uint64_t> pass, uint32_t slots);
RowBits rows_of_most(const VectorColumn& column, std::span<const uint64_t> pass, uint32_t slots);

// The live rows of one segment's columns as one view has them, made when a search first asks. Any
// thread.
class LiveRows {
 public:
  std::shared_ptr<const RowBits> of(const VectorColumn& column, std::span<const uint64_t> live,
                                    uint32_t slots);

 private:
  base::Mutex mutex_;
  std::map<const VectorColumn*, std::shared_ptr<const RowBits>> made_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::segment
