// The promises of rhumb/storage.h, without faults.
#include "log_fixture.h"

namespace rhumb::wal_test {
namespace {

TEST_F(LogTest, what_was_appended_is_read_back_and_recovered) {
  {
    LogUnderTest log;
    ASSERT_EQ(log.start(dir_), RHUMB_OK) << log.error.text;
    EXPECT_TRUE(log.recovered.empty());
    ASSERT_EQ(log.append({{7, 0, 0, "hard", RHUMB_LOG_HARD_STATE},
                          {7, 1, 1, "one"},
                          {9, 1, 4, ""},
                          {7, 2, 1, "two", RHUMB_LOG_MEMBERS}}),
              RHUMB_OK);
    std::vector<Entry> got;
    ASSERT_EQ(log.read(7, 1, 2, got), RHUMB_OK);
    EXPECT_EQ(got, (std::vector<Entry>{{7, 1, 1, "one"}, {7, 2, 1, "two", RHUMB_LOG_MEMBERS}}));
    ASSERT_EQ(log.read(9, 1, 1, got), RHUMB_OK);
    EXPECT_EQ(got, (std::vector<Entry>{{9, 1, 4, ""}}));
    EXPECT_EQ(log.read(9, 1, 2, got), RHUMB_NOT_FOUND);
    EXPECT_EQ(log.read(8, 1, 1, got), RHUMB_NOT_FOUND);
  }
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_), RHUMB_OK) << log.error.text;
  EXPECT_EQ(
      log.recovered,
      (State{{7, {"hard", {1, 0, 0, ""}, {{7, 1, 1, "one"}, {7, 2, 1, "two", RHUMB_LOG_MEMBERS}}}},
             {9, {"", {1, 0, 0, ""}, {{9, 1, 4, ""}}}}}));
}

TEST_F(LogTest, a_lower_index_truncates) {
  const std::vector<Entry> kept{{1, 1, 1, "a"}, {1, 2, 2, "B"}};
  {
    LogUnderTest log;
    ASSERT_EQ(log.start(dir_), RHUMB_OK);
    ASSERT_EQ(log.append({{1, 1, 1, "a"}, {1, 2, 1, "b"}, {1, 3, 1, "c"}, {1, 4, 1, "d"}}),
              RHUMB_OK);
    ASSERT_EQ(log.append({{1, 2, 2, "B"}}), RHUMB_OK);
    std::vector<Entry> got;
    EXPECT_EQ(log.read(1, 1, 3, got), RHUMB_NOT_FOUND);
    ASSERT_EQ(log.read(1, 1, 2, got), RHUMB_OK);
    EXPECT_EQ(got, kept);
    EXPECT_EQ(log.append({{1, 4, 2, "gap"}}), RHUMB_INVALID);
  }
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_), RHUMB_OK);
  EXPECT_EQ(log.recovered[1].entries, kept);
}

