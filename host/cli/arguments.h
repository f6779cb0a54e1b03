// The values that a command line gives to the options and positions of its command.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rhumb::cli {

class Arguments {
 public:
  Arguments() = default;
  // `values` are by the name of the option; a flag that is set has an empty list.
  Arguments(std::map<std::string, std::vector<std::string>> values,
            std::vector<std::string> positions)
      : values_(std::move(values)), positions_(std::move(positions)) {}

  bool has(const std::string& name) const { return values_.contains(name); }
  std::string get(const std::string& name, const std::string& fallback = "") const;
  std::vector<std::string> all(const std::string& name) const;
  // For options that the table of commands declares to be numbers.
  uint64_t number(const std::string& name, uint64_t fallback) const;
  const std::vector<std::string>& positions() const { return positions_; }

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> positions_;
};

}  // namespace rhumb::cli
