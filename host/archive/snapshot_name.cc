#include "host/archive/snapshot_name.h"

#include <array>
#include <ctime>

#include "host/archive/sha256.h"
#include "host/archive/tar_name.h"
#include "host/base/hex.h"

namespace rhumb::archive {
namespace {

constexpr size_t kMaxFileName = 255;  // of the usual file systems
// The checksum beside a snapshot has a longer name, and a still longer one while it is written.
constexpr size_t kMaxSnapshotName = kMaxFileName - 24;
constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr size_t kHashDigits = 16;

bool plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

// Equal for equal names only, and never "shards", hidden, "." or "..".
std::string directory_name(const std::string& collection) {
  std::string out;
  for (const char c : collection) {
    if (plain(c) && !(out.empty() && c == '.')) {
      out += c;
    } else {
      out += '%';
      base::append_hex(out, static_cast<uint8_t>(c));
    }
  }
  if (out.size() <= kMaxFileName) return out;
  Sha256 hash;
  hash.update(collection);
  return out.substr(0, kMaxFileName - kHashDigits - 2) + "%-" +
         hash.finish().substr(0, kHashDigits);
}

std::string time_text(uint64_t wall_seconds, const char* format) {
  const auto seconds = static_cast<time_t>(wall_seconds);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace

std::string snapshot_directory(const SnapshotScope& scope) {
  if (scope.collection.empty()) return "";
  std::string out = directory_name(scope.collection);
  if (scope.shard) out += "/shards/" + std::to_string(*scope.shard);
  return out;
}

std::string snapshot_name(const SnapshotScope& scope, uint64_t node, uint64_t wall_ns,
                          uint32_t attempt) {
  std::string end = "-" + time_text(wall_ns / kNsPerSecond, "%Y-%m-%d-%H-%M-%S");
  if (attempt > 1) end += "-" + std::to_string(attempt);
  end += kSnapshotSuffix;
  if (scope.collection.empty()) return "full-snapshot" + end;
  const std::string middle =
      scope.shard ? "-shard-" + std::to_string(*scope.shard) : "-" + std::to_string(node);
  std::string begin = directory_name(scope.collection);
  // The directory says which collection it is, so the name need not be whole.
  const size_t room = kMaxSnapshotName - middle.size() - end.size();
  if (begin.size() > room) begin.resize(room);
  return begin + middle + end;
}

base::Status check_snapshot_name(std::string_view name) {
  const bool harmless = name.size() <= kMaxSnapshotName && !name.starts_with('.') &&
                        name.find('/') == std::string_view::npos && check_tar_name(name).ok();
  if (!harmless) return base::invalid("'" + shown_name(name) + "' is no name of a snapshot");
  if (name.ends_with(kSnapshotSuffix)) return base::ok();
  return base::not_found("Snapshot `" + shown_name(name) + "` doesn't exist!");
}

std::string creation_time_text(uint64_t wall_seconds) {
  return time_text(wall_seconds, "%Y-%m-%dT%H:%M:%S");
}

}  // namespace rhumb::archive
