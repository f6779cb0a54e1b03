// Looks at everything that a server on this machine with this configuration depends on. Nothing is
// changed, and a running server is not disturbed.
#pragma once

#include "host/app/doctor/check.h"
#include "host/app/doctor/findings.h"
#include "host/base/status.h"

namespace rhumb::app::doctor {

// `configuration` says whether the settings could be read. If not, the checks that need no settings
// are made.
Findings examine(Subject subject, const base::Status& configuration);

}  // namespace rhumb::app::doctor
