// The options of an HTTP front. host/app fills them from the settings. The defaults are those of
// host/base/limits.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/limits.h"

namespace rhumb::http {

struct CorsOptions {
  bool enabled = true;
  std::vector<std::string> origins = {"*"};  // exact origins ("https://app.example"), or "*" alone
};

struct ServerOptions {
  std::string host = "127.0.0.1";  // address or name; every address of a name is bound
  uint16_t port = 6333;            // 0: the system chooses, see Server::port()
  uint32_t loops = 1;
  uint64_t max_header_bytes = base::limits::kMaxHeaderBytes;
  uint64_t max_body_bytes = base::limits::kMaxBodyBytes;  // applies on the wire and unpacked
  uint64_t max_inflight_body_bytes = base::limits::kMaxInflightBodyBytes;
  // Bytes of replies that their clients have not fetched.
  uint64_t max_unsent_bytes = base::limits::kMaxUnsentBytes;
  uint32_t max_connections = base::limits::kMaxConnections;
  // From the first byte of a request to the end of its head.
  uint32_t header_timeout_ms = base::limits::kHeaderTimeoutMs;
  // For the whole body. For a streamed body: between two pieces.
  uint32_t body_timeout_ms = base::limits::kBodyTimeoutMs;
  uint32_t idle_timeout_ms = base::limits::kIdleTimeoutMs;    // between two requests
  uint32_t write_timeout_ms = base::limits::kWriteTimeoutMs;  // time without progress of the reader
  CorsOptions cors;
};

}  // namespace rhumb::http
