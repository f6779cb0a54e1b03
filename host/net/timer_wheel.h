// Deadlines of one loop. Setting and cancelling a deadline costs a few pointer
// writes, for any number of connections.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rhumb::net {

// A hashed timer wheel. It is not thread-safe, because it belongs to one loop thread. A deadline
// expires up to one tick late and never early.
class TimerWheel {
 public:
  static constexpr uint64_t kTickMs = 50;
  // An intrusive node. Its owner cancels it before the node is destroyed.
  struct Node {
    Node* prev = nullptr;
    Node* next = nullptr;
    uint64_t due_ms = 0;
  };

  explicit TimerWheel(uint64_t now_ms);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  void set(Node& node, uint64_t due_ms);  // It also moves a node that is already set.
  void cancel(Node& node);
  bool empty() const { return count_ == 0; }
  // Catches up after the wheel stood still while it was empty.
  void restart(uint64_t now_ms);

  // Takes out each node that is due and calls expired(node). `expired` may set and cancel any node.
  template <typename F>
  void advance(uint64_t now_ms, F&& expired) {
    const uint64_t target = now_ms / kTickMs;
    const uint64_t ticks = target > tick_ ? target - tick_ : 0;
    for (uint64_t i = 0; i < ticks && i < kSlots; ++i) {
      tick_ = ticks > kSlots ? target - kSlots + i + 1 : tick_ + 1;
      Node list;
      splice(slots_[tick_ % kSlots], list);
      while (list.next != &list) {
        Node& node = *list.next;
        cancel(node);
        if (node.due_ms <= now_ms)
          expired(node);
        else
          set(node, node.due_ms);
      }
    }
  }

 private:
  static constexpr size_t kSlots = 512;  // 25 s; a node that is due later goes round again
  static void splice(Node& from, Node& to);

  std::array<Node, kSlots> slots_;  // circular lists with these nodes as heads
  uint64_t tick_;                   // the last tick that was handled
  size_t count_ = 0;
};

}  // namespace rhumb::net
