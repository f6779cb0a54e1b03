#include "host/payload/index/index_set.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "host/base/file.h"
#include "host/payload/index/index_file.h"
#include "tests/payload/corpus.h"

namespace rhumb::payload::testing {
namespace {

using model::FieldType;

const std::vector<uint64_t> kAllLive(4, ~uint64_t{0});

std::string payload_of(uint32_t slot) {
  return "{\"kind\":\"k" + std::to_string(slot % 7) + "\",\"n\":[" + std::to_string(slot) +
         ",-1],\"mixed\":" + (slot % 2 == 0 ? "true" : "\"x\"") + "}";
}

class IndexSetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = ::testing::TempDir() + "/rhumb-index-set-" +
           ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    for (uint32_t slot = 0; slot < 200; ++slot) rows_.append(payload_of(slot), 0);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  uint64_t count_of(const IndexSet& indexes, model::Condition condition,
                    std::string* served_by = nullptr) {
    const auto matcher = Matcher::compile(must(std::move(condition)));
    const auto result = evaluate(*matcher, indexes, rows_, rows_.live(), rows_.size());
    EXPECT_TRUE(result.ok());
    if (served_by != nullptr) *served_by = result->served_by;
    return result->pass_count;
  }
  void build_all(IndexSet& indexes) {
    for (const std::string& field : indexes.unready()) {
      ASSERT_TRUE(
          indexes.build(field, rows_.size(), [&](uint32_t slot) { return rows_.payload(slot); })
              .ok());
    }
  }

  std::string dir_;
  MemoryRows rows_;
  const FieldConfigs configs_{{"kind", {FieldType::kKeyword, {}}},
                              {"n", {FieldType::kInteger, {}}},
                              {"mixed", {FieldType::kBool, {}}}};
};

TEST_F(IndexSetTest, a_field_serves_once_it_is_built) {
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(configs_).ok());
  EXPECT_EQ(indexes.unready(), (std::vector<std::string>{"kind", "mixed", "n"}));
  std::string served_by;
  EXPECT_EQ(count_of(indexes, field("kind", any({"k3"})), &served_by), 29u);
  EXPECT_EQ(served_by, "");
  build_all(indexes);
  EXPECT_TRUE(indexes.unready().empty());
  EXPECT_EQ(count_of(indexes, field("kind", any({"k3"})), &served_by), 29u);
  EXPECT_EQ(served_by, "kind");
  const auto points = indexes.points(rows_.live());
  EXPECT_EQ(points, (std::vector<std::pair<std::string, uint64_t>>{
                        {"kind", 200}, {"mixed", 100}, {"n", 200}}));
  rows_.kill(0);
  EXPECT_EQ(indexes.points(rows_.live())[1].second, 99u);
  EXPECT_GT(indexes.memory_bytes(), 200u * 3 * sizeof(uint32_t));
}

TEST_F(IndexSetTest, the_build_leaves_rows_alone_that_a_put_has_changed) {
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(configs_).ok());
  rows_.set_payload(10, R"({"kind":"new"})");
  indexes.put(10, rows_.payload(10));
  // The builder read this row before the row changed.
  ASSERT_TRUE(indexes
                  .build("kind", rows_.size(),
                         [&](uint32_t slot) {
                           static std::string text;
                           text = payload_of(slot);
                           return std::string_view(text);
                         })
                  .ok());
  EXPECT_EQ(count_of(indexes, field("kind", any({"new"}))), 1u);
  EXPECT_EQ(count_of(indexes, field("kind", any({"k3"}))), 28u);
}

