// The exporter of spans against a collector whose answers the test chooses.
#include "host/app/tracing/trace_exporter.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/StreamCopier.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <nlohmann/json.hpp>

#include "host/base/metrics.h"
#include "host/base/mutex.h"

namespace rhumb::app {
namespace {

using nlohmann::json;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

// Keeps the requests, and answers them in turn as it was told, and then with 200.
class FakeCollector {
 public:
  using Answer = std::function<void(HTTPServerResponse&)>;
  struct Request {
    std::string target, content_type;
    json body;
  };

  FakeCollector() : server_(new Factory(*this), socket_, new Poco::Net::HTTPServerParams) {
    server_.start();
  }
  ~FakeCollector() {
    open();
    server_.stopAll(true);
  }

  std::string url(const std::string& path = "") const {
    return "http://127.0.0.1:" + std::to_string(socket_.address().port()) + path;
  }
  void answer_next(Answer answer) {
    const base::MutexLock lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  // Requests wait until open().
  void close() {
    const base::MutexLock lock(mutex_);
    closed_ = true;
  }
  void open() {
    const base::MutexLock lock(mutex_);
    closed_ = false;
    changed_.notify_all();
  }
  // Waits until there were that many requests.
  std::vector<Request> wait_for(size_t requests) {
    const base::MutexLock lock(mutex_);
    while (requests_.size() < requests) changed_.wait(mutex_);
    return requests_;
  }
  bool was_called_at_once_twice() {
    const base::MutexLock lock(mutex_);
    return overlapped_;
  }

 private:
  struct Handler : Poco::Net::HTTPRequestHandler {
    explicit Handler(FakeCollector& c) : collector(c) {}
    void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
      collector.handle(request, response);
    }
    FakeCollector& collector;
  };
  struct Factory : Poco::Net::HTTPRequestHandlerFactory {
    explicit Factory(FakeCollector& c) : collector(c) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override {
      return new Handler(collector);
    }
    FakeCollector& collector;
  };

  void handle(HTTPServerRequest& request, HTTPServerResponse& response) {
    std::string body;
    Poco::StreamCopier::copyToString(request.stream(), body);
    Answer answer = [](HTTPServerResponse& r) { r.send() << "{}"; };
    {
      const base::MutexLock lock(mutex_);
      overlapped_ = overlapped_ || busy_;
      busy_ = true;
      requests_.push_back({request.getURI(), request.getContentType(), json::parse(body)});
      if (!answers_.empty()) {
        answer = std::move(answers_.front());
        answers_.pop_front();
      }
      changed_.notify_all();
      while (closed_) changed_.wait(mutex_);
      busy_ = false;
    }
    answer(response);
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<Request> requests_ RHUMB_GUARDED_BY(mutex_);
  std::deque<Answer> answers_ RHUMB_GUARDED_BY(mutex_);
  bool closed_ RHUMB_GUARDED_BY(mutex_) = false;
  bool busy_ RHUMB_GUARDED_BY(mutex_) = false, overlapped_ RHUMB_GUARDED_BY(mutex_) = false;
  Poco::Net::ServerSocket socket_{Poco::Net::SocketAddress("127.0.0.1", 0)};
  Poco::Net::HTTPServer server_;
};

FakeCollector::Answer status(int code) {
  return [code](HTTPServerResponse& response) {
    response.setStatus(std::to_string(code));
    response.send() << "no";
  };
}

uint64_t metric(const std::string& name) {
  const std::string text = base::metrics_text();
  const size_t at = text.find("\n" + name + " ");
  return at == std::string::npos
             ? 0
             : static_cast<uint64_t>(std::stod(text.substr(at + name.size() + 2)));
}

class TraceExporterTest : public testing::Test {
 protected:
  TraceExporter& start(const std::string& endpoint) {
    options_.endpoint = endpoint;
    exporter_ = std::make_unique<TraceExporter>(options_);
    return *exporter_;
  }
  void span(const std::string& name) {
    base::Span span = base::Span::root(*exporter_, base::TraceId{1}, base::SpanId{});
    span.rename(name);
  }
  static std::vector<std::string> names(const std::vector<FakeCollector::Request>& requests) {
    std::vector<std::string> all;
    for (const auto& request : requests) {
      for (const json& span : request.body["resourceSpans"][0]["scopeSpans"][0]["spans"])
        all.push_back(span["name"]);
    }
    return all;
  }
  uint64_t exported() const {
    return metric("rhumb_trace_spans_exported_total") - exported_before_;
  }
  uint64_t dropped() const { return metric("rhumb_trace_spans_dropped_total") - dropped_before_; }

