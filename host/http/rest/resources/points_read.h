// Reads points by id and in pages, and counts them.
#pragma once

#include "host/http/rest/call.h"

namespace rhumb::http::rest::points {

void get_one(const CallPtr& x);
void get(const CallPtr& x);
void scroll(const CallPtr& x);
void count(const CallPtr& x);

}  // namespace rhumb::http::rest::points
