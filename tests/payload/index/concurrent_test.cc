// One writer, one builder and several searches: a search sees each row's payload from before or
// after a change, and nothing else.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <latch>
#include <thread>

#include "tests/payload/corpus.h"

namespace rhumb::payload::testing {
namespace {

using model::FieldType;
constexpr uint32_t kRows = 2000, kChanges = 6000;

std::string payload_of(uint32_t slot, uint32_t generation) {
  return "{\"stable\":" + std::to_string(slot % 10) + ",\"changing\":\"g" +
         std::to_string(generation) + "\",\"list\":[" + std::to_string(generation) + "," +
         std::to_string(slot) + "]}";
}

// The searches here use indexes only, so no payload is read.
class NoRows final : public Rows {
 public:
  std::string_view payload(uint32_t) const override { return unread(); }
  std::string_view id_key(uint32_t) const override { return unread(); }
  uint64_t presence(uint32_t) const override { return 0; }

 private:
  static std::string_view unread() {
    ADD_FAILURE() << "a row was read";
    return {};
  }
};

TEST(Concurrent, searches_run_beside_the_writer_and_a_build) {
  const std::string dir = ::testing::TempDir() + "/rhumb-payload-concurrent";
  std::filesystem::create_directories(dir);
  IndexSet indexes;
  const FieldConfigs before{{"stable", {FieldType::kInteger, {}}},
                            {"changing", {FieldType::kKeyword, {}}}};
  FieldConfigs after = before;
  after["list"] = {FieldType::kInteger, {}};
  ASSERT_TRUE(indexes.configure(before).ok());
  indexes.make_ready();
  std::vector<std::string> first(kRows);
  for (uint32_t slot = 0; slot < kRows; ++slot) {
    first[slot] = payload_of(slot, 0);
    indexes.put(slot, first[slot]);
  }
  ASSERT_TRUE(indexes.configure(after).ok());

  std::latch start(5);
  std::atomic<bool> done = false;
  std::atomic<uint64_t> searches = 0;
  const std::vector<uint64_t> live(kRows / 64 + 1, ~uint64_t{0});
  const auto search = [&] {
    const auto stable = Matcher::compile(must(field("stable", any({int64_t{3}}))));
    model::Filter both = must(field("stable", any({int64_t{3}})));
    both.must.push_back(field("changing", except({"nothing"})));
    const auto stable_and_any = Matcher::compile(both);
    start.arrive_and_wait();
    do {
      for (const auto* matcher : {&stable, &stable_and_any}) {
        const auto result = evaluate(**matcher, indexes, NoRows(), live, kRows);
        ASSERT_TRUE(result.ok());
        ASSERT_EQ(result->pass_count, kRows / 10);
      }
      ASSERT_EQ(indexes.points(live)[2], std::make_pair(std::string("stable"), uint64_t{kRows}));
      ++searches;
    } while (!done);
  };
  std::thread searchers[] = {std::thread(search), std::thread(search)};
  std::thread writer([&] {
    std::mt19937_64 random(9);
    start.arrive_and_wait();
    for (uint32_t change = 1; change <= kChanges; ++change) {
      const auto slot = static_cast<uint32_t>(random() % kRows);
      indexes.put(slot, payload_of(slot, slot % 2 == 0 ? change : 1));
    }
  });
  std::thread builder([&] {
    start.arrive_and_wait();
    EXPECT_TRUE(
        indexes.build("list", kRows, [&](uint32_t slot) { return std::string_view(first[slot]); })
            .ok());
    EXPECT_TRUE(indexes.save(dir, kRows, 1).ok());
  });
  start.arrive_and_wait();
  writer.join();
  builder.join();
  done = true;
  for (std::thread& searcher : searchers) searcher.join();
  EXPECT_GT(searches, 0u);
  // Every row's own number is in its list, whether the writer or the builder put it there.
  for (uint32_t slot = 1000; slot < kRows; slot += 97) {
    const auto own = Matcher::compile(must(field("list", any({int64_t{slot}}))));
    const auto result = evaluate(*own, indexes, NoRows(), live, kRows);
    ASSERT_TRUE(result.ok());
    EXPECT_TRUE(result->passes(slot));
  }
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace rhumb::payload::testing
