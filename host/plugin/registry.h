// All plugins of this process and the engines that they offer.
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

// The kind of engine to which a table of functions belongs.
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

// Everything a caller needs to open and use instances. The pointers stay valid as long as the
// registry. `ops` is the host's own normalised copy: functions that the plugin does not have are
// NULL, and `insert` is NULL without RHUMB_CAP_INDEX_INSERT.
template <typename Ops>
struct Engine {
  const Ops* ops;
  const rhumb_host_t* host;  // passed to open()
  std::string_view id, version;
};

// For GET /plugins.
struct EngineInfo {
  std::string kind, id, version;
  uint32_t caps;
  uint64_t memory_bytes;  // as the engine reports it
};
struct PluginInfo {
  // All except `file` are empty if the plugin was refused before its manifest could be read.
  std::string file, id, version, license;
  uint16_t abi_major = 0, abi_minor_min = 0, abi_minor_built = 0;
  bool draft = false;
  bool loaded = false;
  std::string error;  // why the plugin was refused
  std::vector<EngineInfo> engines;
};

// The control thread fills the registry once at start. After that it is read-only, and any thread
// may call find() and inventory(). Nothing is ever unloaded.
class PluginRegistry {
 public:
  // `executor` is what plugins get as "rhumb.host.executor/1". It must outlive the registry and
  // every instance.
  explicit PluginRegistry(base::Executor& executor);
  ~PluginRegistry();
  PluginRegistry(const PluginRegistry&) = delete;
  PluginRegistry& operator=(const PluginRegistry&) = delete;

  // [control thread] Loads every *.so of the directory in the order of names. A plugin that is
  // refused is logged, listed in inventory() and left out; the server goes on without it. Fails
  // only if the directory cannot be read or has more than limits::kMaxPlugins.
  base::Status load_directory(const std::string& directory);
  // [control thread] Loads one file. A refusal is returned and listed as well.
  base::Status load_file(const std::string& path);

  // kNotFound names the kind, the id, the ids that exist, and the reasons of plugins that were
  // refused.
  template <typename Ops>
  base::Result<Engine<Ops>> find(std::string_view id) const {
    static_assert(kKindOf<Ops> != 0, "not a table of a known kind");
    RHUMB_ASSIGN(const Entry* entry, find_entry(kKindOf<Ops>, id));
    return typed<Ops>(*entry);
  }
  // The ids of a kind, sorted.
  std::vector<std::string> ids(uint32_t kind) const;
  std::vector<PluginInfo> inventory() const;
  uint64_t memory_bytes() const;  // sum over all engines, as they report it

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