TEST_F(IndexSetTest, configure_keeps_drops_and_replaces) {
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(configs_).ok());
  build_all(indexes);
  const auto kind = indexes.find("kind");
  ASSERT_NE(kind, nullptr);
  ASSERT_TRUE(
      indexes.configure({{"kind", {FieldType::kKeyword, {}}}, {"n", {FieldType::kFloat, {}}}})
          .ok());
  EXPECT_EQ(indexes.find("kind"), kind);
  EXPECT_EQ(indexes.find("n"), nullptr);
  EXPECT_EQ(indexes.find("mixed"), nullptr);
  EXPECT_EQ(indexes.unready(), std::vector<std::string>{"n"});
  EXPECT_EQ(indexes.configure({{"t", {FieldType::kText, {}}}}).code(), base::Code::kUnsupported);
  EXPECT_EQ(indexes.configure({{"a..b", {FieldType::kKeyword, {}}}}).code(), base::Code::kInvalid);
  EXPECT_EQ(indexes.find("kind"), kind) << "a refused configuration changed something";
  EXPECT_EQ(indexes.build("other", 1, {}).code(), base::Code::kNotFound);
}

TEST_F(IndexSetTest, a_build_can_be_cancelled_and_repeated) {
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(configs_).ok());
  const auto text = [&](uint32_t slot) { return rows_.payload(slot); };
  EXPECT_EQ(indexes.build("kind", rows_.size(), text, [] { return true; }).code(),
            base::Code::kCancelled);
  EXPECT_EQ(indexes.find("kind"), nullptr);
  EXPECT_TRUE(indexes.build("kind", rows_.size(), text, [] { return false; }).ok());
  EXPECT_NE(indexes.find("kind"), nullptr);
}

TEST_F(IndexSetTest, an_empty_segment_is_ready_at_once) {
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(configs_).ok());
  indexes.make_ready();
  for (uint32_t slot = 0; slot < rows_.size(); ++slot) indexes.put(slot, rows_.payload(slot));
  EXPECT_EQ(count_of(indexes, field("n", any({int64_t{-1}}))), 200u);
  EXPECT_EQ(count_of(indexes, field("n", any({int64_t{17}}))), 1u);
  indexes.remove(17);
  EXPECT_EQ(count_of(indexes, field("n", any({int64_t{17}}))), 0u);
}

TEST_F(IndexSetTest, saved_indexes_are_loaded) {
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(configs_).ok());
  build_all(indexes);
  ASSERT_TRUE(indexes.save(dir_, 150, 42).ok());
  IndexSet again;
  ASSERT_TRUE(again.configure(configs_).ok());
  const auto loaded = again.load_fields(dir_);
  ASSERT_EQ(loaded.size(), 3u);
  for (const LoadedField& one : loaded) {
    EXPECT_TRUE(one.status.ok()) << one.status.to_string();
    EXPECT_EQ(one.slots, 150u);
    EXPECT_EQ(one.through_version, 42u);
  }
  EXPECT_EQ(count_of(again, field("n", any({int64_t{149}}))), 1u);
  EXPECT_EQ(count_of(again, field("n", any({int64_t{150}}))), 0u)
      << "a row beyond the promised length";
  for (uint32_t slot = 150; slot < 200; ++slot) again.put(slot, rows_.payload(slot));
  EXPECT_EQ(count_of(again, field("n", any({int64_t{150}}))), 1u);
  EXPECT_EQ(count_of(again, field("kind", except({"k3"}))), 171u);
  EXPECT_EQ(count_of(again, field("mixed", any({"x"}))), 100u);
}

TEST_F(IndexSetTest, files_of_dropped_fields_are_removed) {
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(configs_).ok());
  build_all(indexes);
  ASSERT_TRUE(indexes.save(dir_, 200, 1).ok());
  ASSERT_TRUE(base::write_file_atomic(dir_ + "/manifest", "not ours").ok());
  ASSERT_TRUE(indexes.configure({{"kind", {FieldType::kKeyword, {}}}}).ok());
  ASSERT_TRUE(indexes.save(dir_, 200, 1).ok());
  EXPECT_EQ(*base::list_dir(dir_), (std::vector<std::string>{"manifest", index_file_name("kind")}));
}

