#include "host/settings/key_kinds.h"

#include <algorithm>
#include <regex>
#include <string_view>
#include <utility>

#include "host/base/limits.h"

namespace rhumb::settings {
namespace {

constexpr std::pair<char, uint64_t> kUnits[] = {{'d', 86'400}, {'h', 3600}, {'m', 60}, {'s', 1}};

}  // namespace

base::Status refuse(const std::string& path, const std::string& value, const std::string& expects) {
  return base::invalid(path + ": '" + value + "' is not " + expects);
}

std::optional<uint64_t> seconds_of(const std::string& text) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (error != std::errc() || count > kMaxBytes) return std::nullopt;
  if (unit.empty() && count == 0) return 0;
  for (const auto& [name, seconds] : kUnits) {
    if (unit.size() == 1 && unit[0] == name && count <= kMaxBytes / seconds) return count * seconds;
  }
  return std::nullopt;
}

std::string duration_text(uint64_t seconds) {
  for (const auto& [name, unit] : kUnits) {
    if (seconds > 0 && seconds % unit == 0) return std::to_string(seconds / unit) + name;
  }
  return "0";
}

bool is_url(const std::string& text) {
  static const std::regex form(
      R"(https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:([0-9]{1,5}))?(/[A-Za-z0-9._~/-]*)?)");
  std::smatch parts;
  if (text.size() > base::limits::kMaxUrlBytes) return false;
  if (!std::regex_match(text, parts, form)) return false;
  if (!parts[3].matched) return true;
  const int port = std::stoi(parts[3]);
  return port >= 1 && port <= 65535;
}

bool is_url_list(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const size_t first = text.find_first_not_of(' ', at);
    if (first >= end) return false;
    const size_t last = text.find_last_not_of(' ', end - 1);
    if (!is_url(text.substr(first, last + 1 - first))) return false;
    at = end + 1;
  }
  return true;
}

}  // namespace rhumb::settings
