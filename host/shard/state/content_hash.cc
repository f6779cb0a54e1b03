#include "host/shard/state/content_hash.h"

#include <xxhash.h>

#include <cstring>
#include <memory>

#include "host/base/bytes.h"
#include "host/model/id.h"
#include "host/payload/json/mutate.h"

namespace rhumb::shard {
namespace {

constexpr uint32_t kBuckets = 4096;  // fixed, as docs/ARCHITECTURE.md says

using Wide = unsigned __int128;
Wide wide(const Hash& h) {
  Wide value = 0;
  std::memcpy(&value, h.data(), sizeof(value));
  return value;
}
Hash narrow(Wide value) {
  Hash h;
  std::memcpy(h.data(), &value, sizeof(value));
  return h;
}

struct FreeState {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

void feed(XXH3_state_t* state, std::string_view bytes) {
  const auto length = static_cast<uint64_t>(bytes.size());
  XXH3_128bits_update(state, &length, sizeof(length));
  XXH3_128bits_update(state, bytes.data(), bytes.size());
}

}  // namespace

base::Result<Hash> content_hash(std::string_view id_key, std::string_view payload,
                                const HashedVectors& vectors) {
  RHUMB_ASSIGN(const std::string canonical, payload::canonical_payload_v1(payload));
  thread_local const std::unique_ptr<XXH3_state_t, FreeState> state(XXH3_createState());
  XXH3_128bits_reset(state.get());
  feed(state.get(), id_key);
  feed(state.get(), canonical);
  for (const auto& [name, bytes] : vectors) {
    feed(state.get(), name);
    feed(state.get(), bytes);
  }
  XXH128_canonical_t canonical_hash;  // big-endian, so that the bytes are the same on every machine
  XXH128_canonicalFromHash(&canonical_hash, XXH3_128bits_digest(state.get()));
  Hash hash;
  std::memcpy(hash.data(), canonical_hash.digest, hash.size());
  return hash;
}

uint32_t HashSums::group_of(std::string_view id_key) {
  return model::bucket_of_key(id_key) / (kBuckets / kGroups);
}

void HashSums::add(std::string_view id_key, const Hash& hash) {
  const uint32_t group = group_of(id_key);
  sums_[group] = narrow(wide(sums_[group]) + wide(hash));
  changed_.insert(group);
}

void HashSums::subtract(std::string_view id_key, const Hash& hash) {
  const uint32_t group = group_of(id_key);
  sums_[group] = narrow(wide(sums_[group]) - wide(hash));
  changed_.insert(group);
}

Hash HashSums::total() const {
  Wide total = 0;
  for (const Hash& sum : sums_) total += wide(sum);
  return narrow(total);
}

}  // namespace rhumb::shard
