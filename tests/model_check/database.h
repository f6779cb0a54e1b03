// The whole server but its sockets, in this process: what a REST client sends goes through the
// shipped REST handler, gateway, worker, log and shards. Any thread calls; opening and closing is
// the control thread's.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "host/app/node.h"

namespace rhumb::model_check {

using nlohmann::json;

struct Answer {
  int status = 0;
  json body;  // null if it is no JSON
};

class Database {
 public:
  // Small segments, so that a few hundred points seal some. Recovers what `directory` holds, waits
  // until every shard serves, and compares what is stored with its hashes: kCorrupt if they differ.
  static base::Result<std::unique_ptr<Database>> open(const std::string& directory,
                                                      const std::string& index_engine = "rhumb");
  ~Database();

  Answer call(const std::string& method, const std::string& target, const json& body = nullptr);
  // Sends and does not look at the answer.
  void begin(const std::string& method, const std::string& target, const json& body);

 private:
  Database() = default;
  std::unique_ptr<app::Node> node_;
  std::unique_ptr<http::rest::RestHandler> rest_;
};

}  // namespace rhumb::model_check
