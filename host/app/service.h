// The files of the service that a package installs.
#pragma once

#include <string>

#include "host/base/status.h"
#include "host/settings/settings.h"

namespace rhumb::app {

std::string service_config_file();  // /etc/rhumb/rhumb.yaml

// Reads the variables that systemd gives to the service (/etc/default/rhumb). A file that is
// missing or that only root can read changes nothing.
base::Status load_service_environment(settings::Settings& settings);

}  // namespace rhumb::app
