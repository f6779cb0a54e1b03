#include "tests/sim/model.h"

#include <cstring>

namespace rhumb::sim {

bool Membership::joint() const {
  for (const rhumb_member_t& member : members) {
    if (member.role & RHUMB_VOTER_OUTGOING) return true;
  }
  return false;
}

uint32_t Membership::role_of(uint64_t id) const {
  for (const rhumb_member_t& member : members) {
    if (member.id == id) return member.role;
  }
  return 0;
}

std::vector<uint64_t> Membership::with_role(uint32_t role) const {
  std::vector<uint64_t> ids;
  for (const rhumb_member_t& member : members) {
    if (member.role & role) ids.push_back(member.id);
  }
  return ids;
}

uint64_t hash_bytes(std::string_view bytes, uint64_t seed) {
  uint64_t hash = seed ^ 0xCBF29CE484222325u;
  for (char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  return hash ^ (hash >> 29);
}

uint64_t chain_hash(uint64_t before, const Entry& entry) {
  const uint64_t head[3] = {entry.index, entry.term, entry.type};
  const uint64_t hash = hash_bytes({reinterpret_cast<const char*>(head), sizeof head}, before);
  return hash_bytes(*entry.data, hash);
}

std::string Image::to_manifest() const {
  const uint64_t head[5] = {index, term, hash, membership.auto_leave ? 1u : 0u,
                            membership.members.size()};
  std::string out(reinterpret_cast<const char*>(head), sizeof head);
  for (const rhumb_member_t& member : membership.members) {
    out.append(reinterpret_cast<const char*>(&member), sizeof member);
  }
  return out;
}

std::optional<Image> Image::from_manifest(std::string_view manifest) {
  uint64_t head[5];
  if (manifest.size() < sizeof head) return std::nullopt;
  std::memcpy(head, manifest.data(), sizeof head);
  if (manifest.size() != sizeof head + head[4] * sizeof(rhumb_member_t)) return std::nullopt;
  Image image{head[0], head[1], head[2], {}};
  image.membership.auto_leave = head[3] != 0;
  image.membership.members.resize(head[4]);
  for (size_t i = 0; i < head[4]; ++i) {
    std::memcpy(&image.membership.members[i],
                manifest.data() + sizeof head + i * sizeof(rhumb_member_t), sizeof(rhumb_member_t));
  }
  return image;
}

Membership membership_of(const rhumb_effects_t& effects) {
  Membership membership;
  membership.members.assign(effects.members, effects.members + effects.member_count);
  membership.auto_leave = effects.joint_auto_leave != 0;
  return membership;
}

}  // namespace rhumb::sim
