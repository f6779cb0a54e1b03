#include "tests/http/rest/fake_gateway.h"

#include <gtest/gtest.h>

#include "tests/http/rest/expect.h"

namespace rhumb::http::rest {

FakeGateway::FakeGateway() {
  auto books = std::make_shared<model::Collection>();
  books->name = "books";
  books->config_version = 42;
  books->config = single_vector();
  books->shards.push_back({model::kFirstShard, {{2, 1}}});
  auto map = std::make_shared<model::ClusterMap>();
  map->collections["books"] = books;
  map->aliases["b"] = "books";
  cluster_map = map;
}

base::Result<gateway::CollectionPtr> FakeGateway::find(const std::string& name) const {
  auto found = cluster_map->find(name);
  if (found == nullptr) return base::not_found("Collection `" + name + "` doesn't exist!");
  return found;
}

template <typename T>
void FakeGateway::answer(const gateway::CollectionPtr& collection, T value,
                         const gateway::Callback<T>& done) {
  ++calls;
  asked_name = collection->name;
  if (failure) return done(*failure);
  done(std::move(value));
}
void FakeGateway::answer(std::string name, base::Deadline until, const gateway::Done& done) {
  ++calls;
  asked_name = std::move(name);
  deadline = until;
  done(failure.value_or(base::ok()));
}

gateway::Done FakeGateway::warned(const gateway::Callback<gateway::Warnings>& done) const {
  return [this, done](const base::Status& status) {
    if (!status.ok()) return done(status);
    done(warnings);
  };
}

void FakeGateway::create_collection(std::string name, model::CollectionConfig c,
                                    base::Deadline until,
                                    gateway::Callback<gateway::Warnings> done) {
  config = std::move(c);
  answer(std::move(name), until, warned(done));
}
void FakeGateway::update_collection(std::string name, gateway::CollectionChange change,
                                    base::Deadline until,
                                    gateway::Callback<gateway::Warnings> done) {
  config = std::move(change.config);
  seen_version = change.seen_version;
  answer(std::move(name), until, warned(done));
}
void FakeGateway::drop_collection(std::string name, base::Deadline until,
                                  gateway::Callback<bool> done) {
  answer(std::move(name), until, [this, done = std::move(done)](const base::Status& status) {
    if (!status.ok()) return done(status);
    done(dropped);
  });
}
void FakeGateway::change_aliases(std::vector<gateway::AliasAction> actions, base::Deadline until,
                                 gateway::Done done) {
  aliases = std::move(actions);
  answer("", until, done);
}
void FakeGateway::create_payload_index(gateway::CollectionPtr collection, std::string f,
                                       model::PayloadIndexConfig c, gateway::WriteOptions o,
                                       gateway::Callback<gateway::UpdateResult> done) {
  field = std::move(f);
  config.payload_indexes[field] = std::move(c);
  write_options = o;
  answer(collection, gateway::UpdateResult{43, update_status}, done);
}
void FakeGateway::drop_payload_index(gateway::CollectionPtr collection, std::string f,
                                     gateway::WriteOptions o,
                                     gateway::Callback<gateway::UpdateResult> done) {
  field = std::move(f);
  write_options = o;
  answer(collection, gateway::UpdateResult{44, update_status}, done);
}
void FakeGateway::state(gateway::CollectionPtr collection, base::Deadline until,
                        gateway::Callback<gateway::CollectionState> done) {
  deadline = until;
  model::ShardState shard;
  shard.points = 7;
  answer(collection, gateway::CollectionState{collection, {shard}}, done);
}
void FakeGateway::optimizations(gateway::CollectionPtr collection, base::Deadline until,
                                gateway::Callback<gateway::Optimizations> done) {
  deadline = until;
  answer(collection, gateway::Optimizations{{.shard = 7, .optimizations = {}, .idle_segments = {}}},
         done);
}
void FakeGateway::write(gateway::CollectionPtr collection, std::vector<model::Operation> o,
                        gateway::WriteOptions w,
                        gateway::Callback<std::vector<gateway::UpdateResult>> done) {
  write_options = w;
  std::vector<gateway::UpdateResult> out;
  for (size_t i = 0; i < o.size(); ++i) out.push_back({100 + i, update_status, 7 + i});
  operations = std::move(o);
  answer(collection, std::move(out), done);
}
void FakeGateway::query(gateway::CollectionPtr collection, std::vector<gateway::Query> asked,
                        gateway::ReadOptions o,
                        gateway::Callback<std::vector<model::SearchResult>> done) {
  read_options = std::move(o);
  searched_on = std::this_thread::get_id();
  if (during_search) during_search();
  std::vector<model::SearchResult> out;
  for (size_t i = 0; i < asked.size(); ++i)
    out.push_back(results.empty() ? model::SearchResult{}
                                  : results[std::min(i, results.size() - 1)]);
  queries = std::move(asked);
  answer(collection, std::move(out), done);
}
void FakeGateway::get(gateway::CollectionPtr collection, model::GetRequest request,
                      gateway::ReadOptions o, gateway::Callback<std::vector<model::Record>> done) {
  read_options = std::move(o);
  gets.push_back(std::move(request));
  answer(collection, records, done);
}
void FakeGateway::scroll(gateway::CollectionPtr collection, model::ScrollRequest request,
                         gateway::ReadOptions o, gateway::Callback<gateway::ScrollPage> done) {
  read_options = std::move(o);
  scrolls.push_back(std::move(request));
  answer(collection, gateway::ScrollPage{records, std::exchange(next, std::nullopt)}, done);
}
void FakeGateway::hashes(gateway::CollectionPtr collection, std::optional<model::PointId> first,
                         uint32_t limit, gateway::ReadOptions o,
                         gateway::Callback<gateway::HashPage> done) {
  read_options = std::move(o);
  hash_limits.push_back(limit);
  gateway::HashPage page;
  for (const model::PointHash& point : hashes_of[collection->name]) {
    if (first && point.id < *first) continue;
    if (page.points.size() == 2) {  // small pages, so that ends of pages meet in every way
      page.next = point.id;
      break;
    }
    page.points.push_back(point);
  }
  answer(collection, page, done);
}
void FakeGateway::count(gateway::CollectionPtr collection, model::CountRequest request,
                        gateway::ReadOptions o, gateway::Callback<uint64_t> done) {
  read_options = std::move(o);
  counted = std::move(request);
  answer(collection, counts, done);
}
void FakeGateway::verify(gateway::CollectionPtr collection, base::Deadline until,
                         gateway::Callback<gateway::Verification> done) {
  deadline = until;
  answer(collection, verification, done);
}
void FakeGateway::contract(gateway::CollectionPtr collection, base::Deadline until,
                           gateway::Callback<gateway::ContractReport> done) {
  deadline = until;
  answer(collection, contract_report, done);
}

namespace {

// Waits for the one answer, which may come from any thread.
class AnswerSink final : public ReplySink,
                         public StreamSink,
                         public std::enable_shared_from_this<AnswerSink> {
 public:
  void send(Response response) override {
    answer_.response = std::move(response);
    finish();
  }
  void stream(Response head, Pull pull) override {
    answer_.response = std::move(head);
    pull_ = std::move(pull);
    pull_(Next(shared_from_this()));
  }
  void dropped() override {
    answer_.dropped = true;
    ReplySink::dropped();
  }
  void chunk(std::string bytes) override {
    answer_.streamed += bytes;
    pull_(Next(shared_from_this()));
  }
  void end() override { finish(); }
  void fail(base::Status why) override {
    answer_.streamed += "<failed: " + why.message() + ">";
    finish();
  }
  Answer await() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return answered_; });
    pull_ = Pull();
    return std::move(answer_);
  }
  bool answered() {
    const std::lock_guard lock(mutex_);
    return answered_;
  }

 private:
  void finish() {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(answered_) << "answered twice";
    answered_ = true;
    came_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable came_;
  bool answered_ = false;
  Answer answer_;
  Pull pull_;
};

}  // namespace

