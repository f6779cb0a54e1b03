#include "host/consensus/records.h"

#include "host/base/bytes.h"

namespace rhumb::consensus {
namespace {

constexpr uint16_t kFormat = 1;
constexpr uint16_t kJoint = 1, kAutoLeave = 2, kBootstrap = 4;  // flags
constexpr size_t kMemberBytes = 12;

void put_membership(base::ByteWriter& out, const Membership& membership) {
  out.u64(membership.index);
  out.u32(static_cast<uint32_t>(membership.members.size()));
  for (const Member& member : membership.members) {
    out.u64(member.id);
    out.u32(member.role);
  }
}

Membership get_membership(base::ByteReader& in, uint16_t flags) {
  Membership membership;
  membership.joint = (flags & kJoint) != 0;
  membership.auto_leave = (flags & kAutoLeave) != 0;
  membership.index = in.u64();
  for (uint32_t n = in.count(kMemberBytes); n > 0; --n) {
    const uint64_t id = in.u64();
    membership.members.push_back({id, in.u32()});
  }
  return membership;
}

uint16_t flags_of(const Membership& membership) {
  return static_cast<uint16_t>((membership.joint ? kJoint : 0) |
                               (membership.auto_leave ? kAutoLeave : 0));
}

base::Status check_format(uint16_t format, const char* what) {
  if (format == kFormat) return base::ok();
  return base::unsupported(std::string(what) + " of format " + std::to_string(format) +
                           ", this release knows " + std::to_string(kFormat));
}

}  // namespace

std::string encode(const HardState& state) {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u16(kFormat);
  out.u16(flags_of(state.membership));
  out.u64(state.term);
  out.u64(state.voted_for);
  out.u64(state.commit);
  put_membership(out, state.membership);
  return bytes;
}

std::string encode(const InstallManifest& manifest) {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u16(kFormat);
  out.u16(
      static_cast<uint16_t>(flags_of(manifest.membership) | (manifest.bootstrap ? kBootstrap : 0)));
  put_membership(out, manifest.membership);
  return bytes;
}

base::Result<HardState> decode_hard_state(std::string_view bytes) {
  base::ByteReader in(bytes);
  RHUMB_TRY(check_format(in.u16(), "hard state"));
  const uint16_t flags = in.u16();
  HardState state;
  state.term = in.u64();
  state.voted_for = in.u64();
  state.commit = in.u64();
  state.membership = get_membership(in, flags);
  if (!in.done()) return base::corrupt("hard state of " + std::to_string(bytes.size()) + " bytes");
  return state;
}

base::Result<InstallManifest> decode_install_manifest(std::string_view bytes) {
  base::ByteReader in(bytes);
  RHUMB_TRY(check_format(in.u16(), "install manifest"));
  const uint16_t flags = in.u16();
  InstallManifest manifest;
  manifest.bootstrap = (flags & kBootstrap) != 0;
  manifest.membership = get_membership(in, flags);
  if (!in.done())
    return base::corrupt("install manifest of " + std::to_string(bytes.size()) + " bytes");
  return manifest;
}

}  // namespace rhumb::consensus
