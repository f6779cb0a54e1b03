// Runs searches, one by one and in batches.
#pragma once

#include "host/http/rest/call.h"

namespace rhumb::http::rest::points {

void query(const CallPtr& x);
void query_batch(const CallPtr& x);
void search(const CallPtr& x);
void search_batch(const CallPtr& x);

}  // namespace rhumb::http::rest::points
