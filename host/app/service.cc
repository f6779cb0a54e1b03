#include "host/app/service.h"

#include <fstream>
#include <map>

namespace rhumb::app {

std::string service_config_file() { return RHUMB_SYSCONFDIR "/rhumb/rhumb.yaml"; }

base::Status load_service_environment(settings::Settings& settings) {
  std::ifstream file(RHUMB_SYSCONFDIR "/default/rhumb");
  std::map<std::string, std::string> variables;
  for (std::string line; std::getline(file, line);) {
    const size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string::npos) continue;
    std::string value = line.substr(equals + 1);
    if (value.size() > 1 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front())
      value = value.substr(1, value.size() - 2);
    variables[line.substr(0, equals)] = value;
  }
  return settings::load_environment(settings, variables);
}

}  // namespace rhumb::app
