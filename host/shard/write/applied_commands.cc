#include "host/shard/write/applied_commands.h"

#include <xxhash.h>

#include <algorithm>

#include "host/base/bytes.h"
#include "host/base/limits.h"
#include "host/base/planted.h"
#include "host/shard/state/tables.h"

namespace rhumb::shard {

namespace limits = base::limits;
using model::CommandHeader;

namespace {

constexpr uint8_t kRowFormat = 1;
constexpr size_t kEntryBytes = 8 + 8 + 16 + 8 + 8 + 4 + 4;
constexpr size_t kHeaderBytes = 40;  // of a command: docs/formats/command.md

AppliedCommands::Identity hashed(const std::string& bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  AppliedCommands::Identity who;
  std::memcpy(who.data(), &hash, who.size());
  return who;
}

// The bytes of the request id or session and of the operation's number. Empty if the header has
// neither.
std::string name_of(const CommandHeader& header) {
  std::string bytes;
  base::ByteWriter out(bytes);
  const bool by_request = header.request_id != std::array<uint8_t, 16>{};
  if (!by_request && header.session == 0) return bytes;
  out.u8(by_request ? 1 : 0);
  if (by_request)
    out.fixed(header.request_id);
  else
    out.u64(header.session);
  out.u64(header.sequence);
  return bytes;
}

}  // namespace

AppliedCommands::~AppliedCommands() {
  if (budget_ != nullptr) budget_->changed(in_order_.size(), 0);
}

AppliedCommands::Identity AppliedCommands::identity(const CommandHeader& header) {
  const std::string name = name_of(header);
  return name.empty() ? Identity{} : hashed(name);
}

AppliedCommands::Identity AppliedCommands::identity(const model::Command& command,
                                                    std::string_view entry) {
  const bool of_content =
      command.header.feature_level < model::kConditionsAtApply || RHUMB_PLANTED(kIdentityOfContent);
  if (!of_content) return identity(command.header);
  std::string name = name_of(command.header);
  if (name.empty()) return {};
  base::ByteWriter out(name);
  out.u16(static_cast<uint16_t>(command.header.kind));
  std::string_view body = entry.substr(std::min(kHeaderBytes, entry.size()));
  if (command.header.feature_level >= model::kConditionsAtApply)
    body = body.substr(0, body.size() - std::min<size_t>(body.size(), 20));
  out.fixed(XXH3_128bits(body.data(), body.size()));
  return hashed(name);
}

void AppliedCommands::advance(const model::Command& command) {
  if (command.header.feature_level < model::kConditionsAtApply) return;
  log_time_ms_ = std::max(log_time_ms_, command.clock_ms);
  forget_beyond(command.request_limit);
}

// Not analysed: it runs on the apply thread, the only one that writes the maps.
AppliedCommands::Verdict AppliedCommands::judge(const Identity& who, const model::Command& command,
                                                uint64_t index) const
    RHUMB_NO_THREAD_SAFETY_ANALYSIS {
  if (who == Identity{}) return Verdict::kApply;
  const auto it = operations_.find(who);
  if (it == operations_.end()) return Verdict::kApply;
  const Operation& known = it->second;
  if (command.header.feature_level < model::kConditionsAtApply)
    return index - known.index <= limits::kDedupWindowEntries ? Verdict::kDone : Verdict::kApply;
  if (known.whole()) return Verdict::kDone;
  const bool same = unfinished_.at(who).attempt == command.attempt;
  return command.part == (same ? known.next_part : 0) ? Verdict::kApply : Verdict::kSuperseded;
}

bool AppliedCommands::applied_at(const Identity& who, uint64_t index) const {
  if (who == Identity{}) return true;
  const auto it = std::lower_bound(in_order_.begin(), in_order_.end(), index,
                                   [](const Remembered& e, uint64_t i) { return e.index < i; });
  return it != in_order_.end() && it->index == index;
}

// Not analysed: it runs on the apply thread, the only one that writes the maps.
uint64_t AppliedCommands::affected_before(const Identity& who) const
    RHUMB_NO_THREAD_SAFETY_ANALYSIS {
  const auto known = operations_.find(who);
  return known == operations_.end() || known->second.whole() ? 0 : known->second.affected;
}

CommandOutcome AppliedCommands::remember(const Identity& who, const model::Command& command,
                                         uint64_t index, uint64_t affected) {
  if (who == Identity{}) return {index, affected, command.part + 1 == command.parts, false};
  Entry entry;
  entry.index = index;
  entry.time_ms = log_time_ms_;
  entry.who = who;
  entry.affected = affected + affected_before(who);
  // At earlier feature levels each part is remembered by itself.
  if (command.header.feature_level >= model::kConditionsAtApply) {
    entry.attempt = command.attempt;
    entry.part = command.part;
    entry.parts = command.parts;
  }
  const CommandOutcome outcome = take_in(entry);
  batch_.push_back(entry);
  if (command.header.feature_level < model::kConditionsAtApply) {
    if (index > limits::kDedupWindowEntries)
      forget_through(index - limits::kDedupWindowEntries - 1);
  } else {
    forget_beyond(command.request_limit);
  }
  return outcome;
}

CommandOutcome AppliedCommands::take_in(const Entry& entry) {
  in_order_.push_back(entry);
  if (budget_ != nullptr) budget_->changed(in_order_.size() - 1, in_order_.size());
  base::MutexLock lock(mutex_);
  Operation& operation = operations_[entry.who];
  if (operation.whole()) operation = {};
  operation.index = entry.index;
  operation.affected = entry.affected;
  operation.next_part = entry.part + 1;
  operation.parts = entry.parts;
  if (operation.whole()) {
    unfinished_.erase(entry.who);
  } else {
    Unfinished& unfinished = unfinished_[entry.who];
    unfinished.attempt = entry.attempt;
    unfinished.indexes.push_back(entry.index);
  }
  return {operation.index, operation.affected, operation.whole(), false};
}

std::optional<CommandOutcome> AppliedCommands::outcome(const Identity& who,
                                                       uint64_t applied) const {
  base::MutexLock lock(mutex_);
  const auto it = operations_.find(who);
  if (it == operations_.end() || it->second.index > applied) return std::nullopt;
  return CommandOutcome{it->second.index, it->second.affected, it->second.whole(), false};
}

std::vector<uint64_t> AppliedCommands::parts(const Identity& who) const {
  base::MutexLock lock(mutex_);
  const auto it = unfinished_.find(who);
  return it == unfinished_.end() ? std::vector<uint64_t>() : it->second.indexes;
}

void AppliedCommands::forget_beyond(uint32_t limit) {
  const auto too_old = [this](const Remembered& r) {
    return r.time_ms + limits::kRequestMemoryMs < log_time_ms_;
  };
  const size_t most = std::min(limit, limits::kMaxRequests);
  while (!in_order_.empty() && (in_order_.size() > most || too_old(in_order_.front())))
    forget_oldest();
}

void AppliedCommands::forget_oldest() {
  const Remembered oldest = in_order_.front();
  in_order_.pop_front();
  if (budget_ != nullptr) budget_->changed(in_order_.size() + 1, in_order_.size());
  forgotten_through_ = oldest.index;
  base::MutexLock lock(mutex_);
  const auto it = operations_.find(oldest.who);
  if (it == operations_.end() || it->second.index != oldest.index) return;
  operations_.erase(it);
  unfinished_.erase(oldest.who);
}

void AppliedCommands::forget_through(uint64_t index) {
  while (!in_order_.empty() && in_order_.front().index <= index) forget_oldest();
}

uint64_t AppliedCommands::level_1_forgettable(uint64_t watermark) {
  return watermark > limits::kDedupWindowEntries ? watermark - limits::kDedupWindowEntries : 0;
}

void AppliedCommands::begin_replay(uint64_t log_time_ms, uint64_t forgotten_through) {
  log_time_ms_ = log_time_ms;
  forgotten_through_ = forgotten_through;
}

void AppliedCommands::end_replay() { forget_through(forgotten_through_); }

std::string AppliedCommands::take_batch() {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u8(kRowFormat);
  out.u32(kEntryBytes);
  out.u32(static_cast<uint32_t>(batch_.size()));
  for (const Entry& entry : batch_) {
    out.u64(entry.index);
    out.u64(entry.time_ms);
    out.fixed(entry.who);
    out.u64(entry.attempt);
    out.u64(entry.affected);
    out.u32(entry.part);
    out.u32(entry.parts);
  }
  batch_.clear();
  return bytes;
}

base::Status AppliedCommands::load_batch(std::string_view value) {
  base::ByteReader in(value);
  const uint8_t format = in.u8();
  if (format > kRowFormat) return newer_format("applied requests", format, kRowFormat);
  const uint32_t bytes = in.u32();
  base::Status damaged = base::corrupt("key-value store: damaged list of applied requests");
  if (format != kRowFormat || bytes < kEntryBytes) return damaged;
  for (uint32_t left = in.count(bytes); left > 0; --left) {
    Entry entry;
    entry.index = in.u64();
    entry.time_ms = in.u64();
    entry.who = in.fixed<Identity>();
    entry.attempt = in.u64();
    entry.affected = in.u64();
    entry.part = in.u32();
    entry.parts = in.u32();
    in.raw(bytes - kEntryBytes);  // a later release may have added fields
    take_in(entry);
  }
  return in.done() ? base::ok() : damaged;
}

base::Status AppliedCommands::load_level_1(std::string_view value) {
  base::ByteReader in(value);
  for (uint32_t left = in.count(sizeof(uint64_t) + sizeof(Identity)); left > 0; --left) {
    Entry entry;
    entry.index = in.u64();
    entry.who = in.fixed<Identity>();
    take_in(entry);
  }
  return in.done() ? base::ok() : base::corrupt("key-value store: damaged list of client commands");
}

}  // namespace rhumb::shard
