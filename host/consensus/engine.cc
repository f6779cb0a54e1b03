#include "host/consensus/engine.h"

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/plugin/status.h"

namespace rhumb::consensus {

base::Result<std::unique_ptr<Engine>> Engine::open(
    const plugin::Engine<rhumb_consensus_ops_t>& engine, const EngineSettings& settings) {
  std::unique_ptr<Engine> instance(new Engine(engine));
  const rhumb_open_t base{sizeof(rhumb_open_t), 0, {nullptr, 0}, {nullptr, 0}, nullptr};
  rhumb_consensus_open_t params{};
  params.struct_size = sizeof(params);
  params.id = settings.replica;
  params.seed = settings.seed;
  params.election_ticks = settings.election_ticks;
  params.heartbeat_ticks = settings.heartbeat_ticks;
  params.max_message_bytes = base::limits::kConsensusMessageBytes;
  params.max_inflight_messages = base::limits::kConsensusInflightMessages;
  params.max_uncommitted_bytes = base::limits::kMaxUncommittedBytes;
  params.cache_bytes = base::limits::kConsensusCacheBytes;
  params.base = &base;
  plugin::ErrorSlot error;
  RHUMB_TRY(error.status(engine.ops->open(engine.host, &params, &instance->self_, error.out()),
                         "consensus engine: open"));
  return instance;
}

Engine::~Engine() {
  if (self_ != nullptr) engine_.ops->close(self_);
}

Engine::Outcome Engine::step(rhumb_event_t event) {
  Outcome outcome;
  outcome.effects.struct_size = sizeof(outcome.effects);
  event.now_ns = base::monotonic_ns();
  plugin::ErrorSlot error;
  outcome.code = engine_.ops->step(self_, &event, &outcome.effects, error.out());
  outcome.status = error.status(outcome.code, "consensus engine");
  return outcome;
}

rhumb_event_t make_event(uint32_t type) {
  rhumb_event_t event{};
  event.struct_size = sizeof(event);
  event.type = type;
  return event;
}

}  // namespace rhumb::consensus