TEST_F(LogTest, base_install_release_and_drop_are_recovered) {
  {
    LogUnderTest log;
    ASSERT_EQ(log.start(dir_), RHUMB_OK);
    ASSERT_EQ(
        log.append({{1, 10, 3, "manifest", RHUMB_LOG_INSTALL}, {1, 11, 3, "x"}, {1, 12, 3, "y"}}),
        RHUMB_OK);
    EXPECT_EQ(log.append({{1, 10, 3, "below the base"}}), RHUMB_INVALID);
    EXPECT_EQ(log.release(1, 13), RHUMB_INVALID);
    EXPECT_EQ(log.release(2, 1), RHUMB_NOT_FOUND);
    ASSERT_EQ(log.append({{2, 0, 0, "old", RHUMB_LOG_HARD_STATE}, {2, 1, 1, "gone soon"}}),
              RHUMB_OK);
    ASSERT_EQ(log.drop(2), RHUMB_OK);
    ASSERT_EQ(log.append({{3, 1, 1, "p"}, {3, 2, 1, "q"}, {3, 3, 2, "r"}}), RHUMB_OK);
    ASSERT_EQ(log.release(3, 2), RHUMB_OK);
    std::vector<Entry> got;
    EXPECT_EQ(log.read(3, 2, 3, got), RHUMB_NOT_FOUND);
    ASSERT_EQ(log.read(3, 3, 3, got), RHUMB_OK);
    ASSERT_EQ(log.append({{4, 1, 1, "replaced"}, {4, 50, 9, "from a leader", RHUMB_LOG_INSTALL}}),
              RHUMB_OK);
    ASSERT_EQ(log.append({{5, 1, 1, "released whole"}}), RHUMB_OK);
    ASSERT_EQ(log.release(5, 1), RHUMB_OK);
    ASSERT_EQ(log.append({{5, 2, 1, "goes on"}}), RHUMB_OK);
  }
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_), RHUMB_OK) << log.error.text;
  EXPECT_EQ(log.recovered[1], (GroupState{"",
                                          {1, 10, 3, "manifest", RHUMB_LOG_INSTALL},
                                          {{1, 11, 3, "x"}, {1, 12, 3, "y"}}}));
  EXPECT_EQ(log.recovered.count(2), 0u);
  EXPECT_EQ(log.recovered[3], (GroupState{"", {3, 2, 1, "", RHUMB_LOG_BASE}, {{3, 3, 2, "r"}}}));
  EXPECT_EQ(log.recovered[4], (GroupState{"", {4, 50, 9, "from a leader", RHUMB_LOG_INSTALL}, {}}));
  EXPECT_EQ(log.recovered[5],
            (GroupState{"", {5, 1, 1, "", RHUMB_LOG_BASE}, {{5, 2, 1, "goes on"}}}));
  EXPECT_EQ(log.append({{4, 51, 9, "next"}}), RHUMB_OK);
}

TEST_F(LogTest, read_stops_after_max_bytes_but_gives_one_entry) {
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_), RHUMB_OK);
  std::vector<Entry> entries;
  for (uint64_t i = 1; i <= 10; ++i) entries.push_back({1, i, 1, std::string(100, 'x')});
  ASSERT_EQ(log.append(entries), RHUMB_OK);
  std::vector<Entry> got;
  ASSERT_EQ(log.read(1, 1, 10, got, 350), RHUMB_OK);
  EXPECT_EQ(got.size(), 3u);
  ASSERT_EQ(log.read(1, 4, 10, got, 1), RHUMB_OK);
  EXPECT_EQ(got.size(), 1u);
}

TEST_F(LogTest, completions_fire_in_order_and_never_inside_the_call) {
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_), RHUMB_OK);
  struct Order {
    std::mutex mutex;
    std::condition_variable wake;
    std::vector<int> fired;
    std::thread::id caller = std::this_thread::get_id();
    bool inside = false;
  } order;
  struct One {
    Order* order;
    int number;
  };
  constexpr int kAppends = 500;
  std::vector<One> ones;
  for (int i = 0; i < kAppends; ++i) ones.push_back({&order, i});
  for (int i = 0; i < kAppends; ++i) {
    const rhumb_log_entry_t entry{
        1, static_cast<uint64_t>(i) + 1, 1, RHUMB_LOG_DATA, 0, slice("data")};
    ASSERT_EQ(ops().append(log.self(), &entry, 1, &log.error,
                           {&ones[static_cast<size_t>(i)],
                            [](void* ctx, rhumb_status_t, const rhumb_error_t*) {
                              const One& one = *static_cast<One*>(ctx);
                              const std::lock_guard lock(one.order->mutex);
                              one.order->inside |= std::this_thread::get_id() == one.order->caller;
                              one.order->fired.push_back(one.number);
                              one.order->wake.notify_all();
                            }}),
              RHUMB_OK);
  }
  std::unique_lock lock(order.mutex);
  order.wake.wait(lock, [&] { return order.fired.size() == kAppends; });
  EXPECT_FALSE(order.inside);
  EXPECT_TRUE(std::is_sorted(order.fired.begin(), order.fired.end()));
}

TEST_F(LogTest, configuration_is_checked) {
  for (const char* config : {"[]", "{", R"({"sync":"sometimes"})", R"({"segment_bytes":1})",
                             R"({"segment_bytes":-4})", R"({"colour":"red"})"}) {
    LogUnderTest log;
    EXPECT_EQ(log.open(dir_, config), RHUMB_INVALID) << config;
    EXPECT_STRNE(log.error.text, "");
  }
}

