// Limits on the bytes that many connections hold in memory together.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace rhumb::net {

// A limit on the bytes that all connections hold in memory for one purpose: for requests, or for
// replies that their peers have not fetched. It may be used on any thread.
struct ByteBudget {
  explicit ByteBudget(uint64_t max_bytes) : max(max_bytes) {}
  const uint64_t max;
  std::atomic<uint64_t> used{0};
};

// The share of one request or reply in a ByteBudget. Its destructor gives the share back, on any
// thread.
class ByteCharge {
 public:
  explicit ByteCharge(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
  ~ByteCharge() { budget_->used.fetch_sub(bytes_, std::memory_order_relaxed); }
  ByteCharge(const ByteCharge&) = delete;
  ByteCharge& operator=(const ByteCharge&) = delete;
  // Returns false when the budget is spent. The share then stays as it was.
  bool grow_to(uint64_t bytes) {
    if (bytes <= bytes_) return true;
    const uint64_t more = bytes - bytes_;
    if (budget_->used.fetch_add(more, std::memory_order_relaxed) + more > budget_->max) {
      budget_->used.fetch_sub(more, std::memory_order_relaxed);
      return false;
    }
    bytes_ = bytes;
    return true;
  }

 private:
  const std::shared_ptr<ByteBudget> budget_;
  uint64_t bytes_ = 0;
};

}  // namespace rhumb::net
