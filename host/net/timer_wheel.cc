#include "host/net/timer_wheel.h"

#include <algorithm>

#include "host/base/assert.h"

namespace rhumb::net {

TimerWheel::TimerWheel(uint64_t now_ms) : tick_(now_ms / kTickMs) {
  for (Node& head : slots_) head.prev = head.next = &head;
}

void TimerWheel::set(Node& node, uint64_t due_ms) {
  cancel(node);
  node.due_ms = due_ms;
  // Rounded up, so that the wheel reaches the slot when the node is due. The node goes at least one
  // slot and at most one round ahead.
  const uint64_t tick = std::clamp((due_ms + kTickMs - 1) / kTickMs, tick_ + 1, tick_ + kSlots - 1);
  Node& head = slots_[tick % kSlots];
  node.prev = head.prev;
  node.next = &head;
  head.prev->next = &node;
  head.prev = &node;
  ++count_;
}

void TimerWheel::cancel(Node& node) {
  if (node.next == nullptr) return;
  RHUMB_DASSERT(count_ > 0);
  node.prev->next = node.next;
  node.next->prev = node.prev;
  node.prev = node.next = nullptr;
  --count_;
}

void TimerWheel::restart(uint64_t now_ms) {
  RHUMB_ASSERT(count_ == 0);
  tick_ = std::max(tick_, now_ms / kTickMs);
}

void TimerWheel::splice(Node& from, Node& to) {
  if (from.next == &from) {
    to.prev = to.next = &to;
    return;
  }
  to.next = from.next;
  to.prev = from.prev;
  to.next->prev = &to;
  to.prev->next = &to;
  from.prev = from.next = &from;
}

}  // namespace rhumb::net
