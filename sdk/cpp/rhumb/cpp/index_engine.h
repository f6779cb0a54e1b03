// Rhumb plugin SDK, C++ face: index engines. A class must have these members. rhumb/index.h says
// what their arguments mean and what they must do.
//
//   T(const rhumb_host_t*, const rhumb_index_open_t&)
//   static std::string describe()
//   build(const rhumb_call_t*, uint32_t slot_end, const uint64_t* live, const rhumb_progress_t*)
//   search(const rhumb_call_t*, const rhumb_query_t&, rhumb_hits_t&)
//   save(std::string_view dir)
//   std::string stats()
//
// These members are optional. A class with insert() gets RHUMB_CAP_INDEX_INSERT.
//   insert(const rhumb_call_t*, uint32_t slot_first, uint32_t slot_end)
//   const void* get_extension(const char* id) noexcept
#pragma once

#include "rhumb/cpp/plugin.h"
#include "rhumb/index.h"

namespace rhumb {

template <typename T>
struct IndexThunks : Instance<T, rhumb_index_t, rhumb_index_open_t> {
  using Base = Instance<T, rhumb_index_t, rhumb_index_open_t>;
  static constexpr bool kInserts = requires(T t, const rhumb_call_t* call) {
    t.insert(call, uint32_t{}, uint32_t{});
  };

  static rhumb_status_t describe(const rhumb_host_t*, rhumb_buffer_t* out) noexcept {
    return give(out, [] { return T::describe(); });
  }
  static rhumb_status_t build(rhumb_index_t* self, const rhumb_call_t* call, uint32_t slot_end,
                              const uint64_t* live, const rhumb_progress_t* progress,
                              rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).build(call, slot_end, live, progress); });
  }
  static rhumb_status_t insert(rhumb_index_t* self, const rhumb_call_t* call, uint32_t slot_first,
                               uint32_t slot_end, rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).insert(call, slot_first, slot_end); });
  }
  static rhumb_status_t search(rhumb_index_t* self, const rhumb_call_t* call,
                               const rhumb_query_t* query, rhumb_hits_t* out,
                               rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).search(call, *query, *out); });
  }
  static rhumb_status_t save(rhumb_index_t* self, rhumb_slice_t dir,
                             rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).save(view(dir)); });
  }
  static rhumb_status_t stats(rhumb_index_t* self, rhumb_buffer_t* out) noexcept {
    return give(out, [&] { return Base::of(self).stats(); });
  }
};

template <typename T>
constexpr rhumb_index_ops_t make_index_ops() {
  using Thunks = IndexThunks<T>;
  rhumb_index_ops_t ops{};
  ops.struct_size = sizeof ops;
  ops.caps = caps_of<T>();
  ops.open = Thunks::open;
  ops.close = Thunks::close;
  ops.get_extension = Thunks::get_extension;
  ops.describe = Thunks::describe;
  ops.build = Thunks::build;
  if constexpr (Thunks::kInserts) {
    ops.insert = Thunks::insert;
    ops.caps |= RHUMB_CAP_INDEX_INSERT;
  }
  ops.search = Thunks::search;
  ops.save = Thunks::save;
  ops.stats = Thunks::stats;
  return ops;
}
template <typename T>
inline constexpr rhumb_index_ops_t index_ops = make_index_ops<T>();
template <typename T>
inline constexpr rhumb_factory_t index_factory = {sizeof(rhumb_factory_t), RHUMB_KIND_INDEX, T::kId,
                                                  T::kVersion, &index_ops<T>};

}  // namespace rhumb
