#include "host/plugin/registry.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/plugin/loader.h"
#include "host/plugin/services.h"
#include "rhumb/cpp/negotiate.h"

namespace rhumb::plugin {
namespace {

using base::Code;
using base::Status;

using Table = std::variant<rhumb_index_ops_t, rhumb_kv_ops_t, rhumb_log_ops_t, rhumb_auth_ops_t,
                           rhumb_consensus_ops_t, rhumb_router_ops_t>;

Table normalised(uint32_t kind, const void* ops) {
  switch (kind) {
    case RHUMB_KIND_INDEX: {
      auto table = normalise<rhumb_index_ops_t>(ops);
      if ((table.caps & RHUMB_CAP_INDEX_INSERT) == 0) table.insert = nullptr;
      return table;
    }
    case RHUMB_KIND_KV:
      return normalise<rhumb_kv_ops_t>(ops);
    case RHUMB_KIND_LOG:
      return normalise<rhumb_log_ops_t>(ops);
    case RHUMB_KIND_AUTH:
      return normalise<rhumb_auth_ops_t>(ops);
    case RHUMB_KIND_CONSENSUS:
      return normalise<rhumb_consensus_ops_t>(ops);
    default:
      RHUMB_ASSERT(kind == RHUMB_KIND_ROUTER);
      return normalise<rhumb_router_ops_t>(ops);
  }
}

bool is_library(std::string_view name) {
  return name.size() > 3 && name.ends_with(".so") && name.front() != '.';
}

}  // namespace

struct PluginRegistry::Entry {
  Entry(const rhumb_factory_t& factory, base::Executor& executor)
      : kind(factory.kind),
        id(factory.id),
        version(factory.version),
        table(normalised(factory.kind, factory.ops)),
        services(kind_name(factory.kind) + "/" + factory.id, executor) {}
  uint32_t caps() const {
    return std::visit([](const auto& ops) { return ops.caps; }, table);
  }

