#include "host/cli/arguments.h"

#include <algorithm>
#include <charconv>

namespace rhumb::cli {
namespace {

const Option* find_option(const std::vector<Option>& options, const std::string& word,
                          std::string& value, bool& has_value) {
  has_value = false;
  if (word.starts_with("--")) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
      has_value = true;
    }
    auto it = std::find_if(options.begin(), options.end(),
                           [&](const Option& o) { return o.name == name; });
    return it == options.end() ? nullptr : &*it;
  }
  if (word.size() != 2) return nullptr;
  auto it = std::find_if(options.begin(), options.end(),
                         [&](const Option& o) { return o.short_name == word[1]; });
  return it == options.end() ? nullptr : &*it;
}

}  // namespace

base::Result<Arguments> Arguments::parse(const std::vector<std::string>& words,
                                         const std::vector<Option>& options) {
  Arguments out;
  bool only_positions = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_positions || word.size() < 2 || word[0] != '-') {
      out.positions_.push_back(word);
      continue;
    }
    if (word == "--") {
      only_positions = true;
      continue;
    }
    std::string value;
    bool has_value = false;
    const Option* option = find_option(options, word, value, has_value);
    if (option == nullptr) return base::invalid("unknown option " + word);
    if (!option->takes_value && has_value)
      return base::invalid("--" + option->name + " takes no value");
    if (option->takes_value && !has_value) {
      if (i + 1 == words.size())
        return base::invalid(word + " needs a value: " + option->value_name);
      value = words[++i];
    }
    auto& values = out.values_[option->name];
    if (!values.empty() && !option->repeated) return base::invalid(word + " is given twice");
    values.push_back(value);
  }
  return out;
}

std::string Arguments::get(const std::string& name, const std::string& fallback) const {
  auto it = values_.find(name);
  return it == values_.end() ? fallback : it->second.front();
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  auto it = values_.find(name);
  return it == values_.end() ? std::vector<std::string>{} : it->second;
}

base::Result<uint64_t> Arguments::number(const std::string& name, uint64_t fallback, uint64_t min,
                                         uint64_t max) const {
  if (!has(name)) return fallback;
  const std::string text = get(name);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return base::invalid("--" + name + ": '" + text + "' is not a number from " +
                         std::to_string(min) + " to " + std::to_string(max));
  }
  return value;
}

}  // namespace rhumb::cli
