// One request on its way through the REST front: the router's findings, and the reply that is still
// owed.
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/base/clock.h"
#include "host/base/executor.h"
#include "host/base/tracer.h"
#include "host/gateway/gateway.h"
#include "host/http/request.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/plugin/registry.h"

namespace rhumb::archive {
class SnapshotStore;
}

namespace rhumb::http::rest {

class SearchLatencies;
class SnapshotEngine;

// The values 1 to 4 are those of the auth ABI.
enum class Action : uint8_t { kPublic = 0, kRead = 1, kWrite = 2, kManage = 3, kAdmin = 4 };

struct RestOptions {
  gateway::Gateway* gateway = nullptr;
  base::Executor* pool = nullptr;        // for parsing, searching and formatting
  SearchLatencies* latencies = nullptr;  // owned by the handler
  const base::Tracer* tracer = nullptr;  // null: no request is traced
  // Returns ok, kUnauthenticated or kForbidden. The text of a failure becomes the plain body.
  // `collection` is empty for routes of the whole server.
  std::function<base::Status(const Request&, Action, const std::string& collection)> authorize;
  // This node's plugins, and the number of points that it serves. They are of this process and not
  // of the cluster, so the gateway does not know them.
  std::function<std::vector<plugin::PluginInfo>()> plugins;
  std::function<uint64_t()> points;
  archive::SnapshotStore* snapshots = nullptr;
  // Makes and restores snapshots. Without it only those that are there are served.
  SnapshotEngine* snapshot_engine = nullptr;
};

class Call;
void note_thrown(Call& x, const std::exception& e);

// The handler and the callbacks of the gateway share it. It is answered exactly once.
class Call {
 public:
  Call(std::shared_ptr<Request> request, Reply reply, const RestOptions& options);

  const RestOptions& options;
  const std::shared_ptr<Request> request;
  std::map<std::string, std::string> captures;  // {collection_name} -> decoded path part
  std::map<std::string, std::string> query;     // decoded query parameters
  // Runs on the thread of a loop. Work that is not short continues in the pool.
  bool on_loop = false;

  gateway::Gateway& gateway() const { return *options.gateway; }
  const std::string& capture(const std::string& name) const { return captures.at(name); }
  base::Result<gateway::CollectionPtr> collection() const {
    return gateway().find(capture("collection_name"));
  }

  // Query parameters of writes and reads. kInvalid names the parameter.
  base::Result<base::Deadline> deadline() const;
  base::Result<gateway::WriteOptions> write_options() const;
  base::Result<gateway::ReadOptions> read_options() const;
  base::Result<bool> flag(const std::string& name, bool fallback) const;

  // Puts the ignored members into the `warnings` of the reply, also of a failure, because a missing
  // member may be there under another name.
  void warn(const IgnoredMembers& ignored) { warnings_ = ignored.warnings(); }
  void warn(const std::string& text) { warnings_.push_back(text); }
  // Answers {"result":<json>,"status":"ok","time":...}. `members` are further top-level members,
  // for example `"explain":[...]`.
  void ok(std::string_view result_json, std::string_view members = {});
  void fail(const base::Status& status);
  // Answers 202 {"status":"accepted","time":...}: the work goes on.
  void accept();
  void answer(Response response);
  // Streams the answer. After this call the exchange is answered.
  void stream(Response head, Pull pull);
  // The handler will be called again for the same request, without a streamed body.
  Reply take_reply() {
    span_.discard();
    return std::move(reply_);
  }
  // The answer gets the X-Rhumb-Session of this collection.
  void show_session(gateway::CollectionPtr collection) { session_of_ = std::move(collection); }
  double seconds() const;
  // The trace of this request. Work that a loop begins for the request later needs it.
  const base::TraceContext& trace() const { return trace_; }
  // Names the span of the request after its route; an empty route is an unknown one.
  void trace_route(std::string_view route);
  void trace_failure(std::string_view why) { span_.fail(why); }

 private:
  // Puts the trace into the answer, and the answer into the span. `why` is the failure, if any.
  void trace_answer(Response& response, const base::Status& why);
  Reply reply_;
  const uint64_t started_ns_;
  gateway::CollectionPtr session_of_;
  std::vector<std::string> warnings_;
  base::Span span_;
  const base::TraceContext trace_;
};
using CallPtr = std::shared_ptr<Call>;

// An exception of a library fails only this request: its reply is dropped with the exchange and
// answers 500.
template <typename F>
void run_guarded(const CallPtr& x, F&& run) {
  try {
    run();
  } catch (const std::exception& e) {
    note_thrown(*x, e);
  }
}

// Continues in the pool. Too many waiting tasks give a 503.
template <typename F>
void run_on_pool(const CallPtr& x, F run) {
  const base::Status posted =
      x->options.pool->post([x, run = std::move(run)]() mutable { run_guarded(x, run); });
  if (!posted.ok())
    x->fail({base::Code::kUnavailable, "too many requests are waiting: " + posted.message()});
}

// Makes the HTTP answer to a failure, with the protocol's prefix. kUnauthenticated and kForbidden
// are answered as plain text.
Response failure_response(const base::Status& status, double seconds,
                          const std::vector<std::string>& warnings = {});

}  // namespace rhumb::http::rest
