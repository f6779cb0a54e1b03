#include "host/http/file_reply.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "host/http/server.h"
#include "tests/http/client.h"
#include "tests/http/test_handler.h"

namespace rhumb::http {
namespace {

// GET /file serves the file; /long and /short announce another length than they give.
class FileHandler : public Handler {
 public:
  explicit FileHandler(const std::string& text) {
    std::string pattern = (std::filesystem::temp_directory_path() / "rhumb_file_XXXXXX").string();
    const int fd = ::mkstemp(pattern.data());
    RHUMB_ASSERT(fd >= 0);
    ::close(fd);
    path_ = pattern;
    auto file = base::File::open_rw(path_);
    RHUMB_ASSERT(file.ok() && file->write_at(0, text).ok());
  }
  ~FileHandler() override {
    pool_.stop();
    std::filesystem::remove(path_);
  }
  void handle(std::shared_ptr<Request> request, Reply reply) override {
    if (request->path == "/file") {
      auto file = base::File::open_ro(path_);
      RHUMB_ASSERT(file.ok());
      return send_file(std::move(reply), *request,
                       {std::move(*file), "a\"b.snapshot", "application/octet-stream", "tag"},
                       pool_);
    }
    Response head;
    head.stream_length = request->path == "/long" ? 3 : 30;
    reply.stream(std::move(head), [first = true](Next next) mutable {
      if (std::exchange(first, false)) return next.chunk("0123456789");
      next.end();
    });
  }

 private:
  std::string path_;
  base::Executor pool_{"test-files", 2, 1024};
};

struct FileServer {
  explicit FileServer(const std::string& text) : handler(text), server(options(), handler) {
    RHUMB_ASSERT(server.start().ok());
  }
  static ServerOptions options() {
    ServerOptions out;
    out.port = 0;
    return out;
  }
  FileHandler handler;
  Server server;
};

TEST(FileReply, a_file_comes_whole_with_its_length) {
  const std::string text = pattern(3'000'000);
  FileServer served(text);
  Client client(served.server.port());
  Answer answer = client.get("/file", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body == text);
  EXPECT_EQ(answer.fields["content-length"], "3000000");
  EXPECT_FALSE(answer.fields.contains("transfer-encoding"));
  EXPECT_FALSE(answer.fields.contains("content-encoding"));
  EXPECT_EQ(answer.fields["content-type"], "application/octet-stream");
  EXPECT_EQ(answer.fields["accept-ranges"], "bytes");
  EXPECT_EQ(answer.fields["content-disposition"], "attachment; filename=\"a_b.snapshot\"");
  EXPECT_EQ(answer.fields["etag"], "\"tag\"");
  EXPECT_EQ(client.get("/file", "Range: bytes=1-1\r\n").body, text.substr(1, 1))
      << "the connection goes on";
}

TEST(FileReply, an_empty_file_is_an_answer) {
  FileServer served("");
  Client client(served.server.port());
  Answer answer = client.get("/file");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.fields["content-length"], "0");
  EXPECT_EQ(client.get("/file", "Range: bytes=0-\r\n").status, 416);
}

TEST(FileReply, a_range_is_a_part_of_the_file) {
  const std::string text = pattern(1'000'000);
  FileServer served(text);
  Client client(served.server.port());
  Answer part = client.get("/file", "Range: bytes=300000-899999\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == text.substr(300'000, 600'000));
  EXPECT_EQ(part.fields["content-range"], "bytes 300000-899999/1000000");
  EXPECT_EQ(part.fields["content-length"], "600000");
  Answer beyond = client.get("/file", "Range: bytes=1000000-\r\n");
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.fields["content-range"], "bytes */1000000");
  EXPECT_NE(beyond.body.find("beyond the 1000000 bytes"), std::string::npos) << beyond.body;
  EXPECT_EQ(client.get("/file", "Range: bytes=0-1,5-6\r\n").status, 200);
}

TEST(FileReply, a_range_of_another_content_is_the_whole_file) {
  FileServer served("0123456789");
  Client client(served.server.port());
  EXPECT_EQ(client.get("/file", "Range: bytes=2-3\r\nIf-Range: \"tag\"\r\n").body, "23");
  EXPECT_EQ(client.get("/file", "Range: bytes=2-3\r\nIf-Range: \"old\"\r\n").body, "0123456789");
}

TEST(FileReply, a_head_request_gets_the_length_without_the_bytes) {
  FileServer served("0123456789");
  Client client(served.server.port());
  ASSERT_TRUE(client.send("HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n"));
  Answer answer = client.read(true);
  EXPECT_EQ(answer.fields["content-length"], "10");
  EXPECT_EQ(client.get("/file").body, "0123456789");
}

TEST(FileReply, an_old_client_gets_the_length_and_keeps_its_connection) {
  FileServer served("0123456789");
  Client client(served.server.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.send("GET /file HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_EQ(client.read().body, "0123456789");
  }
}

TEST(FileReply, a_producer_that_breaks_its_word_breaks_the_connection) {
  FileServer served("");
  for (const char* path : {"/long", "/short"}) {
    Client client(served.server.port());
    EXPECT_FALSE(client.get(path).whole) << path;
  }
}

}  // namespace
}  // namespace rhumb::http
