// Tells the service manager, if it asks for that, what state the process is in (sd_notify(3) of
// systemd). A manager that asks names a socket in the environment.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "host/base/status.h"

namespace rhumb::app {

// The server answers: after a start and after a reload.
inline constexpr const char* kServiceReady = "READY=1";
inline constexpr const char* kServiceStopping = "STOPPING=1";
inline constexpr const char* kServiceAlive = "WATCHDOG=1";
std::string service_reloading();

// The period in which the manager wants to hear kServiceAlive, if it watches this process: a
// service from which it does not hear is ended and started again.
std::optional<std::chrono::microseconds> watchdog_period();

// Sends the state to $NOTIFY_SOCKET. OK if there is no such variable.
base::Status notify_service_manager(const std::string& state);

}  // namespace rhumb::app
