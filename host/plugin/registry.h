// All plugins of this process and the engines they offer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/executor.h"
#include "host/base/status.h"
#include "rhumb/auth.h"
#include "rhumb/consensus.h"
#include "rhumb/index.h"
#include "rhumb/plugin.h"
#include "rhumb/router.h"
#include "rhumb/storage.h"

namespace rhumb::plugin {

// The kind of engine that a table of functions belongs to.
template <typename Ops>
inline constexpr uint32_t kKindOf = 0;
template <>
inline constexpr uint32_t kKindOf<rhumb_index_ops_t> = RHUMB_KIND_INDEX;
template <>
inline constexpr uint32_t kKindOf<rhumb_kv_ops_t> = RHUMB_KIND_KV;
template <>
inline constexpr uint32_t kKindOf<rhumb_log_ops_t> = RHUMB_KIND_LOG;
template <>
inline constexpr uint32_t kKindOf<rhumb_auth_ops_t> = RHUMB_KIND_AUTH;
template <>
inline constexpr uint32_t kKindOf<rhumb_consensus_ops_t> = RHUMB_KIND_CONSENSUS;
template <>
inline constexpr uint32_t kKindOf<rhumb_router_ops_t> = RHUMB_KIND_ROUTER;

// What a caller needs to open and drive instances. Pointers stay valid as long as the registry.
// ops: the host's own, normalised copy: what the plugin does not have is NULL, and `insert` is NULL
// without RHUMB_CAP_INDEX_INSERT.
template <typename Ops>
struct Engine {
  const Ops* ops;
  const rhumb_host_t* host;  // pass to open()
  std::string_view id, version;
};

// For GET /plugins.
struct EngineInfo {
  std::string kind, id, version;
  uint32_t caps;
  uint64_t memory_bytes;  // as the engine reports it
};
struct PluginInfo {
  // all but file empty when refused before its manifest could be read
  std::string file, id, version, license;
  uint16_t abi_major = 0, abi_minor_min = 0, abi_minor_built = 0;
  bool draft = false;
  bool loaded = false;
  std::string error;  // why it was refused
  std::vector<EngineInfo> engines;
};

// Filled once at start by the control thread, then read-only: find() and inventory() from any
// thread. Nothing is ever unloaded.
class PluginRegistry {
 public:
  // executor: what plugins get as "rhumb.host.executor/1"; must outlive the registry and every
  // instance.
  explicit PluginRegistry(base::Executor& executor);
  ~PluginRegistry();
  PluginRegistry(const PluginRegistry&) = delete;
  PluginRegistry& operator=(const PluginRegistry&) = delete;

  // [control thread] Loads every *.so of the directory in order of name. A plugin that is refused
  // is logged, listed in inventory() and left out: the server goes on without it. Fails only when
  // the directory itself cannot be read, or has more than limits::kMaxPlugins.
  base::Status load_directory(const std::string& directory);
  // [control thread] One file; the refusal is returned and listed as well.
  base::Status load_file(const std::string& path);

  // kNotFound names the kind, the id, what there is instead, and the reasons of plugins that were
  // refused.
  template <typename Ops>
  base::Result<Engine<Ops>> find(std::string_view id) const {
    static_assert(kKindOf<Ops> != 0, "not a table of a known kind");
    RHUMB_ASSIGN(const Entry* entry, find_entry(kKindOf<Ops>, id));
    return typed<Ops>(*entry);
  }
  // Ids of a kind, sorted.
  std::vector<std::string> ids(uint32_t kind) const;
  std::vector<PluginInfo> inventory() const;
  uint64_t memory_bytes() const;  // over all engines, as they report it

 private:
  struct Entry;
  struct Plugin;
  base::Result<const Entry*> find_entry(uint32_t kind, std::string_view id) const;
  template <typename Ops>
  static Engine<Ops> typed(const Entry& entry);
  base::Status admit(const std::string& path, Plugin& plugin);

  base::Executor& executor_;
  std::vector<std::unique_ptr<Plugin>> plugins_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace rhumb::plugin
