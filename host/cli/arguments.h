// Parses the words of the command line (`--name value`, `--name=value`, flags, short forms and
// positions) and checks them against the options that a command declares.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace rhumb::cli {

struct Option {
  std::string name;  // without dashes
  char short_name = 0;
  bool takes_value = true;
  std::string value_name, help;
  bool repeated = false;
};

class Arguments {
 public:
  // kInvalid names the word that is wrong.
  static base::Result<Arguments> parse(const std::vector<std::string>& words,
                                       const std::vector<Option>& options);

  bool has(const std::string& name) const { return values_.contains(name); }
  std::string get(const std::string& name, const std::string& fallback = "") const;
  std::vector<std::string> all(const std::string& name) const;
  base::Result<uint64_t> number(const std::string& name, uint64_t fallback, uint64_t min,
                                uint64_t max) const;
  const std::vector<std::string>& positions() const { return positions_; }

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> positions_;
};

}  // namespace rhumb::cli