std::string Answer::header(const std::string& name) const {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

RestHarness::RestHarness() {
  options.gateway = &gateway;
  options.pool = &pool;
  auto opened = archive::SnapshotStore::open("/nowhere/snapshots", 1);
  EXPECT_TRUE(opened.ok());
  snapshots = std::move(*opened);
  options.snapshots = snapshots.get();
  options.authorize = [this](const Request&, Action action, const std::string& collection) {
    authorized.emplace_back(action, collection);
    return permission;
  };
}

RestHandler& RestHarness::handler() {
  if (handler_ == nullptr) handler_ = std::make_unique<RestHandler>(options);
  return *handler_;
}

Answer RestHarness::ask(std::string_view method, std::string_view target, std::string body,
                        const Fields& fields) {
  auto sink = std::make_shared<AnswerSink>();
  auto request = Request::make(method, target, fields, std::move(body));
  request->may_run_here = turn_has_time;
  handler().handle(std::move(request), Reply(sink));
  return sink->await();
}

std::unique_ptr<BodySink> RestHarness::stream(std::string_view method, std::string_view target,
                                              std::optional<Answer>& answered, bool& taken,
                                              const Fields& fields,
                                              std::shared_ptr<ReplySink>* answers) {
  auto sink = std::make_shared<AnswerSink>();
  if (answers != nullptr) *answers = sink;
  Reply reply(sink);
  auto body = handler().stream(Request::make(method, target, fields), reply);
  taken = !reply;
  if (reply)
    reply(Response{});  // a test has to answer, too
  else if (sink->answered())
    answered = sink->await();
  return body;
}

Answer RestHarness::await(const std::shared_ptr<ReplySink>& answers) {
  return static_cast<AnswerSink&>(*answers).await();
}

}  // namespace rhumb::http::rest
