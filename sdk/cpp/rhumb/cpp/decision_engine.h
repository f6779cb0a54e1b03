// Rhumb plugin SDK, C++ face: the engines that only decide and do no I/O. A class must have these
// members. The headers in parentheses say what they do.
//
// Authentication (rhumb/auth.h):
//   T(const rhumb_host_t*, const rhumb_open_t&)
//   authenticate(const rhumb_call_t*, std::string_view scheme, std::string_view token,
//                rhumb_principal_t& out)
//   authorize(const rhumb_call_t*, const rhumb_principal_t&, uint32_t action,
//             std::string_view resource, rhumb_decision_t& out)
// Router (rhumb/router.h):
//   T(const rhumb_host_t*, const rhumb_open_t&)
//   place(std::span<const rhumb_slice_t> keys, uint32_t* buckets)
//   assign(std::span<const rhumb_bucket_run_t> now, std::span<const rhumb_shard_t> shards,
//          std::span<rhumb_bucket_run_t> out, uint64_t* out_count)
// Consensus (rhumb/consensus.h):
//   T(const rhumb_host_t*, const rhumb_consensus_open_t&)
//   step(const rhumb_event_t&, rhumb_effects_t& out)
#pragma once

#include <span>

#include "rhumb/auth.h"
#include "rhumb/consensus.h"
#include "rhumb/cpp/plugin.h"
#include "rhumb/router.h"

namespace rhumb {

template <typename T>
struct AuthThunks : Instance<T, rhumb_auth_t, rhumb_open_t> {
  using Base = Instance<T, rhumb_auth_t, rhumb_open_t>;
  static rhumb_status_t authenticate(rhumb_auth_t* self, const rhumb_call_t* call,
                                     rhumb_slice_t scheme, rhumb_slice_t token,
                                     rhumb_principal_t* out, rhumb_error_t* error) noexcept {
    return guard(
        error, [&] { return Base::of(self).authenticate(call, view(scheme), view(token), *out); });
  }
  static rhumb_status_t authorize(rhumb_auth_t* self, const rhumb_call_t* call,
                                  const rhumb_principal_t* who, uint32_t action,
                                  rhumb_slice_t resource, rhumb_decision_t* out,
                                  rhumb_error_t* error) noexcept {
    return guard(
        error, [&] { return Base::of(self).authorize(call, *who, action, view(resource), *out); });
  }
};
template <typename T>
inline constexpr rhumb_auth_ops_t auth_ops = {
    sizeof(rhumb_auth_ops_t),     caps_of<T>(),
    AuthThunks<T>::open,          AuthThunks<T>::close,
    AuthThunks<T>::get_extension, AuthThunks<T>::authenticate,
    AuthThunks<T>::authorize};
template <typename T>
inline constexpr rhumb_factory_t auth_factory = {sizeof(rhumb_factory_t), RHUMB_KIND_AUTH, T::kId,
                                                 T::kVersion, &auth_ops<T>};

template <typename T>
struct RouterThunks : Instance<T, rhumb_router_t, rhumb_open_t> {
  using Base = Instance<T, rhumb_router_t, rhumb_open_t>;
  static rhumb_status_t place(rhumb_router_t* self, const rhumb_slice_t* keys, uint64_t n,
                              uint32_t* buckets, rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).place(std::span(keys, n), buckets); });
  }
  static rhumb_status_t assign(rhumb_router_t* self, const rhumb_bucket_run_t* now,
                               uint64_t run_count, const rhumb_shard_t* shards,
                               uint64_t shard_count, rhumb_bucket_run_t* out, uint64_t capacity,
                               uint64_t* out_count, rhumb_error_t* error) noexcept {
    return guard(error, [&] {
      return Base::of(self).assign(std::span(now, run_count), std::span(shards, shard_count),
                                   std::span(out, capacity), out_count);
    });
  }
};
template <typename T>
inline constexpr rhumb_router_ops_t router_ops = {
    sizeof(rhumb_router_ops_t),     caps_of<T>(),
    RouterThunks<T>::open,          RouterThunks<T>::close,
    RouterThunks<T>::get_extension, RouterThunks<T>::place,
    RouterThunks<T>::assign};
template <typename T>
inline constexpr rhumb_factory_t router_factory = {sizeof(rhumb_factory_t), RHUMB_KIND_ROUTER,
                                                   T::kId, T::kVersion, &router_ops<T>};

template <typename T>
struct ConsensusThunks : Instance<T, rhumb_consensus_t, rhumb_consensus_open_t> {
  using Base = Instance<T, rhumb_consensus_t, rhumb_consensus_open_t>;
  static rhumb_status_t step(rhumb_consensus_t* self, const rhumb_event_t* event,
                             rhumb_effects_t* out, rhumb_error_t* error) noexcept {
    return guard(error, [&] { return Base::of(self).step(*event, *out); });
  }
};
template <typename T>
inline constexpr rhumb_consensus_ops_t consensus_ops = {
    sizeof(rhumb_consensus_ops_t),     caps_of<T>(),
    ConsensusThunks<T>::open,          ConsensusThunks<T>::close,
    ConsensusThunks<T>::get_extension, ConsensusThunks<T>::step};
template <typename T>
inline constexpr rhumb_factory_t consensus_factory = {sizeof(rhumb_factory_t), RHUMB_KIND_CONSENSUS,
                                                      T::kId, T::kVersion, &consensus_ops<T>};

}  // namespace rhumb
