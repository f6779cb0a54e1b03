// The data that simulated replicas keep and exchange: log entries, membership, and the image of the
// state machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/consensus.h"

namespace rhumb::sim {

struct Entry {
  uint64_t index = 0, term = 0;
  uint32_t type = RHUMB_ENTRY_DATA;
  std::shared_ptr<const std::string> data;
};

// Roles are those of rhumb_member_t. The state is joint while VOTER_OUTGOING bits are set.
struct Membership {
  std::vector<rhumb_member_t> members;
  bool auto_leave = false;

  bool joint() const;
  uint32_t role_of(uint64_t id) const;  // 0: not a member
  std::vector<uint64_t> with_role(uint32_t role) const;
  // Whether `has` is true for a majority of the voters, in both halves of a joint state.
  template <typename Predicate>
  bool majority(Predicate has) const {
    return half(RHUMB_VOTER, has) && (!joint() || half(RHUMB_VOTER_OUTGOING, has));
  }

 private:
  template <typename Predicate>
  bool half(uint32_t role, Predicate has) const {
    size_t voters = 0, holders = 0;
    for (const rhumb_member_t& member : members) {
      if (member.role & role) {
        ++voters;
        holders += has(member.id) ? 1u : 0u;
      }
    }
    return 2 * holders > voters;
  }
};

// The state machine after entry `index`. A chain hash over all applied entries stands for the data.
struct Image {
  uint64_t index = 0, term = 0, hash = 0;
  Membership membership;

  std::string to_manifest() const;
  static std::optional<Image> from_manifest(std::string_view manifest);
};

uint64_t chain_hash(uint64_t before, const Entry& entry);
uint64_t hash_bytes(std::string_view bytes, uint64_t seed);
Membership membership_of(const rhumb_effects_t& effects);

}  // namespace rhumb::sim
