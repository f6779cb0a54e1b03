// The data that the host itself puts into HARD_STATE and INSTALL records of the log
// (docs/formats/wal.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/consensus/state_machine.h"

namespace rhumb::consensus {

// The members of a group, as of the application of entry `index`.
struct Membership {
  uint64_t index = 0;
  bool joint = false, auto_leave = false;
  std::vector<Member> members;

  // True if `replica` decides alone: no other replica votes, learns, or is about to.
  bool alone(uint64_t replica) const {
    return members.size() == 1 && members[0].id == replica && !joint;
  }
};

// A HardState precedes the entries of every write. Its commit index must not be older than the
// entries: a replica that restarts with later membership changes in its log must know which of them
// were committed.
struct HardState {
  uint64_t term = 0, voted_for = 0, commit = 0;
  Membership membership;
};

// Says that a group's log was replaced by a state that came from elsewhere. With `bootstrap` there
// was no earlier state, and the first replicas start empty.
struct InstallManifest {
  bool bootstrap = false;
  Membership membership;
};

std::string encode(const HardState& state);
std::string encode(const InstallManifest& manifest);
// kCorrupt means that encode() cannot have made the bytes; kUnsupported means that they are of a
// newer format.
base::Result<HardState> decode_hard_state(std::string_view bytes);
base::Result<InstallManifest> decode_install_manifest(std::string_view bytes);

}  // namespace rhumb::consensus
