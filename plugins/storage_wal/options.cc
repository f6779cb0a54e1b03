#include "options.h"

#include <nlohmann/json.hpp>

#include "rhumb/cpp/guard.h"

namespace rhumb::wal {
namespace {

uint64_t number(const nlohmann::json& value, const std::string& key, uint64_t low, uint64_t high) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() < low || value.get<uint64_t>() > high) {
    throw Error(RHUMB_INVALID, key + ": expected a whole number from " + std::to_string(low) +
                                   " to " + std::to_string(high) + ", found " + value.dump());
  }
  return value.get<uint64_t>();
}

SyncPolicy policy(const nlohmann::json& value) {
  if (value == "always") return SyncPolicy::kAlways;
  if (value == "interval") return SyncPolicy::kInterval;
  if (value == "never") return SyncPolicy::kNever;
  throw Error(RHUMB_INVALID, "sync: expected always, interval or never, found " + value.dump());
}

}  // namespace

Options parse_options(std::string_view config_json) {
  Options options;
  if (config_json.empty()) return options;
  const auto config = nlohmann::json::parse(config_json, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) throw Error(RHUMB_INVALID, "config: expected a JSON object");
  for (const auto& [key, value] : config.items()) {
    if (key == "sync") {
      options.sync = policy(value);
    } else if (key == "interval_ms") {
      options.interval_ms = static_cast<uint32_t>(number(value, key, 1, 60'000));
    } else if (key == "segment_bytes") {
      options.segment_bytes =
          number(value, key, kMinSegmentBytes, kMaxSegmentBytes) & ~uint64_t{4095};
    } else if (key == "queue_bytes") {
      options.queue_bytes = number(value, key, 4 * kKiB, 4096 * kMiB);
    } else if (key == "cache_bytes") {
      options.cache_bytes = number(value, key, 0, 4096 * kMiB);
    } else if (key == "keep_segments") {
      options.keep_segments = number(value, key, 1, 65536);
    } else {
      throw Error(RHUMB_INVALID, "config: unknown key " + key);
    }
  }
  return options;
}

}  // namespace rhumb::wal
