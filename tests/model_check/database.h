// The whole server except its sockets, in this process: a REST client's request goes through the
// shipped REST handler, gateway, worker, log and shards. Any thread may call it; only the
// controlling thread opens and closes it.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "host/app/node.h"

namespace rhumb::model_check {

using nlohmann::json;

struct Answer {
  int status = 0;
  json body;  // null if the body is not JSON
};

class Database {
 public:
  // Opens with small segments, so that a few hundred points seal some of them. Recovers the
  // contents of `directory`, waits until every shard serves, and compares the stored points with
  // their hashes: kCorrupt if they differ.
  static base::Result<std::unique_ptr<Database>> open(const std::string& directory,
                                                      const std::string& index_engine = "rhumb");
  ~Database();

  Answer call(const std::string& method, const std::string& target, const json& body = nullptr);
  // Sends a request without waiting for the answer.
  void begin(const std::string& method, const std::string& target, const json& body);

 private:
  Database() = default;
  std::unique_ptr<app::Node> node_;
  std::unique_ptr<http::rest::RestHandler> rest_;
};

}  // namespace rhumb::model_check
