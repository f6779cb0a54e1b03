// Rhumb plugin SDK: negotiation. The host and rhumb-plugin-check run exactly this code on the
// manifest that rhumb_plugin_v1() returned, so a host does not refuse a manifest that the checker
// accepted. The functions only read the plugin's static data. They do no I/O and call nothing of
// the plugin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rhumb/auth.h"
#include "rhumb/consensus.h"
#include "rhumb/draft.h"
#include "rhumb/index.h"
#include "rhumb/plugin.h"
#include "rhumb/router.h"
#include "rhumb/storage.h"

namespace rhumb {

inline constexpr uint64_t kMaxFactories = 64;    // the factories of one plugin
inline constexpr size_t kMaxIdBytes = 64;        // the id of a plugin or a factory
inline constexpr size_t kMaxManifestText = 256;  // the version, the license or the hash

// The reason for refusing a plugin: the field of the manifest, the value that was expected there,
// and the value that was found.
struct Refusal {
  std::string field, expected, found;
  std::string to_string() const { return field + ": expected " + expected + ", found " + found; }
};

// The versions that the host offers. The defaults are those of the headers that it was compiled
// with. Tests set others.
struct HostAbi {
  uint16_t major = RHUMB_ABI_MAJOR, minor = RHUMB_ABI_MINOR;
  std::string_view draft_hash = RHUMB_DRAFT_HASH;
};

// A function of a table that must not be NULL.
struct RequiredOp {
  const char* name;
  size_t offset;
};
// The rules for the tables of one kind. `size_v1_0` is the size that the table had in version 1.0.
// A smaller table was never valid.
struct KindRules {
  uint32_t kind;
  const char* name;
  size_t size_v1_0;
  std::span<const RequiredOp> required;
};

namespace negotiate_detail {

#define RHUMB_REQUIRED_OP(T, f) \
  RequiredOp { #f, offsetof(T, f) }
inline constexpr RequiredOp kIndexOps[] = {
    RHUMB_REQUIRED_OP(rhumb_index_ops_t, open),     RHUMB_REQUIRED_OP(rhumb_index_ops_t, close),
    RHUMB_REQUIRED_OP(rhumb_index_ops_t, describe), RHUMB_REQUIRED_OP(rhumb_index_ops_t, build),
    RHUMB_REQUIRED_OP(rhumb_index_ops_t, search),   RHUMB_REQUIRED_OP(rhumb_index_ops_t, save),
    RHUMB_REQUIRED_OP(rhumb_index_ops_t, stats)};
inline constexpr RequiredOp kKvOps[] = {
    RHUMB_REQUIRED_OP(rhumb_kv_ops_t, open),      RHUMB_REQUIRED_OP(rhumb_kv_ops_t, close),
    RHUMB_REQUIRED_OP(rhumb_kv_ops_t, write),     RHUMB_REQUIRED_OP(rhumb_kv_ops_t, flush),
    RHUMB_REQUIRED_OP(rhumb_kv_ops_t, get),       RHUMB_REQUIRED_OP(rhumb_kv_ops_t, scan),
    RHUMB_REQUIRED_OP(rhumb_kv_ops_t, checkpoint)};
inline constexpr RequiredOp kLogOps[] = {
    RHUMB_REQUIRED_OP(rhumb_log_ops_t, open),    RHUMB_REQUIRED_OP(rhumb_log_ops_t, close),
    RHUMB_REQUIRED_OP(rhumb_log_ops_t, append),  RHUMB_REQUIRED_OP(rhumb_log_ops_t, read),
    RHUMB_REQUIRED_OP(rhumb_log_ops_t, release), RHUMB_REQUIRED_OP(rhumb_log_ops_t, drop_group),
    RHUMB_REQUIRED_OP(rhumb_log_ops_t, recover), RHUMB_REQUIRED_OP(rhumb_log_ops_t, stats)};
inline constexpr RequiredOp kAuthOps[] = {RHUMB_REQUIRED_OP(rhumb_auth_ops_t, open),
                                          RHUMB_REQUIRED_OP(rhumb_auth_ops_t, close),
                                          RHUMB_REQUIRED_OP(rhumb_auth_ops_t, authenticate),
                                          RHUMB_REQUIRED_OP(rhumb_auth_ops_t, authorize)};
inline constexpr RequiredOp kConsensusOps[] = {RHUMB_REQUIRED_OP(rhumb_consensus_ops_t, open),
                                               RHUMB_REQUIRED_OP(rhumb_consensus_ops_t, close),
                                               RHUMB_REQUIRED_OP(rhumb_consensus_ops_t, step)};
inline constexpr RequiredOp kRouterOps[] = {
    RHUMB_REQUIRED_OP(rhumb_router_ops_t, open), RHUMB_REQUIRED_OP(rhumb_router_ops_t, close),
    RHUMB_REQUIRED_OP(rhumb_router_ops_t, place), RHUMB_REQUIRED_OP(rhumb_router_ops_t, assign)};
#undef RHUMB_REQUIRED_OP

// While the headers are drafts, the sizes of version 1.0 are today's sizes. With the release they
// become numbers that never change again.
inline constexpr KindRules kKinds[] = {
    {RHUMB_KIND_INDEX, "index", sizeof(rhumb_index_ops_t), kIndexOps},
    {RHUMB_KIND_KV, "kv", sizeof(rhumb_kv_ops_t), kKvOps},
    {RHUMB_KIND_LOG, "log", sizeof(rhumb_log_ops_t), kLogOps},
    {RHUMB_KIND_AUTH, "auth", sizeof(rhumb_auth_ops_t), kAuthOps},
    {RHUMB_KIND_CONSENSUS, "consensus", sizeof(rhumb_consensus_ops_t), kConsensusOps},
    {RHUMB_KIND_ROUTER, "router", sizeof(rhumb_router_ops_t), kRouterOps},
};

inline std::string number(uint64_t v) { return std::to_string(v); }
inline std::string hex(uint32_t v) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", v);
  return text;
}

// Returns a text of the manifest. It reads at most max + 1 bytes. The answer is nothing if the
// pointer is NULL or the text has more than `max` bytes.
inline std::optional<std::string_view> text(const char* s, size_t max) {
  if (s == nullptr) return std::nullopt;
  const size_t n = strnlen(s, max + 1);
  if (n > max) return std::nullopt;
  return std::string_view(s, n);
}

inline bool is_id(std::optional<std::string_view> id) {
  if (!id || id->empty()) return false;
  for (char c : *id) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

inline std::string shown(std::optional<std::string_view> s) {
  if (!s) return "NULL or not terminated";
  std::string out = "\"";
  for (char c : *s) out += (c >= 0x20 && c < 0x7F) ? c : '?';
  return out + "\"";
}

inline bool op_is_set(const void* ops, size_t offset) {
  void (*f)(void) = nullptr;
  std::memcpy(&f, static_cast<const char*>(ops) + offset, sizeof f);
  return f != nullptr;
}

}  // namespace negotiate_detail

// Returns the rules of a kind, or NULL for a kind that this side does not know.
inline const KindRules* kind_rules(uint32_t kind) {
  for (const KindRules& rules : negotiate_detail::kKinds) {
    if (rules.kind == kind) return &rules;
  }
  return nullptr;
}
inline std::string kind_name(uint32_t kind) {
  const KindRules* rules = kind_rules(kind);
  return rules != nullptr ? rules->name : "unknown kind " + std::to_string(kind);
}

namespace negotiate_detail {

inline std::optional<Refusal> check_factory(const rhumb_plugin_t& plugin, uint64_t i) {
  const std::string field = "factories[" + number(i) + "]";
  const rhumb_factory_t* f = plugin.factories[i];
  if (f == nullptr) return Refusal{field, "a factory", "NULL"};
  if (f->struct_size < sizeof(rhumb_factory_t)) {
    return Refusal{field + ".struct_size", ">= " + number(sizeof(rhumb_factory_t)),
                   number(f->struct_size)};
  }
  const auto id = text(f->id, kMaxIdBytes);
  if (!is_id(id)) return Refusal{field + ".id", "[a-z0-9_]{1,64}", shown(id)};
  const auto version = text(f->version, kMaxManifestText);
  if (!version || version->empty()) return Refusal{field + ".version", "a version", shown(version)};
  const KindRules* rules = kind_rules(f->kind);
  // A kind of a later version has no use here, but it is no fault of the plugin.
  if (rules == nullptr) return std::nullopt;
  if (f->ops == nullptr)
    return Refusal{field + ".ops", std::string("the table of kind ") + rules->name, "NULL"};
  uint32_t size = 0;
  std::memcpy(&size, f->ops, sizeof size);
  if (size < rules->size_v1_0) {
    return Refusal{field + ".ops.struct_size", ">= " + number(rules->size_v1_0), number(size)};
  }
  for (const RequiredOp& op : rules->required) {
    if (!op_is_set(f->ops, op.offset))
      return Refusal{field + ".ops." + op.name, "a function", "NULL"};
  }
  for (uint64_t k = 0; k < i; ++k) {
    if (plugin.factories[k]->kind == f->kind &&
        *text(plugin.factories[k]->id, kMaxIdBytes) == *id) {
      return Refusal{field + ".id", "one factory of an id in kind " + std::string(rules->name),
                     shown(id) + " twice"};
    }
  }
  return std::nullopt;
}

}  // namespace negotiate_detail

// Checks a manifest in the order that rhumb/plugin.h documents. It reads a field only after the
// fields before it have passed. The answer is empty if the plugin is accepted. The caller itself
// checks whether another plugin has the same ids.
inline std::optional<Refusal> negotiate(const rhumb_plugin_t* plugin, const HostAbi& host = {}) {
  using namespace negotiate_detail;
  if (plugin == nullptr) return Refusal{RHUMB_PLUGIN_SYMBOL "()", "a manifest", "NULL"};
  if (plugin->magic != RHUMB_PLUGIN_MAGIC)
    return Refusal{"magic", hex(RHUMB_PLUGIN_MAGIC), hex(plugin->magic)};
  if (plugin->struct_size < sizeof(rhumb_plugin_t)) {
    return Refusal{"struct_size", ">= " + number(sizeof(rhumb_plugin_t)),
                   number(plugin->struct_size)};
  }
  if (plugin->abi_major != host.major)
    return Refusal{"abi_major", number(host.major), number(plugin->abi_major)};
  if (plugin->abi_minor_min > host.minor) {
    return Refusal{"abi_minor_min", "<= " + number(host.minor), number(plugin->abi_minor_min)};
  }
  if (plugin->draft != 0) {
    const auto hash = text(plugin->draft_hash, kMaxManifestText);
    if (!hash || *hash != host.draft_hash)
      return Refusal{"draft_hash", shown(host.draft_hash), shown(hash)};
  }
  const auto id = text(plugin->id, kMaxIdBytes);
  if (!is_id(id)) return Refusal{"id", "[a-z0-9_]{1,64}", shown(id)};
  const auto version = text(plugin->version, kMaxManifestText);
  if (!version || version->empty()) return Refusal{"version", "a version", shown(version)};
  const auto license = text(plugin->license, kMaxManifestText);
  if (!license || license->empty()) return Refusal{"license", "an SPDX expression", shown(license)};
  if (plugin->factory_count == 0 || plugin->factory_count > kMaxFactories) {
    return Refusal{"factory_count", "1 to " + number(kMaxFactories), number(plugin->factory_count)};
  }
  if (plugin->factories == nullptr) return Refusal{"factories", "a list of factories", "NULL"};
  for (uint64_t i = 0; i < plugin->factory_count; ++i) {
    if (auto refusal = check_factory(*plugin, i)) return refusal;
  }
  return std::nullopt;
}

// Returns the plugin's table as this side knows it: filled with zeros, with the common part copied.
// A function that the plugin's table lacks is NULL afterwards.
template <typename Ops>
Ops normalise(const void* ops) {
  Ops own{};
  uint32_t size = 0;
  std::memcpy(&size, ops, sizeof size);
  // All members after the head are pointers, so only whole pointers are copied.
  const size_t common = (size < sizeof(Ops) ? size : sizeof(Ops)) / sizeof(void*) * sizeof(void*);
  std::memcpy(&own, ops, common);
  own.struct_size = static_cast<uint32_t>(common);
  return own;
}

}  // namespace rhumb
