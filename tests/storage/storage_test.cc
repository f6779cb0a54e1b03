// The wrappers over the real plugins: the values that cross the boundary, and that closing waits.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "host/base/executor.h"
#include "host/plugin/registry.h"
#include "host/storage/kv_store.h"
#include "host/storage/log_store.h"
#include "tests/places.h"

namespace rhumb::storage {
namespace {

class StorageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "rhumb-storage-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    for (const char* name : {"storage_wal", "storage_sqlite"}) {
      const base::Status loaded = plugins_.load_file(places::plugin(name));
      ASSERT_TRUE(loaded.ok()) << loaded.to_string();
    }
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  base::Executor executor_{"test", 1, 16};
  plugin::PluginRegistry plugins_{executor_};
  std::string dir_;
};

base::Status append_and_wait(LogStore& log, std::vector<LogRecord> records) {
  std::promise<base::Status> fired;
  RHUMB_TRY(
      log.append(records, [&fired](base::Status status) { fired.set_value(std::move(status)); }));
  return fired.get_future().get();
}

TEST_F(StorageTest, log_records_are_written_and_read_back) {
  {
    auto log = LogStore::open(plugins_, "wal", dir_ + "/log");
    ASSERT_TRUE(log.ok()) << log.status().to_string();
    ASSERT_TRUE((*log)->recover([](const LogRecord&) { return true; }).ok());
    ASSERT_TRUE(append_and_wait(**log, {{5, 0, 0, RecordType::kHardState, "hs"},
                                        {5, 1, 2, RecordType::kData, "one"},
                                        {5, 2, 2, RecordType::kNoop, ""},
                                        {5, 3, 2, RecordType::kMembers, "three"}})
                    .ok());
    std::vector<uint64_t> seen;
    ASSERT_TRUE((*log)
                    ->read(5, 1, 3, UINT64_MAX,
                           [&](const LogRecord& r) {
                             seen.push_back(r.index);
                             return r.index < 2;
                           })
                    .ok());
    EXPECT_EQ(seen, (std::vector<uint64_t>{1, 2}));
    EXPECT_EQ((*log)->read(5, 1, 9, 1, [](const LogRecord&) { return true; }).code(),
              base::Code::kNotFound);
    EXPECT_EQ(append_and_wait(**log, {{5, 9, 2, RecordType::kData, "gap"}}).code(),
              base::Code::kInvalid);
    EXPECT_TRUE((*log)->release(5, 1).ok());
    EXPECT_TRUE((*log)->stats_json().ok());
  }
  auto log = LogStore::open(plugins_, "wal", dir_ + "/log");
  ASSERT_TRUE(log.ok());
  std::string story;
  ASSERT_TRUE((*log)
                  ->recover([&](const LogRecord& r) {
                    story += std::to_string(r.group) + ":" +
                             std::to_string(static_cast<uint32_t>(r.type)) + ":" +
                             std::to_string(r.index) + ":" + std::string(r.data) + " ";
                    return true;
                  })
                  .ok());
  EXPECT_EQ(story, "5:16:0:hs 5:17:1: 5:2:2: 5:1:3:three ");
}

TEST_F(StorageTest, closing_the_log_waits_for_its_completions) {
  std::atomic<int> fired{0};
  {
    auto log = LogStore::open(plugins_, "wal", dir_ + "/log");
    ASSERT_TRUE(log.ok());
    ASSERT_TRUE((*log)->recover([](const LogRecord&) { return true; }).ok());
    for (uint64_t i = 1; i <= 100; ++i) {
      const LogRecord record{1, i, 1, RecordType::kData, "x"};
      ASSERT_TRUE(
          (*log)
              ->append({&record, 1}, [&](base::Status status) { fired += status.ok() ? 1 : 0; })
              .ok());
    }
  }
  EXPECT_EQ(fired, 100);
}

TEST_F(StorageTest, kv_batches_are_written_read_scanned_and_flushed) {
  auto opened = KvStore::open(plugins_, "sqlite", dir_ + "/kv");
  ASSERT_TRUE(opened.ok()) << opened.status().to_string();
  KvStore& store = **opened;
  KvBatch batch;
  EXPECT_TRUE(store.write(batch).ok()) << "an empty batch is fine";
  batch.put(1, "a", "1");
  batch.put(1, "b", "2");
  batch.put(1, "c", "3");
  batch.put(2, "a", "other");
  batch.erase(1, "b");
  batch.erase_range(2, "", "");
  EXPECT_EQ(batch.size(), 6u);
  ASSERT_TRUE(store.write(batch).ok());
  ASSERT_TRUE(store.flush().ok());
  EXPECT_EQ(**store.get(1, "a"), "1");
  EXPECT_FALSE(store.get(1, "b")->has_value());
  EXPECT_FALSE(store.get(2, "a")->has_value());
  std::string keys;
  const auto collect = [&](std::string_view key, std::string_view) {
    keys += key;
    return true;
  };
  ASSERT_TRUE(store.visit_range(1, "", "", collect, true).ok());
  EXPECT_EQ(keys, "ca");
  std::filesystem::create_directory(dir_ + "/copy");
  ASSERT_TRUE(store.checkpoint(dir_ + "/copy").ok());
  auto copy = KvStore::open(plugins_, "sqlite", dir_ + "/copy");
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(**(*copy)->get(1, "c"), "3");
}

TEST_F(StorageTest, a_copy_holds_what_was_written_before_its_state_was_fixed) {
  auto opened = KvStore::open(plugins_, "sqlite", dir_ + "/kv");
  ASSERT_TRUE(opened.ok());
  const auto put = [&](const std::string& key) {
    std::thread([&] {  // the callbacks must not call the store themselves
      KvBatch batch;
      batch.put(1, key, "1");
      ASSERT_TRUE((*opened)->write(batch).ok());
    })
        .join();
  };
  put("first");
  std::string order;
  KvStore::Moments moments;
  moments.begins = [&] {
    order += "begins ";
    put("before");
  };
  moments.fixed = [&] {
    order += "fixed";
    put("after");
  };
  std::filesystem::create_directory(dir_ + "/copy");
  const base::Status copied = (*opened)->checkpoint(dir_ + "/copy", moments);
  ASSERT_TRUE(copied.ok()) << copied.to_string();
  EXPECT_EQ(order, "begins fixed");
  auto copy = KvStore::open(plugins_, "sqlite", dir_ + "/copy");
  ASSERT_TRUE(copy.ok());
  EXPECT_TRUE((*copy)->get(1, "first")->has_value());
  EXPECT_TRUE((*copy)->get(1, "before")->has_value());
  EXPECT_FALSE((*copy)->get(1, "after")->has_value());
  EXPECT_TRUE((*opened)->get(1, "after")->has_value());
}

TEST_F(StorageTest, an_unknown_engine_or_an_invalid_configuration_is_reported) {
  EXPECT_EQ(KvStore::open(plugins_, "rocks", dir_).status().code(), base::Code::kNotFound);
  const base::Status bad = LogStore::open(plugins_, "wal", dir_, R"({"sync":"maybe"})").status();
  EXPECT_EQ(bad.code(), base::Code::kInvalid);
  EXPECT_NE(bad.message().find("sync"), std::string::npos) << bad.message();
}

}  // namespace
}  // namespace rhumb::storage
