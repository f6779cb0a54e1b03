#include "host/cli/arguments.h"

#include <charconv>

namespace rhumb::cli {

std::string Arguments::get(const std::string& name, const std::string& fallback) const {
  const auto it = values_.find(name);
  return it == values_.end() || it->second.empty() ? fallback : it->second.front();
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  const auto it = values_.find(name);
  return it == values_.end() ? std::vector<std::string>{} : it->second;
}

uint64_t Arguments::number(const std::string& name, uint64_t fallback) const {
  const std::string text = get(name);
  uint64_t value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);  // leaves it if there is none
  return value;
}

}  // namespace rhumb::cli
