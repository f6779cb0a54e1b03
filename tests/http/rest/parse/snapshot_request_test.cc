#include "host/http/rest/parse/snapshot_request.h"

#include <gtest/gtest.h>

#include "host/http/request.h"
#include "tests/http/rest/expect.h"

namespace rhumb::http::rest {
namespace {

const std::string kSha(64, 'a');

std::string padded(std::string body) {
  body.reserve(body.size() + kBodyPadding);
  return body;
}

RecoverRequest good(const std::string& body) {
  auto request = parse_recover(padded(body));
  EXPECT_TRUE(request.ok()) << request.status().message();
  return request.ok() ? *request : RecoverRequest{};
}

TEST(SnapshotRequest, a_recovery_names_a_file_or_a_url) {
  const RecoverRequest file = good(R"({"location":"file:///var/a%20b.snapshot"})");
  EXPECT_EQ(file.path, "/var/a b.snapshot");
  EXPECT_TRUE(file.url.empty() && file.checksum.empty() && file.api_key.empty());
  EXPECT_EQ(file.priority, SnapshotPriority::kReplica);
  const RecoverRequest url = good(R"({"location":"https://a/b.snapshot","priority":"snapshot",
      "checksum":")" + kSha + R"(","api_key":"k"})");
  EXPECT_EQ(url.url, "https://a/b.snapshot");
  EXPECT_TRUE(url.path.empty());
  EXPECT_EQ(url.priority, SnapshotPriority::kSnapshot);
  EXPECT_EQ(url.checksum, kSha);
  EXPECT_EQ(url.api_key, "k");
  const RecoverRequest nulls =
      good(R"({"location":"http://a","priority":null,"checksum":null,"api_key":null})");
  EXPECT_EQ(nulls.url, "http://a");
  IgnoredMembers ignored;
  EXPECT_TRUE(parse_recover(padded(R"({"location":"http://a","x":1})"), &ignored).ok());
  EXPECT_EQ(ignored.warnings().size(), 1u);
}

TEST(SnapshotRequest, a_recovery_that_cannot_be_meant_is_refused) {
  const auto parse = [](const std::string& body) { return parse_recover(padded(body)); };
  expect_refused({{"{}", Code::kMalformedBody, "missing field `location`"},
                  {R"({"location":1})", Code::kMalformedBody, "location"},
                  {R"({"location":"/var/a"})", Code::kMalformedBody, "file, http or https"},
                  {R"({"location":"ftp://a"})", Code::kMalformedBody, "file, http or https"},
                  {R"({"location":"file://host/a"})", Code::kMalformedBody, "no file URL"},
                  {R"({"location":"file://a%2"})", Code::kMalformedBody, "no file URL"},
                  {R"({"location":"file:///a%00b"})", Code::kMalformedBody, "no file URL"},
                  {R"({"location":"http://a","priority":"x"})", Code::kMalformedBody,
                   "one of replica, snapshot, no_sync"},
                  {R"({"location":"http://a","checksum":"abc"})", Code::kMalformedBody,
                   "64 hexadecimal digits"},
                  {"", Code::kMalformedBody, ""},
                  {"[]", Code::kMalformedBody, ""}},
                 parse);
}

TEST(SnapshotRequest, an_upload_has_its_options_in_the_query) {
  EXPECT_EQ(parse_restore_query({})->priority, SnapshotPriority::kReplica);
  const auto full = parse_restore_query({{"priority", "no_sync"}, {"checksum", kSha}});
  EXPECT_EQ(full->priority, SnapshotPriority::kNoSync);
  EXPECT_EQ(full->checksum, kSha);
  EXPECT_EQ(parse_restore_query({{"priority", "all"}}).status().code(), Code::kMalformedQuery);
  EXPECT_EQ(parse_restore_query({{"checksum", "z"}}).status().code(), Code::kMalformedQuery);
}

}  // namespace
}  // namespace rhumb::http::rest
