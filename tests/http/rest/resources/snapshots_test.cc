// The snapshots routes with a real store and an engine whose answers come from the test.
#include "host/http/rest/resources/snapshots.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <future>

#include "host/archive/packer.h"
#include "host/http/rest/snapshot_engine.h"
#include "tests/http/rest/expect.h"
#include "tests/http/rest/fake_gateway.h"

namespace rhumb::http::rest {
namespace {

namespace fs = std::filesystem;
using archive::SnapshotFile;
using archive::SnapshotScope;
using nlohmann::json;

// Makes snapshots of one text, and keeps what is restored.
class FakeEngine final : public SnapshotEngine {
 public:
  void create(SnapshotScope scope, gateway::Callback<SnapshotFile> done) override {
    auto snapshot = store->begin(scope);
    ASSERT_TRUE(snapshot.ok());
    const auto packed = archive::pack_into(snapshot->file(), {{"text", "", 0, "made"}});
    ASSERT_TRUE(packed.ok());
    done(snapshot->commit(*packed));
    made.set_value();
  }
  void restore(SnapshotScope scope, std::unique_ptr<archive::Unpacker> files,
               SnapshotPriority priority, gateway::Done done) override {
    restored_scope = scope;
    restored_priority = priority;
    restored_text = *base::read_file(files->directory() + "/text", 100);
    files.reset();
    done(failure);
  }
  base::Status may_fetch(const std::string& url) const override {
    return url.starts_with("https://allowed/")
               ? base::ok()
               : base::Status(base::Code::kForbidden, "location: not allowed");
  }
  void fetch(SnapshotScope scope, SnapshotUrl from, SnapshotPriority priority,
             gateway::Done done) override {
    restored_scope = scope;
    restored_priority = priority;
    fetched = from;
    done(failure);
  }
  void branch(std::string collection, std::string name, gateway::Done done) override {
    branched = collection + " as " + name;
    done(failure);
  }
  std::string branched;
  SnapshotUrl fetched;
  archive::SnapshotStore* store = nullptr;
  base::Status failure;
  SnapshotScope restored_scope;
  SnapshotPriority restored_priority = SnapshotPriority::kReplica;
  std::string restored_text;
  std::promise<void> made;
};

class SnapshotsTest : public testing::Test {
 protected:
  SnapshotsTest() {
    std::string pattern = (fs::temp_directory_path() / "rhumb_snapshots_XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    auto opened = archive::SnapshotStore::open(root_ + "/snapshots", 1);
    EXPECT_TRUE(opened.ok());
    store_ = std::move(*opened);
    engine_.store = store_.get();
    rest_.options.snapshots = store_.get();
    rest_.options.snapshot_engine = &engine_;
  }
  ~SnapshotsTest() override {
    rest_.pool.stop();
    fs::remove_all(root_);
  }
  void refused(const Answer& answer, int status, const std::string& says) {
    EXPECT_EQ(answer.response.status, status) << answer.response.body;
    EXPECT_NE(answer.response.body.find(says), std::string::npos) << answer.response.body;
  }
  json result(const Answer& answer) {
    EXPECT_EQ(answer.response.status, 200) << answer.response.body;
    return answer.response.status == 200 ? answer.json()["result"] : json();
  }
  std::string archive_bytes() {
    archive::Packer packer({{"text", "", 0, "uploaded"}});
    std::string piece;
    EXPECT_TRUE(packer.next(piece).ok());
    return piece;
  }
  static std::string form(const std::string& bytes, const std::string& name = "snapshot") {
    return "--XX\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"a\"\r\n\r\n" +
           bytes + "\r\n--XX--\r\n";
  }
  // Uploads a body in pieces and returns the answer.
  Answer upload(const std::string& path, const std::string& body, size_t step = 7) {
    std::optional<Answer> answered;
    bool taken = false;
    std::shared_ptr<ReplySink> reply;
    auto sink = rest_.stream("POST", path, answered, taken,
                             {{"Content-Type", "multipart/form-data; boundary=XX"}}, &reply);
    if (answered) return *answered;
    for (size_t at = 0; at < body.size(); at += step) {
      auto went_on = std::make_shared<std::promise<bool>>();
      auto future = went_on->get_future();
      // A refused piece drops its resume function.
      auto guard = std::shared_ptr<void>(nullptr, [went_on](void*) {
        try {
          went_on->set_value(false);
        } catch (const std::future_error&) {}
      });
      sink->on_data(body.substr(at, step),
                    [went_on, guard = std::move(guard)] { went_on->set_value(true); });
      if (!future.get()) return rest_.await(reply);
    }
    sink->on_end();
    return rest_.await(reply);
  }
  bool nothing_is_left() const {
    return !fs::exists(root_ + "/snapshots/.tmp") || fs::is_empty(root_ + "/snapshots/.tmp");
  }

  std::string root_;
  std::unique_ptr<archive::SnapshotStore> store_;
  FakeEngine engine_;
  RestHarness rest_;
};

TEST_F(SnapshotsTest, a_snapshot_is_made_listed_fetched_and_deleted_in_each_scope) {
  for (const std::string& base :
       {std::string("/collections/b/snapshots"),
        std::string("/collections/books/shards/0/snapshots"), std::string("/snapshots")}) {
    SCOPED_TRACE(base);
    engine_.made = {};
    const json made = result(rest_.ask("POST", base));
    EXPECT_TRUE(made["name"].get<std::string>().ends_with(".snapshot"));
    EXPECT_EQ(made["checksum"].get<std::string>().size(), 64u);
    EXPECT_EQ(made["creation_time"].get<std::string>().size(), 19u);
    EXPECT_EQ(result(rest_.ask("GET", base)), json::array({made}));
    const std::string path = base + "/" + made["name"].get<std::string>();
    const Answer whole = rest_.ask("GET", path);
    EXPECT_EQ(whole.response.status, 200);
    EXPECT_EQ(whole.response.content_type, "application/octet-stream");
    EXPECT_EQ(whole.streamed.size(), made["size"].get<size_t>());
    const Answer part = rest_.ask("GET", path, "", {{"Range", "bytes=2-5"}});
    EXPECT_EQ(part.response.status, 206);
    EXPECT_EQ(part.streamed, whole.streamed.substr(2, 4));
    EXPECT_EQ(result(rest_.ask("DELETE", path)), true);
    EXPECT_EQ(result(rest_.ask("GET", base)), json::array());
    refused(rest_.ask("GET", path), 404, "doesn't exist!");
    refused(rest_.ask("DELETE", path), 404, "doesn't exist!");
  }
}

TEST_F(SnapshotsTest, names_and_shards_that_are_not_there_are_refused) {
  refused(rest_.ask("GET", "/collections/books/snapshots/..%2f..%2fetc%2fpasswd"), 400,
          "is no name of a snapshot");
  refused(rest_.ask("DELETE", "/snapshots/%2e%2e"), 400, "is no name of a snapshot");
  refused(rest_.ask("GET", "/collections/books/shards/1/snapshots"), 404, "Shard 1");
  refused(rest_.ask("GET", "/collections/books/shards/x/snapshots"), 400, "no number of a shard");
  refused(rest_.ask("GET", "/collections/films/snapshots"), 404, "Collection `films`");
}

TEST_F(SnapshotsTest, without_an_engine_those_that_are_there_are_served) {
  const json made = result(rest_.ask("POST", "/snapshots"));
  RestHarness other;
  other.options.snapshots = store_.get();
  EXPECT_EQ(result(other.ask("GET", "/snapshots")), json::array({made}));
  refused(other.ask("POST", "/snapshots"), 501, "Not implemented: ");
  refused(other.ask("PUT", "/collections/books/snapshots/recover", "{}"), 501, "Not implemented: ");
  refused(other.ask("POST", "/collections/books/snapshots/upload"), 501, "Not implemented: ");
}

TEST_F(SnapshotsTest, without_wait_the_answer_comes_at_once) {
  const Answer answer = rest_.ask("POST", "/collections/books/snapshots?wait=false");
  EXPECT_EQ(answer.response.status, 202);
  EXPECT_EQ(answer.json()["status"], "accepted");
  engine_.made.get_future().wait();
  EXPECT_EQ(store_->list({"books", {}})->size(), 1u);
  refused(rest_.ask("POST", "/snapshots?wait=perhaps"), 400, "wait");
}

TEST_F(SnapshotsTest, a_local_file_is_unpacked_and_restored) {
  auto file = base::File::create_new(root_ + "/a b.snapshot");
  ASSERT_TRUE(file.ok() && file->write_at(0, archive_bytes()).ok());
  const std::string body = R"({"location":"file://)" + root_ + R"(/a%20b.snapshot",
      "priority":"snapshot"})";
  EXPECT_EQ(result(rest_.ask("PUT", "/collections/films/snapshots/recover", body)), true);
  EXPECT_EQ(engine_.restored_text, "uploaded");
  EXPECT_EQ(engine_.restored_scope.collection, "films") << "a restore makes the collection";
  EXPECT_EQ(engine_.restored_priority, SnapshotPriority::kSnapshot);
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(SnapshotsTest, a_location_that_is_no_archive_is_refused) {
  const auto recover = [&](const std::string& location) {
    return rest_.ask("PUT", "/collections/books/snapshots/recover",
                     "{\"location\":\"" + location + "\"}");
  };
  refused(recover("file:///dev/zero"), 400, "no regular file");
  refused(recover("file://" + root_), 400, "no regular file");
  refused(recover("file://" + root_ + "/none"), 400, "no regular file");
  refused(recover("file:///etc/passwd"), 400, "no whole zstd stream");
  refused(recover("https://example.org/a"), 403, "location: not allowed");
  refused(rest_.ask("PUT", "/collections/a%2fb/snapshots/recover", "{\"location\":\"http://a\"}"),
          422, "collection_name");
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(SnapshotsTest, a_branch_is_handed_to_the_engine) {
  EXPECT_EQ(result(rest_.ask("POST", "/collections/b/branch", R"({"name":"try"})")), true);
  EXPECT_EQ(engine_.branched, "books as try") << "of the collection that the alias names";
  engine_.failure = base::Status(base::Code::kExists, "it is there");
  refused(rest_.ask("POST", "/collections/books/branch", R"({"name":"try"})"), 409, "it is there");
  refused(rest_.ask("POST", "/collections/none/branch", R"({"name":"try"})"), 404, "none");
}

TEST_F(SnapshotsTest, a_url_is_handed_to_the_engine) {
  const std::string checksum(64, 'a');
  const std::string body = R"({"location":"https://allowed/a.snapshot","priority":"snapshot",
      "api_key":"secret","checksum":")" +
                           checksum + "\"}";
  EXPECT_EQ(result(rest_.ask("PUT", "/collections/films/snapshots/recover", body)), true);
  EXPECT_EQ(engine_.fetched.url, "https://allowed/a.snapshot");
  EXPECT_EQ(engine_.fetched.api_key, "secret");
  EXPECT_EQ(engine_.fetched.checksum, checksum);
  EXPECT_EQ(engine_.restored_scope.collection, "films");
  EXPECT_EQ(engine_.restored_priority, SnapshotPriority::kSnapshot);
  engine_.failure = base::invalid("location: the server answered 404 Not Found");
  refused(rest_.ask("PUT", "/collections/films/snapshots/recover", body), 400, "answered 404");
}

TEST_F(SnapshotsTest, an_upload_is_unpacked_while_it_comes) {
  const Answer answer =
      upload("/collections/b/snapshots/upload?priority=no_sync", form(archive_bytes()));
  EXPECT_EQ(result(answer), true);
  EXPECT_EQ(engine_.restored_text, "uploaded");
  EXPECT_EQ(engine_.restored_scope.collection, "books");
  EXPECT_FALSE(engine_.restored_scope.shard.has_value());
  EXPECT_EQ(engine_.restored_priority, SnapshotPriority::kNoSync);
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(SnapshotsTest, an_upload_that_is_wrong_is_refused_and_leaves_nothing) {
  const std::string path = "/collections/books/shards/0/snapshots/upload";
  const std::string bytes = archive_bytes();
  refused(upload(path, form("no archive")), 400, "no whole zstd stream");
  refused(upload(path, form(bytes.substr(0, 40))), 400, "cut short");
  refused(upload(path, form(bytes, "other")), 400, "no part 'snapshot'");
  refused(upload(path, form(bytes).substr(0, 90)), 400, "cut short");
  refused(upload(path + "?checksum=" + std::string(64, '0'), form(bytes)), 400, "SHA-256 checksum");
  refused(upload(path + "?checksum=0", form(bytes)), 400, "checksum");
  refused(upload("/collections/books/shards/9/snapshots/upload", form(bytes)), 404, "Shard 9");
  engine_.failure = base::invalid("of another dimension");
  refused(upload(path, form(bytes)), 400, "of another dimension");
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(SnapshotsTest, an_upload_that_is_broken_off_leaves_nothing) {
  std::optional<Answer> answered;
  bool taken = false;
  std::shared_ptr<ReplySink> reply;
  auto sink = rest_.stream("POST", "/collections/books/snapshots/upload", answered, taken,
                           {{"Content-Type", "multipart/form-data; boundary=XX"}}, &reply);
  ASSERT_TRUE(sink != nullptr);
  std::promise<void> went_on;
  sink->on_data(form(archive_bytes()).substr(0, 120), [&] { went_on.set_value(); });
  went_on.get_future().wait();
  EXPECT_FALSE(nothing_is_left());
  sink->on_abort({base::Code::kCancelled, "the connection was lost"});
  sink.reset();
  rest_.pool.stop();
  EXPECT_TRUE(nothing_is_left());
}

}  // namespace
}  // namespace rhumb::http::rest
