// Rows of inner products that are many times longer than most. They win nearly every search, and a
// range of codes wide enough for them would leave no room to tell the other rows apart. So they are
// kept out of the graph and compared exactly, longest first.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace rhumb::coded {

// Further long rows go into the graph, where their order is less exact.
inline constexpr size_t kLongRowsMax = 4096;

// Any thread may call it; readers take a snapshot.
class LongRows {
 public:
  struct Row {
    float length;
    uint32_t slot;
  };
  using Snapshot = std::shared_ptr<const std::vector<Row>>;  // longest first

  Snapshot snapshot() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }
  // Returns false if there is no more room. A slot that was added before is left alone.
  bool add(uint32_t slot, float length);
  bool has(uint32_t slot) const;

 private:
  mutable std::mutex mutex_;
  Snapshot rows_ = std::make_shared<std::vector<Row>>();
};

}  // namespace rhumb::coded
