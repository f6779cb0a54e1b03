// A second protocol, to show that a front needs nothing but host/gateway: one request per line, one
// line for each answer.
//   create NAME SIZE DISTANCE        near NAME LIMIT OFFSET X X ..
//   upsert NAME ID X X .. [, ID ..]  like NAME LIMIT OFFSET ID
//   verify NAME                      order NAME LIMIT OFFSET
// Points are answered as "ID:SCORE", and failures as "error CODE FIELD LIMIT TEXT".
#pragma once

#include <string>

#include "host/gateway/gateway.h"

namespace rhumb::gateway {

class LineFront {
 public:
  explicit LineFront(Gateway& gateway) : gateway_(gateway) {}
  std::string ask(const std::string& line);

 private:
  Gateway& gateway_;
};

}  // namespace rhumb::gateway
