// A gateway whose answers come from the test, and a REST handler on top of it. Tests check which
// call a request becomes, and which answer a result becomes.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "host/archive/snapshot_store.h"
#include "host/base/executor.h"
#include "host/gateway/gateway.h"
#include "host/http/rest/rest_handler.h"

namespace rhumb::http::rest {

// Keeps the last call. It answers with `failure` if that is set, otherwise with the values that the
// test has set.
class FakeGateway final : public gateway::Gateway {
 public:
  FakeGateway();  // knows one collection, "books", with the alias "b"

  std::shared_ptr<const model::ClusterMap> map() const override { return cluster_map; }
  base::Result<gateway::CollectionPtr> find(const std::string& name) const override;
  void create_collection(std::string name, model::CollectionConfig config, base::Deadline deadline,
                         gateway::Callback<gateway::Warnings> done) override;
  void update_collection(std::string name, gateway::CollectionChange change,
                         base::Deadline deadline,
                         gateway::Callback<gateway::Warnings> done) override;
  void drop_collection(std::string name, base::Deadline deadline,
                       gateway::Callback<bool> done) override;
  void change_aliases(std::vector<gateway::AliasAction> actions, base::Deadline deadline,
                      gateway::Done done) override;
  void create_payload_index(gateway::CollectionPtr collection, std::string field,
                            model::PayloadIndexConfig config, gateway::WriteOptions options,
                            gateway::Callback<gateway::UpdateResult> done) override;
  void drop_payload_index(gateway::CollectionPtr collection, std::string field,
                          gateway::WriteOptions options,
                          gateway::Callback<gateway::UpdateResult> done) override;
  void state(gateway::CollectionPtr collection, base::Deadline deadline,
             gateway::Callback<gateway::CollectionState> done) override;
  void optimizations(gateway::CollectionPtr collection, base::Deadline deadline,
                     gateway::Callback<gateway::Optimizations> done) override;
  void write(gateway::CollectionPtr collection, std::vector<model::Operation> operations,
             gateway::WriteOptions options,
             gateway::Callback<std::vector<gateway::UpdateResult>> done) override;
  void query(gateway::CollectionPtr collection, std::vector<gateway::Query> queries,
             gateway::ReadOptions options,
             gateway::Callback<std::vector<model::SearchResult>> done) override;
  void get(gateway::CollectionPtr collection, model::GetRequest request,
           gateway::ReadOptions options,
           gateway::Callback<std::vector<model::Record>> done) override;
  void scroll(gateway::CollectionPtr collection, model::ScrollRequest request,
              gateway::ReadOptions options, gateway::Callback<gateway::ScrollPage> done) override;
  void hashes(gateway::CollectionPtr collection, std::optional<model::PointId> first,
              uint32_t limit, gateway::ReadOptions options,
              gateway::Callback<gateway::HashPage> done) override;
  void count(gateway::CollectionPtr collection, model::CountRequest request,
             gateway::ReadOptions options, gateway::Callback<uint64_t> done) override;
  void verify(gateway::CollectionPtr collection, base::Deadline deadline,
              gateway::Callback<gateway::Verification> done) override;
  void contract(gateway::CollectionPtr collection, base::Deadline deadline,
                gateway::Callback<gateway::ContractReport> done) override;
  std::string session_token(const gateway::CollectionPtr&) const override { return token; }

  std::shared_ptr<const model::ClusterMap> cluster_map;
  std::optional<base::Status> failure;
  gateway::Warnings warnings;  // of create and update
  std::string token;

  std::function<void()> during_search;

  std::string asked_name;  // collection of the last call
  std::thread::id searched_on;
  int calls = 0;
  base::Deadline deadline;
  gateway::WriteOptions write_options;
  gateway::ReadOptions read_options;
  model::CollectionConfig config;
  uint64_t seen_version = 0;
  std::vector<gateway::AliasAction> aliases;
  std::string field;
  std::vector<model::Operation> operations;
  std::vector<gateway::Query> queries;
  std::vector<model::GetRequest> gets;
  std::vector<model::ScrollRequest> scrolls;
  model::CountRequest counted;

  bool dropped = true;
  gateway::UpdateStatus update_status = gateway::UpdateStatus::kAcknowledged;
  std::vector<model::Record> records;  // answer to get() and scroll()
  std::optional<model::PointId> next;  // answer to scroll()
  // Answers to hashes(), by collection, in the order of ids.
  std::map<std::string, std::vector<model::PointHash>> hashes_of;
  std::vector<uint32_t> hash_limits;
  // Answers to query(), one per query; further queries get the last one.
  std::vector<model::SearchResult> results;
  uint64_t counts = 0;
  gateway::Verification verification;
  gateway::ContractReport contract_report;

 private:
  gateway::Done warned(const gateway::Callback<gateway::Warnings>& done) const;
  template <typename T>
  void answer(const gateway::CollectionPtr& collection, T value, const gateway::Callback<T>& done);
  void answer(std::string name, base::Deadline until, const gateway::Done& done);
};

// One answer, after waiting for it.
struct Answer {
  Response response;
  bool dropped = false;  // the handler dropped its reply object
  std::string streamed;  // the whole streamed body
  nlohmann::json json() const { return nlohmann::json::parse(response.body); }
  std::string header(const std::string& name) const;
};

class RestHarness {
 public:
  RestHarness();
  ~RestHarness() { pool.stop(); }
  using Fields = std::vector<std::pair<std::string, std::string>>;
  Answer ask(std::string_view method, std::string_view target, std::string body = {},
             const Fields& fields = {});
  // Asks the handler whether it streams the request's body. `answered` holds its answer if it
  // answers at once instead. `answers` takes the answer that comes later.
  std::unique_ptr<BodySink> stream(std::string_view method, std::string_view target,
                                   std::optional<Answer>& answered, bool& taken,
                                   const Fields& fields = {},
                                   std::shared_ptr<ReplySink>* answers = nullptr);
  // The answer to a streamed request, which `answers` of stream() takes.
  static Answer await(const std::shared_ptr<ReplySink>& answers);

  FakeGateway gateway;
  bool turn_has_time = false;  // whether the requests' loop says that its turn has time left
  base::Executor pool{"test-rest", 1, 16};
  RestOptions options;                                // change before the first request
  std::unique_ptr<archive::SnapshotStore> snapshots;  // without files
  // The permission that every request gets, and the arguments of the calls of authorize().
  std::vector<std::pair<Action, std::string>> authorized;
  base::Status permission;

 private:
  RestHandler& handler();
  std::unique_ptr<RestHandler> handler_;
};

}  // namespace rhumb::http::rest
