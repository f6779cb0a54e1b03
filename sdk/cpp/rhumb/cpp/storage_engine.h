// Rhumb plugin SDK, C++ face: storage engines. A class must have these members. rhumb/storage.h
// says what their arguments mean and what they must do.
//
// Key-value store:
//   T(const rhumb_host_t*, const rhumb_open_t&)
//   write(const rhumb_call_t*, const rhumb_write_t*, uint64_t n)
//   flush(rhumb_done_t)
//   get(const rhumb_call_t*, uint32_t table, std::string_view key, rhumb_buffer_t* out)
//   scan(const rhumb_call_t*, uint32_t table, std::string_view first, std::string_view last,
//        uint32_t flags, rhumb_visit_fn, void* ctx)
//   checkpoint(std::string_view dir, rhumb_moment_fn moment, void* ctx)
// Log:
//   T(const rhumb_host_t*, const rhumb_open_t&)
//   append(const rhumb_log_entry_t*, uint64_t n, rhumb_done_t)
//   read(uint64_t group, uint64_t first, uint64_t last, uint64_t max_bytes,
//        rhumb_log_visit_fn, void* ctx)
//   release(uint64_t group, uint64_t index)
//   drop_group(uint64_t group)
//   recover(rhumb_log_visit_fn, void* ctx)
//   std::string stats()
//
// append() and flush() refuse by throwing or by returning a status. The callback of rhumb_done_t
// then never fires.
#pragma once

#include "rhumb/cpp/plugin.h"
#include "rhumb/storage.h"

namespace rhumb {

template <typename T>
struct KvThunks : Instance<T, rhumb_storage_t, rhumb_open_t> {
  using Base = Instance<T, rhumb_storage_t, rhumb_open_t>;
  static rhumb_status_t write(rhumb_storage_t* self, const rhumb_call_t* call,
                              const rhumb_write_t* writes, uint64_t n,
                              rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).write(call, writes, n); });
  }
  static rhumb_status_t flush(rhumb_storage_t* self, rhumb_done_t done) noexcept {
    return guard(nullptr, [&] { return Base::of(self).flush(done); });
  }
  static rhumb_status_t get(rhumb_storage_t* self, const rhumb_call_t* call, uint32_t table,
                            rhumb_slice_t key, rhumb_buffer_t* out, rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).get(call, table, view(key), out); });
  }
  static rhumb_status_t scan(rhumb_storage_t* self, const rhumb_call_t* call, uint32_t table,
                             rhumb_slice_t first, rhumb_slice_t last, uint32_t flags,
                             rhumb_visit_fn visit, void* ctx, rhumb_error_t* error) noexcept {
    return guard(error, [&] {
      return Base::of(self).scan(call, table, view(first), view(last), flags, visit, ctx);
    });
  }
  static rhumb_status_t checkpoint(rhumb_storage_t* self, rhumb_slice_t dir, rhumb_moment_fn moment,
                                   void* ctx, rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).checkpoint(view(dir), moment, ctx); });
  }
};

template <typename T>
struct LogThunks : Instance<T, rhumb_storage_t, rhumb_open_t> {
  using Base = Instance<T, rhumb_storage_t, rhumb_open_t>;
  static rhumb_status_t append(rhumb_storage_t* self, const rhumb_log_entry_t* entries, uint64_t n,
                               rhumb_error_t* error, rhumb_done_t done) noexcept {
    return guard(error, [&] { return Base::of(self).append(entries, n, done); });
  }
  static rhumb_status_t read(rhumb_storage_t* self, uint64_t group, uint64_t first, uint64_t last,
                             uint64_t max_bytes, rhumb_log_visit_fn visit, void* ctx,
                             rhumb_error_t* error) noexcept {
    return guard(error,
                 [&] { return Base::of(self).read(group, first, last, max_bytes, visit, ctx); });
  }
  static rhumb_status_t release(rhumb_storage_t* self, uint64_t group, uint64_t index,
                                rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).release(group, index); });
  }
  static rhumb_status_t drop_group(rhumb_storage_t* self, uint64_t group,
                                   rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).drop_group(group); });
  }
  static rhumb_status_t recover(rhumb_storage_t* self, rhumb_log_visit_fn visit, void* ctx,
                                rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).recover(visit, ctx); });
  }
  static rhumb_status_t stats(rhumb_storage_t* self, rhumb_buffer_t* out) noexcept {
    return give(out, [&] { return Base::of(self).stats(); });
  }
};

template <typename T>
inline constexpr rhumb_kv_ops_t kv_ops = {
    sizeof(rhumb_kv_ops_t),     caps_of<T>(),           KvThunks<T>::open,  KvThunks<T>::close,
    KvThunks<T>::get_extension, KvThunks<T>::write,     KvThunks<T>::flush, KvThunks<T>::get,
    KvThunks<T>::scan,          KvThunks<T>::checkpoint};
template <typename T>
inline constexpr rhumb_factory_t kv_factory = {sizeof(rhumb_factory_t), RHUMB_KIND_KV, T::kId,
                                               T::kVersion, &kv_ops<T>};

template <typename T>
inline constexpr rhumb_log_ops_t log_ops = {
    sizeof(rhumb_log_ops_t),     caps_of<T>(),          LogThunks<T>::open, LogThunks<T>::close,
    LogThunks<T>::get_extension, LogThunks<T>::append,  LogThunks<T>::read, LogThunks<T>::release,
    LogThunks<T>::drop_group,    LogThunks<T>::recover, LogThunks<T>::stats};
template <typename T>
inline constexpr rhumb_factory_t log_factory = {sizeof(rhumb_factory_t), RHUMB_KIND_LOG, T::kId,
                                                T::kVersion, &log_ops<T>};

}  // namespace rhumb
