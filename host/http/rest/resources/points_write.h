// Writes points, vectors and payloads, one by one and in batches.
#pragma once

#include "host/http/rest/call.h"

namespace rhumb::http::rest::points {

void upsert(const CallPtr& x);
void remove(const CallPtr& x);
void update_vectors(const CallPtr& x);
void delete_vectors(const CallPtr& x);
void set_payload(const CallPtr& x);
void overwrite_payload(const CallPtr& x);
void delete_payload(const CallPtr& x);
void clear_payload(const CallPtr& x);
void batch(const CallPtr& x);

}  // namespace rhumb::http::rest::points
