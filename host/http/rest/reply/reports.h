// Writes the reports of a collection as JSON, for GET {collection}/verify and GET
// {collection}/contract.
#pragma once

#include <string>

#include "host/gateway/contract_report.h"
#include "host/gateway/verification.h"

namespace rhumb::http::rest {

std::string verification_json(const gateway::Verification& verification);
// `state` is "kept", "missed" or "measuring", and null when no recall was asked for.
std::string contract_json(const gateway::ContractReport& report);

}  // namespace rhumb::http::rest
