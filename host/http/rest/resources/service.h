// The server as a whole: its version, its telemetry and its plugins.
#pragma once

#include "host/http/rest/call.h"

namespace rhumb::http::rest::service {

void version(const CallPtr& x);
void telemetry(const CallPtr& x);
void issues(const CallPtr& x);
void clear_issues(const CallPtr& x);
void cluster(const CallPtr& x);
void plugins(const CallPtr& x);
void plugin(const CallPtr& x);

}  // namespace rhumb::http::rest::service
