// One connection to the REST API of a Rhumb server. It blocks and is used by one thread.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "host/base/status.h"

namespace rhumb::cli {

struct Answer {
  int http_status = 0;
  std::string body;
  double seconds = 0;  // from sending to the last byte
};

class Client {
 public:
  // `url` is http://host:port[/prefix].
  static base::Result<std::unique_ptr<Client>> connect(const std::string& url,
                                                       const std::string& api_key);
  ~Client();

  // Sends one request. kUnavailable means that the server cannot be reached. An answer with any
  // HTTP status is a result.
  base::Result<Answer> send(const std::string& method, const std::string& path,
                            const std::string& body = "",
                            const std::string& content_type = "application/json");
  // Like send(), but an answer of 400 or more is an error with the server's own text.
  base::Result<Answer> call(const std::string& method, const std::string& path,
                            const std::string& body = "",
                            const std::string& content_type = "application/json");
  // Streams the body of a 200 answer into `sink`. When `sink` returns false, the download stops.
  base::Status download(const std::string& path,
                        const std::function<bool(const char*, size_t)>& sink);
  // Posts a form whose part "snapshot" is the local file, piece by piece. `sent` is told how many
  // bytes of the file have gone. An answer of 400 or more is an error, as with call().
  base::Result<Answer> upload(const std::string& path, const std::string& file,
                              const std::function<void(uint64_t)>& sent);
  // How long an answer may take from now on; 120 s at first.
  void answer_within(std::chrono::seconds timeout);
  const std::string& url() const;

 private:
  Client() = default;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string path_part(const std::string& name);  // percent-encodes the name

}  // namespace rhumb::cli