TEST_F(LogTest, one_instance_at_a_time_which_recovers_first) {
  LogUnderTest log, second;
  ASSERT_EQ(log.open(dir_), RHUMB_OK);
  EXPECT_EQ(second.open(dir_), RHUMB_DENIED);
  EXPECT_EQ(log.append({{1, 1, 1, "too early"}}), RHUMB_INVALID);
  ASSERT_EQ(log.recover(), RHUMB_OK);
  EXPECT_EQ(log.recover(), RHUMB_INVALID);
  EXPECT_EQ(log.append({{1, 1, 1, "now"}}), RHUMB_OK);
  log.close();
  EXPECT_EQ(second.start(dir_), RHUMB_OK);
}

TEST_F(LogTest, one_append_larger_than_a_segment_gets_a_segment_of_its_own) {
  const std::string large(300'000, 'L');
  {
    LogUnderTest log;
    ASSERT_EQ(log.start(dir_, R"({"segment_bytes":65536})"), RHUMB_OK);
    ASSERT_EQ(log.append({{1, 1, 1, "small"}, {1, 2, 1, large}}), RHUMB_OK) << log.error.text;
    ASSERT_EQ(log.append({{1, 3, 1, "small again"}}), RHUMB_OK);
  }
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_, R"({"segment_bytes":65536})"), RHUMB_OK) << log.error.text;
  ASSERT_EQ(log.recovered[1].entries.size(), 3u);
  EXPECT_EQ(log.recovered[1].entries[1].data, large);
}

TEST_F(LogTest, many_groups_share_an_fsync) {
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_), RHUMB_OK);
  constexpr uint64_t kGroups = 200, kRounds = 10;
  Completions completions;
  for (uint64_t i = 1; i <= kRounds; ++i) {
    for (uint64_t g = 1; g <= kGroups; ++g)
      ASSERT_EQ(log.append_async({{g, i, 1, "a few bytes"}}, completions), RHUMB_OK);
  }
  completions.wait();
  EXPECT_EQ(completions.worst(), RHUMB_OK);
  EXPECT_EQ(log.stat("synced_records"), kGroups * kRounds);
  EXPECT_LT(log.stat("fsyncs"), kGroups * kRounds / 4) << "each append had an fsync of its own";
}

TEST_F(LogTest, the_queue_is_bounded) {
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_, R"({"queue_bytes":4096})"), RHUMB_OK);
  Completions completions;
  uint64_t index = 0, refused = 0;
  // Appends are far faster than fsyncs, so the queue fills up. A refused append can be tried again
  // and fits then.
  while (refused == 0 && index < 100'000) {
    if (log.append_async({{1, index + 1, 1, std::string(512, 'q')}}, completions) == RHUMB_BUSY) {
      ++refused;
    } else {
      ++index;
    }
  }
  EXPECT_EQ(refused, 1u);
  completions.wait();
  EXPECT_EQ(log.append({{1, index + 1, 1, "fits"}}), RHUMB_OK);
}

TEST_F(LogTest, other_sync_policies_keep_their_promise) {
  for (const char* config : {R"({"sync":"interval","interval_ms":5})", R"({"sync":"never"})"}) {
    const std::string dir = dir_ + "/" + std::to_string(std::hash<std::string>{}(config));
    {
      LogUnderTest log;
      ASSERT_EQ(log.start(dir, config), RHUMB_OK) << log.error.text;
      ASSERT_EQ(log.append({{1, 1, 1, "x"}}), RHUMB_OK);
      if (std::string(config).find("interval") != std::string::npos) {
        // Only the timed sync ends this wait.
        while (log.stat("synced_records") == 0) std::this_thread::yield();
      } else {
        EXPECT_EQ(log.stat("synced_records"), 0u);
      }
    }
    LogUnderTest log;
    ASSERT_EQ(log.start(dir, config), RHUMB_OK);
    EXPECT_EQ(log.recovered[1].entries.size(), 1u);
  }
}

}  // namespace
}  // namespace rhumb::wal_test
