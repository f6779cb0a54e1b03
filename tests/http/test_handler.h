// A request handler with one route for each case that the HTTP server has to handle.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/http/request.h"
#include "host/http/server.h"

namespace rhumb::http {

//   /echo      answers on the loop with method, target and body
//   /later     the same from a pool thread
//   /held      is answered by release(), from the test's thread
//   /big?N     answers N bytes of JSON-like text
//   /throw     throws
//   /drop      drops its reply
//   /busy      computes on the loop for longer than a turn may take
//   /spare     says whether its turn of the loop has time left
//   /stall     holds the loop until release()
//   /import    streams its body into `imported`; with ?slow each piece waits for resume_import()
//   /refused   is answered with 401 before its body is read
//   /export?N  streams N pieces of 64 KiB
//   /broken    fails after one piece
//   /endless   streams without end
class TestHandler : public Handler {
 public:
  ~TestHandler() override { pool.stop(); }
  void handle(std::shared_ptr<Request> request, Reply reply) override;
  std::unique_ptr<BodySink> stream(const std::shared_ptr<Request>& head, Reply& reply) override;

  void wait_held(size_t count);  // waits until that many requests are held in /held or /stall
  void release();                // answers the held requests
  void wait_imported(size_t bytes);
  void wait_aborted();
  void resume_import();

  base::Executor pool{"test-http", 2, 1024};
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::pair<std::shared_ptr<Request>, Reply>> held;
  std::string imported;
  size_t pieces = 0;
  std::vector<BodySink::Resume> resumes;
  bool stalled = false;
  bool aborted = false;
  std::atomic<uint64_t> handled{0};
  std::atomic<uint64_t> pulled{0};
  std::atomic<uint64_t> pulls_alive{0};

 private:
  void export_pieces(const Request& request, Reply reply);
};

std::string pattern(size_t bytes);  // compressible text with varying bytes

struct TestServer {
  explicit TestServer(ServerOptions options = {})
      : server(with_free_port(std::move(options)), handler) {
    const base::Status status = server.start();
    RHUMB_ASSERT(status.ok());
  }
  static ServerOptions with_free_port(ServerOptions options) {
    options.port = 0;
    return options;
  }
  uint16_t port() const { return server.port(); }
  TestHandler handler;
  Server server;
};

}  // namespace rhumb::http