  const uint32_t kind;
  const std::string id, version;
  const Table table;
  HostServices services;
};

struct PluginRegistry::Plugin {
  PluginInfo info;
  std::vector<const Entry*> entries;
};

PluginRegistry::PluginRegistry(base::Executor& executor) : executor_(executor) {}
PluginRegistry::~PluginRegistry() = default;

base::Status PluginRegistry::load_directory(const std::string& directory) {
  RHUMB_ASSIGN(std::vector<std::string> names, base::list_dir(directory));
  std::erase_if(names, [](const std::string& name) { return !is_library(name); });
  if (plugins_.size() + names.size() > base::limits::kMaxPlugins) {
    return base::invalid(directory + ": " + std::to_string(names.size()) +
                         " plugins, the limit is " + std::to_string(base::limits::kMaxPlugins));
  }
  for (const std::string& name : names) {
    const Status status = load_file(directory + "/" + name);
    if (!status.ok())
      base::log_error("plugin", "plugin refused", {{"file", name}, {"error", status.message()}});
  }
  return base::ok();
}

base::Status PluginRegistry::load_file(const std::string& path) {
  if (plugins_.size() >= base::limits::kMaxPlugins) {
    return {Code::kBusy,
            "the limit of " + std::to_string(base::limits::kMaxPlugins) + " plugins is reached"};
  }
  auto plugin = std::make_unique<Plugin>();
  plugin->info.file = path;
  Status status = admit(path, *plugin);
  plugin->info.loaded = status.ok();
  if (!status.ok()) plugin->info.error = status.message();
  plugins_.push_back(std::move(plugin));
  return status;
}

base::Status PluginRegistry::admit(const std::string& path, Plugin& plugin) {
  RHUMB_ASSIGN(const LoadedPlugin loaded, load_plugin(path));
  const rhumb_plugin_t& manifest = *loaded.manifest;
  PluginInfo& info = plugin.info;
  info.file = loaded.file;
  info.id = manifest.id;
  info.version = manifest.version;
  info.license = manifest.license;
  info.abi_major = manifest.abi_major;
  info.abi_minor_min = manifest.abi_minor_min;
  info.abi_minor_built = manifest.abi_minor_built;
  info.draft = manifest.draft != 0;
  // All ids must be free in their kinds before one is taken: a plugin is admitted as a whole or not
  // at all.
  for (const auto& other : plugins_) {
    if (other->info.loaded && other->info.id == info.id) {
      return base::invalid(loaded.file + ": id: expected an id of its own, found \"" + info.id +
                           "\" of " + other->info.file);
    }
  }
  for (uint64_t i = 0; i < manifest.factory_count; ++i) {
    const rhumb_factory_t& factory = *manifest.factories[i];
    for (const auto& other : plugins_) {
      for (const Entry* entry : other->entries) {
        if (entry->kind != factory.kind || entry->id != factory.id) continue;
        return base::invalid(loaded.file + ": factories[" + std::to_string(i) +
                             "].id: expected an id not yet taken in kind " +
                             kind_name(factory.kind) + ", found \"" + entry->id + "\" of " +
                             other->info.file);
      }
    }
  }
  for (uint64_t i = 0; i < manifest.factory_count; ++i) {
    const rhumb_factory_t& factory = *manifest.factories[i];
    if (kind_rules(factory.kind) == nullptr) {
      base::log_warn("plugin", "an engine of an unknown kind is ignored",
                     {{"file", loaded.file}, {"engine", factory.id}, {"kind", factory.kind}});
      continue;
    }
    entries_.push_back(std::make_unique<Entry>(factory, executor_));
    plugin.entries.push_back(entries_.back().get());
  }
  base::log_info("plugin", "plugin loaded",
                 {{"file", loaded.file}, {"id", info.id}, {"version", info.version}});
  return base::ok();
}

base::Result<const PluginRegistry::Entry*> PluginRegistry::find_entry(uint32_t kind,
                                                                      std::string_view id) const {
  for (const auto& entry : entries_) {
    if (entry->kind == kind && entry->id == id) return static_cast<const Entry*>(entry.get());
  }
  std::string message = "no " + kind_name(kind) + " engine \"" + std::string(id) + "\"; there is:";
  const std::vector<std::string> present = ids(kind);
  for (const std::string& other : present) message += " " + other;
  if (present.empty()) message += " none";
  for (const auto& plugin : plugins_) {
    if (!plugin->info.loaded) message += "; refused: " + plugin->info.error;
  }
  return base::not_found(std::move(message));
}

template <typename Ops>
Engine<Ops> PluginRegistry::typed(const Entry& entry) {
  return {&std::get<Ops>(entry.table), entry.services.raw(), entry.id, entry.version};
}
template Engine<rhumb_index_ops_t> PluginRegistry::typed(const Entry&);
template Engine<rhumb_kv_ops_t> PluginRegistry::typed(const Entry&);
template Engine<rhumb_log_ops_t> PluginRegistry::typed(const Entry&);
template Engine<rhumb_auth_ops_t> PluginRegistry::typed(const Entry&);
template Engine<rhumb_consensus_ops_t> PluginRegistry::typed(const Entry&);
template Engine<rhumb_router_ops_t> PluginRegistry::typed(const Entry&);

std::vector<std::string> PluginRegistry::ids(uint32_t kind) const {
  std::vector<std::string> out;
  for (const auto& entry : entries_) {
    if (entry->kind == kind) out.push_back(entry->id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<PluginInfo> PluginRegistry::inventory() const {
  std::vector<PluginInfo> out;
  for (const auto& plugin : plugins_) {
    out.push_back(plugin->info);
    for (const Entry* entry : plugin->entries) {
      out.back().engines.push_back({kind_name(entry->kind), entry->id, entry->version,
                                    entry->caps(), entry->services.memory_bytes()});
    }
  }
  return out;
}

uint64_t PluginRegistry::memory_bytes() const {
  uint64_t sum = 0;
  for (const auto& entry : entries_) sum += entry->services.memory_bytes();
  return sum;
}

}  // namespace rhumb::plugin
