#include "host/shard/applied_commands.h"

#include <xxhash.h>

#include <algorithm>

#include "host/base/bytes.h"
#include "host/base/limits.h"

namespace rhumb::shard {

using base::limits::kDedupWindowEntries;

AppliedCommands::Identity AppliedCommands::identity(const model::Command& command) {
  Identity who;
  who.session = command.header.session;
  who.sequence = command.header.sequence;
  who.part = command.part;
  if (who.session == 0) who.request_id = command.header.request_id;
  return who;
}

size_t AppliedCommands::HashIdentity::operator()(const Identity& who) const {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u64(who.session);
  out.u64(who.sequence);
  out.fixed(who.request_id);
  out.u32(who.part);
  return XXH3_64bits(bytes.data(), bytes.size());
}

bool AppliedCommands::seen_before(const Identity& who, uint64_t index) const {
  if (who.none()) return false;
  const auto it = by_identity_.find(who);
  return it != by_identity_.end() && it->second < index && index - it->second <= kDedupWindowEntries;
}

bool AppliedCommands::applied_at(const Identity& who, uint64_t index) const {
  if (who.none()) return true;
  const auto it = std::lower_bound(in_order_.begin(), in_order_.end(), index, [](const Remembered& e, uint64_t i) { return e.index < i; });
  return it != in_order_.end() && it->index == index;
}

void AppliedCommands::remember(const Identity& who, uint64_t index) {
  if (who.none()) return;
  by_identity_[who] = index;
  in_order_.push_back({who, index});
  batch_.push_back({who, index});
  if (index > kDedupWindowEntries) forget_before(index - kDedupWindowEntries);
}

void AppliedCommands::forget_before(uint64_t index) {
  while (!in_order_.empty() && in_order_.front().index < index) {
    const auto it = by_identity_.find(in_order_.front().who);
    if (it != by_identity_.end() && it->second == in_order_.front().index) by_identity_.erase(it);
    in_order_.pop_front();
  }
}

uint64_t AppliedCommands::forgettable(uint64_t watermark) { return watermark > kDedupWindowEntries ? watermark - kDedupWindowEntries : 0; }

std::string AppliedCommands::take_batch() {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u32(static_cast<uint32_t>(batch_.size()));
  for (const Remembered& entry : batch_) {
    out.u64(entry.index);
    out.u64(entry.who.session);
    out.u64(entry.who.sequence);
    out.fixed(entry.who.request_id);
    out.u32(entry.who.part);
  }
  batch_.clear();
  return bytes;
}

base::Status AppliedCommands::load_batch(std::string_view value) {
  constexpr size_t kEntryBytes = 44;
  base::ByteReader in(value);
  for (uint32_t left = in.count(kEntryBytes); left > 0; --left) {
    Remembered entry;
    entry.index = in.u64();
    entry.who.session = in.u64();
    entry.who.sequence = in.u64();
    entry.who.request_id = in.fixed<std::array<uint8_t, 16>>();
    entry.who.part = in.u32();
    by_identity_[entry.who] = entry.index;
    in_order_.push_back(entry);
  }
  return in.done() ? base::ok() : base::corrupt("key-value store: damaged list of client commands");
}

}  // namespace rhumb::shard
