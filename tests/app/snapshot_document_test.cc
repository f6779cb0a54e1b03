// The document of a snapshot: what is written is read again, and nothing else is.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/app/snapshots/document.h"
#include "host/base/checked_json.h"
#include "host/base/file.h"
#include "tests/segment/temp_dir.h"

namespace rhumb::app {
namespace {

using nlohmann::json;

SnapshotDocument sample() {
  SnapshotCollection books;
  books.name = "books \"a\"";
  books.uuid = "5c56c793-69f3-4fbf-87e6-c4bf54c28c26";
  books.router = "hash";
  books.config.vectors["title"].size = 4;
  books.config.shard_number = 2;
  books.config.payload_indexes["author"] = {model::FieldType::kKeyword, ""};
  books.shard_count = 2;
  books.runs = {{0, 96, 1}, {96, 4000, 0}};
  books.shards = {{0, "collections/0/shards/0", "uuid-0", 17, 5},
                  {1, "collections/0/shards/1", "uuid-1", UINT64_MAX, 6}};
  return {SnapshotKind::kFull, {books}, {{"b", "books \"a\""}}};
}

class SnapshotDocumentTest : public testing::Test {
 protected:
  base::Result<SnapshotDocument> read(const std::string& text) {
    EXPECT_TRUE(base::write_file_atomic(dir_.path() + "/" + kSnapshotDocument, text).ok());
    return read_snapshot_document(dir_.path());
  }
  // Changes a good document and gives it the right checksum.
  base::Result<SnapshotDocument> changed(const std::function<void(json&)>& edit) {
    json document = json::parse(to_text(sample()));
    edit(document);
    return read(base::checked_json_text(document));
  }
  segment::test::TempDir dir_;
};

TEST_F(SnapshotDocumentTest, every_member_is_kept) {
  const auto back = read(to_text(sample()));
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(to_text(*back), to_text(sample()));
  const SnapshotCollection& books = back->collections.at(0);
  EXPECT_EQ(back->kind, SnapshotKind::kFull);
  EXPECT_EQ(books.name, "books \"a\"");
  EXPECT_EQ(books.config.vectors.at("title").size, 4u);
  EXPECT_EQ(books.shards.at(1).applied_index, UINT64_MAX);
  EXPECT_EQ(books.shards.at(1).directory, "collections/0/shards/1");
  EXPECT_EQ(books.runs.at(0).shard, 1u);
  EXPECT_EQ(back->aliases.at("b"), books.name);
}

TEST_F(SnapshotDocumentTest, a_change_of_any_byte_is_found) {
  const std::string text = to_text(sample());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    const auto found = read(damaged);
    ASSERT_FALSE(found.ok()) << i << ": " << damaged;
    EXPECT_TRUE(found.status().code() == base::Code::kInvalid ||
                found.status().code() == base::Code::kUnsupported)
        << found.status().to_string();
  }
}

TEST_F(SnapshotDocumentTest, what_cannot_be_restored_is_refused_in_words) {
  EXPECT_TRUE(changed([](json&) {}).ok());
  const auto words_of = [&](const std::function<void(json&)>& edit) {
    const auto read = changed(edit);
    return read.ok() ? "accepted" : read.status().message();
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(words_of([](json& j) { j["format"] = 2; }), "has format 2"));
  EXPECT_TRUE(has(words_of([](json& j) { j["kind"] = "half"; }), "kind \"half\""));
  EXPECT_TRUE(has(words_of([](json& j) {
                    j["kind"] = "collection";
                    j["collections"] = json::array();
                  }),
                  "0 collections"));
  const auto in_shard = [](const char* member, json value) {
    return [=](json& j) { j["collections"][0]["shards"][1][member] = value; };
  };
  EXPECT_TRUE(has(words_of(in_shard("directory", "../../etc")), ".."));
  EXPECT_TRUE(has(words_of(in_shard("directory", "/etc")), "/etc"));
  EXPECT_TRUE(has(words_of(in_shard("ordinal", 2)), "shard 2 of 2"));
  EXPECT_TRUE(has(words_of(in_shard("ordinal", 0)), "shard 0 twice"));
  EXPECT_TRUE(has(words_of([](json& j) { j["collections"][0]["runs"][1][2] = 2; }), "shard 2"));
  EXPECT_TRUE(has(words_of([](json& j) { j["collections"][0].erase("config"); }), "config"));
  EXPECT_TRUE(
      has(read_snapshot_document(dir_.path() + "/nowhere").status().message(), "no snapshot.json"));
}

}  // namespace
}  // namespace rhumb::app
