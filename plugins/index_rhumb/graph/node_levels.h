// Keeps which slots have a node, how high it reaches, and the place of its rows above level 0. Few
// nodes reach above level 0, so a slot costs one bit here, and each group of 32 slots costs the
// head of a chain of its nodes that do.
#pragma once

#include <cstdint>

#include "codes/chunked_array.h"

namespace rhumb::coded {

inline constexpr uint32_t kLevelMax = 15;
inline constexpr uint32_t kUpperRowsMax = (1u << 28) - 1;

// Any thread may read slots below capacity(). One thread at a time may call reserve(), and one may
// call reach(), at the same time as all other calls; one thread per slot calls add(). A thread that
// sees a slot's node also sees its level.
class NodeLevels {
 public:
  NodeLevels() : groups_(sizeof(Group)), upper_(sizeof(Upper)) {}

  void reserve(uint64_t slots) { groups_.reserve((slots + kGroupSlots - 1) / kGroupSlots); }
  uint64_t capacity() const noexcept { return groups_.capacity() * kGroupSlots; }
  uint64_t resident_bytes() const noexcept {
    return groups_.capacity() * sizeof(Group) + upper_.capacity() * sizeof(Upper);
  }

  // Registers that a future node reaches `level` > 0. Its rows are first_row and the level - 1 rows
  // after it, at most kUpperRowsMax.
  void reach(uint32_t slot, uint32_t level, uint32_t first_row);
  void add(uint32_t slot) noexcept {
    __atomic_fetch_or(&group(slot).nodes, 1u << (slot % kGroupSlots), __ATOMIC_RELEASE);
  }

  bool has(uint32_t slot) const noexcept {
    return (__atomic_load_n(&group(slot).nodes, __ATOMIC_ACQUIRE) >> (slot % kGroupSlots) & 1) != 0;
  }
  // Only for a slot with a node.
  uint32_t level(uint32_t slot) const noexcept {
    const uint32_t row = find(slot);
    return row == kNone ? 0 : at(row).level;
  }
  // Only for a node above level 0.
  uint32_t first_row(uint32_t slot) const noexcept { return find(slot); }

 private:
  static constexpr uint32_t kGroupSlots = 32, kNone = ~0u;
  struct Group {
    uint32_t nodes;  // one bit per slot
    uint32_t upper;  // first row, plus 1, of the newest node that reaches higher; 0 = none
  };
  // Indexed by a node's first row; the entries of its further rows stay empty.
  struct Upper {
    uint32_t slot;
    uint32_t level : 4, next : 28;  // `next` is as in Group::upper
  };
  Group& group(uint32_t slot) const noexcept {
    return *reinterpret_cast<Group*>(groups_.at(slot / kGroupSlots));
  }
  Upper& at(uint32_t row) const noexcept { return *reinterpret_cast<Upper*>(upper_.at(row)); }
  uint32_t find(uint32_t slot) const noexcept {
    uint32_t row = __atomic_load_n(&group(slot).upper, __ATOMIC_ACQUIRE) - 1;
    while (row != kNone && at(row).slot != slot) row = uint32_t{at(row).next} - 1;
    return row;
  }

  ChunkedArray groups_, upper_;
};

}  // namespace rhumb::coded
