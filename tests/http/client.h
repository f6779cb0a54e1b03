// A raw-socket HTTP client for tests, which sends exactly the given bytes. Every wait has a
// deadline, and there are no sleeps.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tests/net/socket_client.h"

namespace rhumb::http {

struct Answer {
  int status = 0;                             // 0: the connection ended before a complete answer
  std::map<std::string, std::string> fields;  // lower-case names
  std::string body;                           // with chunks joined
  bool whole = false;                         // whether the body ended properly
};

class Client : public net::SocketClient {
 public:
  using SocketClient::SocketClient;

  // Reads one answer; interim ones (100) are answers of their own.
  Answer read(bool head_only = false);
  Answer get(std::string_view path, std::string_view more_fields = {});
  Answer post(std::string_view path, std::string_view body, std::string_view more_fields = {});

 private:
  bool read_chunked(Answer& answer);
};

std::string gunzip(std::string_view packed);

}  // namespace rhumb::http
