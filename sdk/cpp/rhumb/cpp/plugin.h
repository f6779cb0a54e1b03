// Rhumb plugin SDK, C++ face: an engine is a class. The templates of this folder make the table of
// its kind from the class. Every function of the table stops exceptions.
//
//   class Flat {
//    public:
//     static constexpr const char* kId = "flat";
//     static constexpr const char* kVersion = "1.0.0";
//     Flat(const rhumb_host_t* host, const rhumb_index_open_t& open);  // throws rhumb::Error
//     void search(const rhumb_call_t*, const rhumb_query_t&, rhumb_hits_t&);
//     ...  // the members that rhumb/cpp/index_engine.h lists
//   };
//   RHUMB_PLUGIN("my_flat", "1.0.0", "Apache-2.0", &rhumb::index_factory<Flat>)
//
// A member may return rhumb_status_t. It may also return void and throw. An optional member that a
// class does not have is NULL in its table.
#pragma once

#include <concepts>
#include <iterator>
#include <type_traits>

#include "rhumb/cpp/guard.h"
#include "rhumb/draft.h"
#include "rhumb/plugin.h"

namespace rhumb {

// Returns the capability bits of an engine: its static constexpr uint32_t kCaps, or 0 if it has
// none.
template <typename T>
constexpr uint32_t caps_of() {
  if constexpr (requires { T::kCaps; })
    return T::kCaps;
  else
    return 0;
}

// The functions that all kinds share. The opaque instance of the C side is the C++ object.
template <typename T, typename Self, typename Open>
struct Instance {
  static T& of(Self* self) noexcept { return *reinterpret_cast<T*>(self); }
  static rhumb_status_t open(const rhumb_host_t* host, const Open* open, Self** out,
                             rhumb_error_t* error) noexcept {
    return guard(error, [&] { *out = reinterpret_cast<Self*>(new T(host, *open)); });
  }
  static void close(Self* self) noexcept { delete reinterpret_cast<T*>(self); }
  static const void* get_extension(Self* self, const char* id) noexcept {
    if constexpr (requires {
                    { of(self).get_extension(id) }
                    noexcept->std::same_as<const void*>;
                  })
      return of(self).get_extension(id);
    else
      return nullptr;
  }
};

// Fills the caller's buffer with the string that make() returns. If make() throws, the buffer stays
// as it was.
template <typename Make>
rhumb_status_t give(rhumb_buffer_t* out, Make make) noexcept {
  return guard(nullptr, [&] { *out = buffer(make()); });
}

}  // namespace rhumb

// Defines the one function that a plugin exports. It takes any number of factories:
//   RHUMB_PLUGIN("id", "1.2.3", "Apache-2.0", &rhumb::kv_factory<Store>, ...)
#define RHUMB_PLUGIN(plugin_id, plugin_version, plugin_license, ...)      \
  RHUMB_EXPORT const rhumb_plugin_t* RHUMB_CALL rhumb_plugin_v1(void) {   \
    static constexpr const rhumb_factory_t* kFactories[] = {__VA_ARGS__}; \
    static constexpr rhumb_plugin_t kPlugin = {RHUMB_PLUGIN_MAGIC,        \
                                               sizeof(rhumb_plugin_t),    \
                                               RHUMB_ABI_MAJOR,           \
                                               0,                         \
                                               RHUMB_ABI_MINOR,           \
                                               1,                         \
                                               plugin_id,                 \
                                               plugin_version,            \
                                               plugin_license,            \
                                               RHUMB_DRAFT_HASH,          \
                                               std::size(kFactories),     \
                                               kFactories};               \
    return &kPlugin;                                                      \
  }
