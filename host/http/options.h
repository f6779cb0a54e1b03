// How an HTTP front behaves. Filled from the settings by host/app; the defaults are those of the
// limits.
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
  std::string host = "127.0.0.1";  // address or name; every address it stands for is bound
  uint16_t port = 6333;            // 0: the system chooses, see Server::port()
  uint32_t loops = 1;
  uint64_t max_header_bytes = base::limits::kMaxHeaderBytes;
  uint64_t max_body_bytes = base::limits::kMaxBodyBytes;  // on the wire and unpacked
  uint64_t max_inflight_body_bytes = base::limits::kMaxInflightBodyBytes;
  // of replies whose clients do not fetch them
  uint64_t max_unsent_bytes = base::limits::kMaxUnsentBytes;
  uint32_t max_connections = base::limits::kMaxConnections;
  // from the first byte of a request to the end of its head
  uint32_t header_timeout_ms = base::limits::kHeaderTimeoutMs;
  // the whole body; of a streamed one, between two pieces
  uint32_t body_timeout_ms = base::limits::kBodyTimeoutMs;
  uint32_t idle_timeout_ms = base::limits::kIdleTimeoutMs;    // between two requests
  uint32_t write_timeout_ms = base::limits::kWriteTimeoutMs;  // without progress of the reader
  CorsOptions cors;
};

}  // namespace rhumb::http
