// One instance of a consensus engine, which is one replica of a group. The engine does no I/O
// (rhumb/consensus.h). Loop thread only.
#pragma once

#include <memory>

#include "host/base/status.h"
#include "host/plugin/registry.h"

namespace rhumb::consensus {

struct EngineSettings {
  uint64_t replica = 0, seed = 0;
  uint32_t election_ticks = 10, heartbeat_ticks = 1;
};

class Engine {
 public:
  static base::Result<std::unique_ptr<Engine>> open(
      const plugin::Engine<rhumb_consensus_ops_t>& engine, const EngineSettings& settings);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The effects are borrowed from the engine until the next step. An engine reports effects for a
  // refused event too, but they ask for nothing then. `code` is what the engine answered, and
  // `status` is the same in words.
  struct Outcome {
    rhumb_status_t code = RHUMB_OK;
    base::Status status;
    rhumb_effects_t effects{};
  };
  Outcome step(rhumb_event_t event);

 private:
  explicit Engine(const plugin::Engine<rhumb_consensus_ops_t>& engine) : engine_(engine) {}
  const plugin::Engine<rhumb_consensus_ops_t> engine_;
  rhumb_consensus_t* self_ = nullptr;
};

// Returns an event with its size and type set and everything else zero.
rhumb_event_t make_event(uint32_t type);

}  // namespace rhumb::consensus
