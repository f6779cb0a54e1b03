#include "host/segment/columns/override_log.h"

#include <cstring>

#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/base/planted.h"

namespace rhumb::segment {

using base::Status;

namespace {

constexpr uint64_t record_bytes(uint64_t text_bytes) {
  return (sizeof(OverrideHeader) + text_bytes + 7) / 8 * 8;
}

uint32_t record_crc(const OverrideHeader& header, std::string_view text) {
  const auto* bytes = reinterpret_cast<const char*>(&header);
  return base::crc32c(
      text, base::crc32c({bytes + sizeof(header.crc), sizeof(header) - sizeof(header.crc)}));
}

}  // namespace

Status OverrideLog::open(const std::string& path, uint64_t length, uint64_t reserve_bytes,
                         ExtentLimits extents) {
  path_ = path;
  reserve_bytes_ = reserve_bytes;
  extents_ = extents;
  if (length == 0 && !base::exists(path)) return base::ok();
  RHUMB_ASSIGN(column_, Column::open(path, length, reserve_bytes, extents));
  RHUMB_TRY(load(length));
  opened_.store(true, std::memory_order_release);
  return base::ok();
}

Status OverrideLog::load(uint64_t length) {
  const auto damaged = [this](uint64_t at) {
    return base::corrupt(path_ + " at offset " + std::to_string(at) + ": damaged record");
  };
  const base::WriterLock lock(mutex_);
  for (uint64_t at = 0; at < length;) {
    OverrideHeader header;
    if (length - at < sizeof(header)) return damaged(at);
    std::memcpy(&header, column_.data() + at, sizeof(header));
    if (header.bytes > base::limits::kMaxPayloadBytes || record_bytes(header.bytes) > length - at)
      return damaged(at);
    if (record_crc(header, column_.view(at + sizeof(header), header.bytes)) != header.crc)
      return damaged(at);
    newest_[header.slot] = {header.version, at + sizeof(header), header.bytes};
    at += record_bytes(header.bytes);
  }
  count_.store(newest_.size(), std::memory_order_release);
  return column_.poisoned() ? damaged(0) : base::ok();
}

Status OverrideLog::create() {
  RHUMB_ASSIGN(column_, Column::open(path_, 0, reserve_bytes_, extents_));
  RHUMB_TRY(base::sync_dir(path_.substr(0, path_.rfind('/'))));
  opened_.store(true, std::memory_order_release);
  return base::ok();
}

bool OverrideLog::fits(size_t text_bytes) const {
  return length() + record_bytes(text_bytes) <= reserve_bytes_;
}

Status OverrideLog::append(uint32_t slot, uint64_t version, std::string_view text) {
  if (RHUMB_PLANTED(kLostOverride)) return base::ok();
  if (!opened_.load(std::memory_order_relaxed)) RHUMB_TRY(create());
  OverrideHeader header;
  header.slot = slot;
  header.version = version;
  header.bytes = static_cast<uint32_t>(text.size());
  header.crc = record_crc(header, text);
  std::string record(reinterpret_cast<const char*>(&header), sizeof(header));
  record.append(text);
  record.resize(record_bytes(text.size()), '\0');
  RHUMB_ASSIGN(const uint64_t offset, column_.append(record));
  RHUMB_TRY(column_.flush());
  const base::WriterLock lock(mutex_);
  newest_[slot] = {version, offset + sizeof(header), header.bytes};
  count_.store(newest_.size(), std::memory_order_release);
  return base::ok();
}

std::optional<Override> OverrideLog::find(uint32_t slot) const {
  if (empty()) return std::nullopt;
  const base::ReaderLock lock(mutex_);
  const auto it = newest_.find(slot);
  return it == newest_.end() ? std::nullopt : std::optional(it->second);
}

Status OverrideLog::each(uint64_t from, uint64_t to,
                         const std::function<Status(uint32_t slot)>& visit) const {
  while (from < to) {
    OverrideHeader header;
    std::memcpy(&header, column_.data() + from, sizeof(header));
    RHUMB_TRY(visit(header.slot));
    from += record_bytes(header.bytes);
  }
  return base::ok();
}

Status OverrideLog::check(uint32_t slot, const Override& entry) const {
  OverrideHeader header;
  std::memcpy(&header, column_.data() + entry.offset - sizeof(header), sizeof(header));
  const bool intact = header.slot == slot && header.version == entry.version &&
                      header.bytes == entry.bytes &&
                      record_crc(header, text(entry)) == header.crc && !column_.poisoned();
  if (intact) return base::ok();
  return base::corrupt(path_ + " at offset " + std::to_string(entry.offset - sizeof(header)) +
                       ": damaged record");
}

}  // namespace rhumb::segment
