// Turns bodies of reads by id, of scrolls and of counts into requests. `ignored` receives the
// members of the body that are unknown. It may be null.
#pragma once

#include <string>

#include "host/base/status.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/model/query.h"

namespace rhumb::http::rest {

base::Result<model::GetRequest> parse_get(const std::string& body,
                                          IgnoredMembers* ignored = nullptr);
base::Result<model::ScrollRequest> parse_scroll(const std::string& body,
                                                IgnoredMembers* ignored = nullptr);
base::Result<model::CountRequest> parse_count(const std::string& body,
                                              IgnoredMembers* ignored = nullptr);

}  // namespace rhumb::http::rest
