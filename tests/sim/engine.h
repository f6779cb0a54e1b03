// The shipped .so, driven through its C table.
#pragma once

#include <memory>
#include <string>

#include "host/base/status.h"
#include "rhumb/consensus.h"

namespace rhumb::sim {

// Loads the plugin as the host does. The table lives as long as the process.
base::Result<const rhumb_consensus_ops_t*> load_engine(const std::string& so_path);

struct EngineConfig {
  uint64_t id = 0, seed = 0;
  uint32_t election_ticks = 10, heartbeat_ticks = 1;
  uint64_t max_message_bytes = 4096, max_inflight_messages = 8, max_uncommitted_bytes = 1 << 20,
           cache_bytes = 8192;
  std::string config_json;
};

struct Outcome {
  rhumb_status_t status = RHUMB_OK;
  std::string text;
  rhumb_effects_t effects{};  // borrowed until the next step
};

class Engine {
 public:
  Engine(const rhumb_consensus_ops_t* ops, const EngineConfig& config);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const Outcome& opened() const { return opened_; }  // has status and text only
  Outcome step(const rhumb_event_t& event);

 private:
  const rhumb_consensus_ops_t* ops_;
  rhumb_consensus_t* instance_ = nullptr;
  Outcome opened_;
};

rhumb_event_t make_event(uint32_t type);
rhumb_slice_t slice_of(std::string_view bytes);

// The fields of a raft message (protobuf after a version byte) that the checks of sent messages
// need.
struct Glance {
  uint64_t type = 0, to = 0, from = 0, term = 0, log_term = 0, index = 0, commit = 0,
           reject_hint = 0;
  bool reject = false;
};
Glance glance(std::string_view frame);
inline constexpr uint64_t kAppend = 3, kAppendResponse = 4, kRequestVote = 5,
                          kRequestVoteResponse = 6, kSnapshot = 7, kHeartbeat = 8,
                          kHeartbeatResponse = 9, kTimeoutNow = 14, kRequestPreVote = 17,
                          kRequestPreVoteResponse = 18;

}  // namespace rhumb::sim
