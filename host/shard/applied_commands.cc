#include "host/shard/applied_commands.h"

#include <xxhash.h>

#include <algorithm>

#include "host/base/bytes.h"
#include "host/base/limits.h"

namespace rhumb::shard {

using base::limits::kDedupWindowEntries;

AppliedCommands::Identity AppliedCommands::identity(const model::Command& command, std::string_view entry) {
  constexpr size_t kHeaderBytes = 40;  // format, kind, level, session, sequence, request id: decisions.md
  const model::CommandHeader& header = command.header;
  const bool by_request = header.request_id != std::array<uint8_t, 16>{};
  if (!by_request && header.session == 0) return {};
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u8(by_request ? 1 : 0);
  if (by_request)
    out.fixed(header.request_id);
  else
    out.u64(header.session);
  out.u64(header.sequence);
  out.u16(static_cast<uint16_t>(header.kind));
  const std::string_view body = entry.substr(std::min(kHeaderBytes, entry.size()));
  out.fixed(XXH3_128bits(body.data(), body.size()));
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  Identity who;
  std::memcpy(who.data(), &hash, who.size());
  return who;
}

bool AppliedCommands::seen_before(const Identity& who, uint64_t index) const {
  if (who == Identity{}) return false;
  const auto it = by_identity_.find(who);
  return it != by_identity_.end() && it->second < index && index - it->second <= kDedupWindowEntries;
}

bool AppliedCommands::applied_at(const Identity& who, uint64_t index) const {
  if (who == Identity{}) return true;
  const auto it = std::lower_bound(in_order_.begin(), in_order_.end(), index,
                                   [](const Remembered& e, uint64_t i) { return e.index < i; });
  return it != in_order_.end() && it->index == index;
}

void AppliedCommands::remember(const Identity& who, uint64_t index) {
  if (who == Identity{}) return;
  by_identity_[who] = index;
  in_order_.push_back({index, who});
  batch_.push_back({index, who});
  if (index > kDedupWindowEntries) forget_before(index - kDedupWindowEntries);
}

void AppliedCommands::forget_before(uint64_t index) {
  while (!in_order_.empty() && in_order_.front().index < index) {
    const auto it = by_identity_.find(in_order_.front().who);
    if (it != by_identity_.end() && it->second == in_order_.front().index) by_identity_.erase(it);
    in_order_.pop_front();
  }
}

uint64_t AppliedCommands::forgettable(uint64_t watermark) {
  return watermark > kDedupWindowEntries ? watermark - kDedupWindowEntries : 0;
}

std::string AppliedCommands::take_batch() {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u32(static_cast<uint32_t>(batch_.size()));
  for (const Remembered& entry : batch_) {
    out.u64(entry.index);
    out.fixed(entry.who);
  }
  batch_.clear();
  return bytes;
}

base::Status AppliedCommands::load_batch(std::string_view value) {
  base::ByteReader in(value);
  for (uint32_t left = in.count(sizeof(uint64_t) + sizeof(Identity)); left > 0; --left) {
    Remembered entry;
    entry.index = in.u64();
    entry.who = in.fixed<Identity>();
    by_identity_[entry.who] = entry.index;
    in_order_.push_back(entry);
  }
  return in.done() ? base::ok() : base::corrupt("key-value store: damaged list of client commands");
}

}  // namespace rhumb::shard