TEST_F(IndexSetTest, loading_names_the_files_that_it_cannot_use) {
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(configs_).ok());
  for (const LoadedField& one : indexes.load_fields(dir_))
    EXPECT_EQ(one.status.code(), base::Code::kNotFound);
  build_all(indexes);
  ASSERT_TRUE(indexes.save(dir_, 200, 1).ok());
  IndexSet other_type;
  ASSERT_TRUE(other_type.configure({{"kind", {FieldType::kUuid, {}}}}).ok());
  EXPECT_EQ(other_type.load_fields(dir_)[0].status.code(), base::Code::kCorrupt);
  IndexSet fed;
  ASSERT_TRUE(fed.configure({{"kind", {FieldType::kKeyword, {}}}}).ok());
  fed.put(3, "{}");
  EXPECT_EQ(fed.load_fields(dir_)[0].status.code(), base::Code::kInvalid);
  EXPECT_EQ(fed.unready(), std::vector<std::string>{"kind"});
}

// Every byte of a file matters: if one is changed or cut off, the file is refused, and the field
// can be built again.
TEST_F(IndexSetTest, damage_is_always_found) {
  const FieldConfigs one_field{{"n", {FieldType::kInteger, {}}}};
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(one_field).ok());
  for (uint32_t slot = 0; slot < 20; ++slot) indexes.put(slot, rows_.payload(slot));
  indexes.make_ready();
  ASSERT_TRUE(indexes.save(dir_, 20, 1).ok());
  const std::string path = dir_ + "/" + index_file_name("n");
  const std::string good = *base::read_file(path, 1 << 20);
  const auto load = [&](std::string_view bytes) {
    EXPECT_TRUE(base::write_file_atomic(path, bytes).ok());
    IndexSet again;
    EXPECT_TRUE(again.configure(one_field).ok());
    const base::Status status = again.load_fields(dir_)[0].status;
    EXPECT_EQ(again.unready().empty(), status.ok());
    return status;
  };
  EXPECT_TRUE(load(good).ok());
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_EQ(load(bad).code(), base::Code::kCorrupt) << "byte " << at;
  }
  for (size_t length = 0; length < good.size(); length += 7)
    EXPECT_EQ(load(good.substr(0, length)).code(), base::Code::kCorrupt);
  EXPECT_EQ(load(good + "x").code(), base::Code::kCorrupt);
  EXPECT_NE(load("").message().find(index_file_name("n")), std::string::npos);
}

// Sections with valid checksums that contradict each other, as a faulty or malicious writer leaves
// them.
TEST_F(IndexSetTest, contradictions_within_a_file_are_found) {
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure({{"n", {FieldType::kInteger, {}}}}).ok());
  for (uint32_t slot = 0; slot < 5; ++slot) indexes.put(slot, rows_.payload(slot));
  indexes.make_ready();
  ASSERT_TRUE(indexes.save(dir_, 5, 1).ok());
  const std::string path = dir_ + "/" + index_file_name("n");
  const auto good = decode_index_file(*base::read_file(path, 1 << 20));
  ASSERT_TRUE(good.ok());
  const auto with = [&](SectionKind kind, size_t at, char byte) {
    IndexFile file = *good;
    file.sections[kind].at(at) = byte;
    EXPECT_TRUE(base::write_file_atomic(path, encode_index_file(file)).ok());
    IndexSet again;
    EXPECT_TRUE(again.configure({{"n", {FieldType::kInteger, {}}}}).ok());
    return again.load_fields(dir_)[0].status.code();
  };
  EXPECT_EQ(with(SectionKind::kTerms, 0, 2), base::Code::kCorrupt);  // fewer terms than bytes
  // 0 becomes 1, which exists already.
  EXPECT_EQ(with(SectionKind::kTerms, 12, 1), base::Code::kCorrupt);
  EXPECT_EQ(with(SectionKind::kForward, 4, 9), base::Code::kCorrupt);  // a list out of order
  EXPECT_EQ(with(SectionKind::kForward, 0, 6), base::Code::kCorrupt);  // more rows than bytes
  EXPECT_EQ(with(SectionKind::kLists, 8, 77), base::Code::kCorrupt);   // a term that does not exist
  EXPECT_EQ(with(SectionKind::kStates, 4, 0), base::Code::kCorrupt);   // no bitmap
}

}  // namespace
}  // namespace rhumb::payload::testing