  FakeCollector collector_;
  TraceExporterOptions options_{
      .endpoint = "", .resource = {{"service.name", "rhumb"}}, .batch_ms = 1, .retry_ms = 1};
  std::unique_ptr<TraceExporter> exporter_;
  const uint64_t exported_before_ = metric("rhumb_trace_spans_exported_total"),
                 dropped_before_ = metric("rhumb_trace_spans_dropped_total");
};

TEST_F(TraceExporterTest, spans_are_posted_as_otlp_json) {
  start(collector_.url("/prefix/"));
  {
    base::Span request = base::Span::root(*exporter_, {0xab, 1}, {0xcd});
    request.rename("GET /");
    request.set("text", "\"\xff\n");
    request.set("number", UINT64_MAX);
    request.outcome(base::internal("broken"));
  }
  exporter_->stop();
  const auto requests = collector_.wait_for(1);
  EXPECT_EQ(requests[0].target, "/prefix/v1/traces");
  EXPECT_EQ(requests[0].content_type, "application/json");
  const json& resource = requests[0].body["resourceSpans"][0];
  EXPECT_EQ(resource["resource"]["attributes"],
            json::parse(R"([{"key":"service.name","value":{"stringValue":"rhumb"}}])"));
  const json& span = resource["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(span["traceId"], "ab010000000000000000000000000000");
  EXPECT_EQ(span["parentSpanId"], "cd00000000000000");
  EXPECT_EQ(span["kind"], 2);
  EXPECT_EQ(span["attributes"], json::parse(R"([{"key":"text","value":{"stringValue":"\"\ufffd\n"}},
                            {"key":"number","value":{"intValue":"18446744073709551615"}},
                            {"key":"error.type","value":{"stringValue":"internal"}}])"));
  EXPECT_EQ(span["status"], json::parse(R"({"code":2,"message":"broken"})"));
  EXPECT_LE(std::stoull(span["startTimeUnixNano"].get<std::string>()),
            std::stoull(span["endTimeUnixNano"].get<std::string>()));
  EXPECT_EQ(exported(), 1u);
}

TEST_F(TraceExporterTest, a_batch_is_sent_again_until_a_busy_collector_takes_it) {
  for (const int code : {429, 502, 503, 504}) collector_.answer_next(status(code));
  start(collector_.url());
  span("kept");
  const auto requests = collector_.wait_for(5);
  exporter_->stop();
  EXPECT_EQ(names(requests), std::vector<std::string>(5, "kept"));
  EXPECT_EQ(exported(), 1u);
  EXPECT_EQ(dropped(), 0u);
}

TEST_F(TraceExporterTest, a_batch_that_was_not_taken_five_times_is_dropped_and_the_next_is_sent) {
  for (int i = 0; i < 5; ++i) collector_.answer_next(status(503));
  start(collector_.url());
  span("first");
  collector_.wait_for(5);
  span("second");
  const auto requests = collector_.wait_for(6);
  exporter_->stop();
  EXPECT_EQ(names(requests).back(), "second");
  EXPECT_EQ(exported(), 1u);
  EXPECT_EQ(dropped(), 1u);
}

TEST_F(TraceExporterTest, a_batch_that_the_collector_refuses_is_dropped_at_once) {
  collector_.answer_next(status(400));
  start(collector_.url());
  span("bad");
  collector_.wait_for(1);
  exporter_->stop();
  EXPECT_EQ(collector_.wait_for(1).size(), 1u);
  EXPECT_EQ(dropped(), 1u);
}

TEST_F(TraceExporterTest, spans_that_the_collector_rejects_from_a_batch_are_counted_as_dropped) {
  for (const char* text :
       {R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"why"}})",
        R"({"partialSuccess":{"rejectedSpans":99}})", R"({"partialSuccess":7})", "not JSON"})
    collector_.answer_next([text](HTTPServerResponse& response) { response.send() << text; });
  options_.batch_spans = 3;
  options_.batch_ms = 60'000;  // only full batches go
  start(collector_.url());
  for (int batch = 0; batch < 4; ++batch) {
    for (int i = 0; i < 3; ++i) span("some");
    collector_.wait_for(static_cast<size_t>(batch) + 1);
  }
  exporter_->stop();
  EXPECT_EQ(dropped(), 5u);
  EXPECT_EQ(exported(), 7u);
}

TEST_F(TraceExporterTest, a_full_queue_drops_what_comes_and_never_has_two_requests_under_way) {
  options_.queue_spans = 10;
  options_.batch_spans = 4;
  options_.batch_ms = 60'000;  // only full batches go, and the rest at the stop
  collector_.close();
  start(collector_.url());
  for (int i = 0; i < 4; ++i) span("sent");
  collector_.wait_for(1);  // these have left the queue
  for (int i = 0; i < 25; ++i) span("late");
  EXPECT_EQ(dropped(), 15u);
  collector_.open();
  exporter_->stop();
  EXPECT_EQ(exported(), 14u);
  EXPECT_EQ(names(collector_.wait_for(4)).size(), 14u);
  EXPECT_FALSE(collector_.was_called_at_once_twice());
}

TEST_F(TraceExporterTest, a_stop_drops_the_spans_of_a_collector_that_is_away) {
  const std::string nobody = "http://127.0.0.1:1";
  options_.batch_ms = 60'000;
  start(nobody);
  for (int i = 0; i < 3; ++i) span("lost");
  exporter_->stop();
  EXPECT_EQ(dropped(), 3u);
  span("later");
  EXPECT_EQ(dropped(), 4u);
}

TEST_F(TraceExporterTest, a_stop_does_not_wait_for_a_collector_that_does_not_answer) {
  options_.stop_ms = 1;
  collector_.close();
  start(collector_.url());
  span("held");
  collector_.wait_for(1);
  exporter_.reset();  // returns although the request is under way
  EXPECT_EQ(exported(), 0u);
}

}  // namespace
}  // namespace rhumb::app
