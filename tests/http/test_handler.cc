#include "tests/http/test_handler.h"

#include <stdexcept>

#include "host/base/clock.h"

namespace rhumb::http {
namespace {

constexpr uint64_t kBusyNs = 5'000'000;

Response text(std::string body) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

Response echo(Request& request) {
  return text(std::string(request.method) + " " + std::string(request.target) + " " + request.body);
}

class ImportSink final : public BodySink {
 public:
  ImportSink(TestHandler& handler, Reply reply, bool slow)
      : handler_(handler), reply_(std::move(reply)), slow_(slow) {}
  void on_data(std::string chunk, Resume resume) override {
    {
      const std::lock_guard lock(handler_.mutex);
      handler_.imported += chunk;
      ++handler_.pieces;
      if (slow_) handler_.resumes.push_back(std::move(resume));
    }
    handler_.changed.notify_all();
    if (chunk.find("BAD") != std::string::npos) reply_(error_response(422, "bad line"));
    if (!slow_) resume();
  }
  void on_end() override {
    const std::lock_guard lock(handler_.mutex);
    reply_(text("imported " + std::to_string(handler_.imported.size())));
  }
  void on_abort(base::Status) override {
    {
      const std::lock_guard lock(handler_.mutex);
      handler_.aborted = true;
    }
    handler_.changed.notify_all();
  }

 private:
  TestHandler& handler_;
  Reply reply_;
  const bool slow_;
};

}  // namespace

std::string pattern(size_t bytes) {
  static const std::string kPeriod = [] {  // made once, because sanitizers make it slow
    std::string period;
    for (size_t i = 0; i < 100003; ++i)
      period += "{\"id\":" + std::to_string(i * 7919 % 100003) + "},";
    return period;
  }();
  std::string out;
  out.reserve(bytes);
  while (out.size() < bytes) out.append(kPeriod, 0, bytes - out.size());
  return out;
}

void TestHandler::handle(std::shared_ptr<Request> request, Reply reply) {
  ++handled;
  const std::string_view path = request->path;
  if (path == "/later") {
    const base::Status posted =
        pool.post([request, reply = std::move(reply)]() mutable { reply(echo(*request)); });
    RHUMB_ASSERT(posted.ok());
  } else if (path == "/held") {
    {
      const std::lock_guard lock(mutex);
      held.emplace_back(std::move(request), std::move(reply));
    }
    changed.notify_all();
  } else if (path == "/busy") {
    while (!base::Deadline{request->received_ns + kBusyNs}.expired()) {}
    reply(text("done"));
  } else if (path == "/spare") {
    reply(text(request->may_run_here ? "time left" : "none left"));
  } else if (path == "/stall") {
    std::unique_lock lock(mutex);
    stalled = true;
    changed.notify_all();
    changed.wait(lock, [this] { return !stalled; });
    reply(text("released"));
  } else if (path == "/big") {
    Response response = text(pattern(std::stoul(std::string(request->query))));
    response.content_type = "application/json";
    reply(std::move(response));
  } else if (path == "/throw") {
    throw std::runtime_error("thrown on purpose");
  } else if (path == "/drop") {
    const Reply dropped = std::move(reply);
  } else if (path == "/export" || path == "/broken" || path == "/endless") {
    export_pieces(*request, std::move(reply));
  } else if (path == "/padding") {
    reply(
        text(request->body.capacity() >= request->body.size() + kBodyPadding ? "padded" : "short"));
  } else {
    reply(echo(*request));
  }
}

void TestHandler::export_pieces(const Request& request, Reply reply) {
  const bool broken = request.path == "/broken";
  const size_t count =
      request.path == "/export" ? std::stoul(std::string(request.query)) : SIZE_MAX;
  const auto alive = std::shared_ptr<void>(nullptr, [this](void*) { --pulls_alive; });
  ++pulls_alive;
  reply.stream(text({}), [this, broken, count, alive, i = size_t{0}](Next next) mutable {
    ++pulled;
    if (broken && i == 1) {
      next.fail(base::internal("broken on purpose"));
    } else if (i == count) {
      next.end();
    } else if (++i % 2 == 0) {
      next.chunk(pattern(64 * 1024));
    } else {
      const base::Status posted =
          pool.post([next = std::move(next)]() mutable { next.chunk(pattern(64 * 1024)); });
      RHUMB_ASSERT(posted.ok());
    }
  });
}

std::unique_ptr<BodySink> TestHandler::stream(const std::shared_ptr<Request>& head, Reply& reply) {
  if (head->path == "/refused") {
    reply(error_response(401, "no"));
    return nullptr;
  }
  if (head->path != "/import") return nullptr;
  return std::make_unique<ImportSink>(*this, std::move(reply), head->query == "slow");
}

void TestHandler::wait_held(size_t count) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return held.size() + (stalled ? 1 : 0) >= count; });
}

void TestHandler::release() {
  std::vector<std::pair<std::shared_ptr<Request>, Reply>> all;
  {
    const std::lock_guard lock(mutex);
    all.swap(held);
    stalled = false;
  }
  changed.notify_all();
  for (auto& [request, reply] : all) reply(text(request->cancelled() ? "cancelled" : "released"));
}

void TestHandler::wait_imported(size_t bytes) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return imported.size() >= bytes; });
}

void TestHandler::wait_aborted() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return aborted; });
}

void TestHandler::resume_import() {
  std::vector<BodySink::Resume> all;
  {
    const std::lock_guard lock(mutex);
    all.swap(resumes);
  }
  for (auto& resume : all) resume();
}

}  // namespace rhumb::http
