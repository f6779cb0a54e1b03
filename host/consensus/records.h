// What the host itself puts into the log (docs/formats/wal.md): the data of HARD_STATE and INSTALL
// records.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/consensus/state_machine.h"

namespace rhumb::consensus {

// Who takes part, as of the application of entry `index`.
struct Membership {
  uint64_t index = 0;
  bool joint = false, auto_leave = false;
  std::vector<Member> members;

  // True if `replica` decides alone: nobody else votes, learns, or is about to.
  bool alone(uint64_t replica) const {
    return members.size() == 1 && members[0].id == replica && !joint;
  }
};

// One of these goes in front of the entries of every write: commit must not be older than they are
// (a replica that restarts with later membership changes in its log must know which of them were
// committed).
struct HardState {
  uint64_t term = 0, voted_for = 0, commit = 0;
  Membership membership;
};

// A group's log was replaced by a state that came from elsewhere. bootstrap: there was none, the
// first replicas start from nothing.
struct InstallManifest {
  bool bootstrap = false;
  Membership membership;
};

std::string encode(const HardState& state);
std::string encode(const InstallManifest& manifest);
// kCorrupt when the bytes are not what encode() makes, kUnsupported when they are of a newer
// format.
base::Result<HardState> decode_hard_state(std::string_view bytes);
base::Result<InstallManifest> decode_install_manifest(std::string_view bytes);

}  // namespace rhumb::consensus
