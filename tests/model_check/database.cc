#include "tests/model_check/database.h"
#include "tests/places.h"

#include <future>

namespace rhumb::model_check {
namespace {

class Catcher final : public http::ReplySink {
 public:
  void send(http::Response response) override {
    json body = json::parse(response.body, nullptr, false);
    if (body.is_discarded()) body = nullptr;
    answer_.set_value({response.status, std::move(body)});
  }
  void stream(http::Response head, http::Pull) override {
    answer_.set_value({head.status, nullptr});
  }
  std::future<Answer> answer() { return answer_.get_future(); }

 private:
  std::promise<Answer> answer_;
};

std::shared_ptr<http::Request> request(const std::string& method, const std::string& target,
                                       const json& body) {
  return http::Request::make(method, target, {{"Content-Type", "application/json"}},
                             body.is_null() ? std::string() : body.dump());
}

}  // namespace

base::Result<std::unique_ptr<Database>> Database::open(const std::string& directory,
                                                       const std::string& index_engine) {
  app::NodeOptions options;
  options.data_directory = directory;
  options.plugin_directory = places::plugins();
  options.index_engine = index_engine;
  options.tick_ms = 10;
  options.segment.max_rows = 400;
  options.segment.graph_min_rows = 120;
  options.segment.extents = {4096, 65536};
  // Segments are merged all the time.
  options.compaction.dead_share = options.compaction.busy_dead_share = 0.1;
  options.compaction.dead_rows = 1;
  options.compaction.look_ms = 5;
  options.compaction.move_rows = 20;
  std::unique_ptr<Database> database(new Database);
  database->node_ = std::make_unique<app::Node>(options);
  RHUMB_TRY(database->node_->start());
  const app::CheckReport report = database->node_->check();
  if (report.durable_damage()) return base::corrupt(app::to_text(report));
  http::rest::RestOptions rest = database->node_->rest_options();
  rest.authorize = [](const http::Request&, http::rest::Action, const std::string&) {
    return base::ok();
  };
  database->rest_ = std::make_unique<http::rest::RestHandler>(std::move(rest));
  return database;
}

Database::~Database() {
  if (node_) node_->stop();
}

Answer Database::call(const std::string& method, const std::string& target, const json& body) {
  auto catcher = std::make_shared<Catcher>();
  auto answer = catcher->answer();
  rest_->handle(request(method, target, body), http::Reply(catcher));
  return answer.get();
}

void Database::begin(const std::string& method, const std::string& target, const json& body) {
  rest_->handle(request(method, target, body), http::Reply(std::make_shared<Catcher>()));
}

}  // namespace rhumb::model_check
