#include "host/model/contract.h"

#include <nlohmann/json.hpp>

namespace rhumb::model {

// The setting was checked when it was given, so an invalid one here counts as no contract.
Contract contract_of(const CollectionConfig& config) {
  const auto it = config.settings_json.find("contract");
  if (it == config.settings_json.end()) return {};
  const auto json = nlohmann::json::parse(it->second, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("recall") || !json["recall"].is_number()) return {};
  return {json["recall"].get<double>()};
}

std::optional<bool> contract_kept(double asked, double mean, double low, double high) {
  constexpr double kRounding = 1e-12;  // 1 - (1 - 0.999) is not 0.999
  if (high < asked - kRounding) return false;
  if (mean >= asked - kRounding && low >= asked - (1 - asked) - kRounding) return true;
  return std::nullopt;
}

}  // namespace rhumb::model
