// Collections, aliases and payload indexes.
#pragma once

#include "host/http/rest/call.h"

namespace rhumb::http::rest::collections {

void list(const CallPtr& x);
void info(const CallPtr& x);
void exists(const CallPtr& x);
void create(const CallPtr& x);
void update(const CallPtr& x);
void drop(const CallPtr& x);
void change_aliases(const CallPtr& x);
void all_aliases(const CallPtr& x);
void aliases(const CallPtr& x);
void create_index(const CallPtr& x);
void drop_index(const CallPtr& x);
void cluster(const CallPtr& x);
void optimizations(const CallPtr& x);
void verify(const CallPtr& x);
void contract(const CallPtr& x);

}  // namespace rhumb::http::rest::collections
