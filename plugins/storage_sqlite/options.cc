#include "options.h"

#include <nlohmann/json.hpp>

#include "rhumb/cpp/guard.h"

namespace rhumb::sqlite {
namespace {

uint64_t number(const nlohmann::json& value, const std::string& key, uint64_t low, uint64_t high) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() < low || value.get<uint64_t>() > high) {
    throw Error(RHUMB_INVALID, key + ": expected a whole number from " + std::to_string(low) +
                                   " to " + std::to_string(high) + ", found " + value.dump());
  }
  return value.get<uint64_t>();
}

}  // namespace

Options parse_options(std::string_view config_json) {
  Options options;
  if (config_json.empty()) return options;
  const auto config = nlohmann::json::parse(config_json, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) throw Error(RHUMB_INVALID, "config: expected a JSON object");
  for (const auto& [key, value] : config.items()) {
    if (key == "cache_bytes") {
      options.cache_bytes = number(value, key, 64 * kKiB, 4096 * kMiB);
    } else if (key == "wal_checkpoint_bytes") {
      options.wal_checkpoint_bytes = number(value, key, 64 * kKiB, 4096 * kMiB);
    } else if (key == "readers") {
      options.readers = static_cast<uint32_t>(number(value, key, 1, 64));
    } else {
      throw Error(RHUMB_INVALID, "config: unknown key " + key);
    }
  }
  return options;
}

}  // namespace rhumb::sqlite
