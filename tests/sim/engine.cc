#include "tests/sim/engine.h"

#include <string_view>

#include "host/plugin/loader.h"

namespace rhumb::sim {

base::Result<const rhumb_consensus_ops_t*> load_engine(const std::string& so_path) {
  RHUMB_ASSIGN(plugin::LoadedPlugin loaded, plugin::load_plugin(so_path));
  for (uint64_t i = 0; i < loaded.manifest->factory_count; ++i) {
    const rhumb_factory_t* factory = loaded.manifest->factories[i];
    if (factory->kind == RHUMB_KIND_CONSENSUS)
      return static_cast<const rhumb_consensus_ops_t*>(factory->ops);
  }
  return base::not_found(so_path + ": offers no consensus engine");
}

Engine::Engine(const rhumb_consensus_ops_t* ops, const EngineConfig& config) : ops_(ops) {
  rhumb_open_t base{};
  base.struct_size = sizeof base;
  base.config_json = slice_of(config.config_json);
  rhumb_consensus_open_t open{};
  open.struct_size = sizeof open;
  open.id = config.id;
  open.seed = config.seed;
  open.election_ticks = config.election_ticks;
  open.heartbeat_ticks = config.heartbeat_ticks;
  open.max_message_bytes = config.max_message_bytes;
  open.max_inflight_messages = config.max_inflight_messages;
  open.max_uncommitted_bytes = config.max_uncommitted_bytes;
  open.cache_bytes = config.cache_bytes;
  open.base = &base;
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  opened_.status = ops_->open(nullptr, &open, &instance_, &error);
  if (opened_.status != RHUMB_OK) opened_.text = error.text;
}

Engine::~Engine() {
  if (instance_ != nullptr) ops_->close(instance_);
}

Outcome Engine::step(const rhumb_event_t& event) {
  Outcome outcome;
  outcome.effects.struct_size = sizeof outcome.effects;
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  outcome.status = ops_->step(instance_, &event, &outcome.effects, &error);
  if (outcome.status != RHUMB_OK) outcome.text = error.text;
  return outcome;
}

rhumb_event_t make_event(uint32_t type) {
  rhumb_event_t event{};
  event.struct_size = sizeof event;
  event.type = type;
  return event;
}

rhumb_slice_t slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

namespace {

class Varints {
 public:
  explicit Varints(std::string_view bytes) : bytes_(bytes) {}
  bool done() const { return bytes_.empty(); }
  uint64_t next() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  void skip(uint64_t size) { bytes_.remove_prefix(size < bytes_.size() ? size : bytes_.size()); }

 private:
  std::string_view bytes_;
};

}  // namespace

Glance glance(std::string_view frame) {
  Glance seen;
  Varints fields(frame.substr(frame.empty() ? 0 : 1));
  while (!fields.done()) {
    const uint64_t key = fields.next();
    const uint64_t value = fields.next();
    if ((key & 7) == 2) {
      fields.skip(value);
      continue;
    }
    switch (key >> 3) {
      case 1:
        seen.type = value;
        break;
      case 2:
        seen.to = value;
        break;
      case 3:
        seen.from = value;
        break;
      case 4:
        seen.term = value;
        break;
      case 5:
        seen.log_term = value;
        break;
      case 6:
        seen.index = value;
        break;
      case 8:
        seen.commit = value;
        break;
      case 10:
        seen.reject = value != 0;
        break;
      case 11:
        seen.reject_hint = value;
        break;
      default:
        break;
    }
  }
  return seen;
}

}  // namespace rhumb::sim
