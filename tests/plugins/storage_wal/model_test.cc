// Random histories are compared with a model in memory: small segments, restarts, releases, drops,
// installs, truncations and moved records.
#include <random>

#include "log_fixture.h"

namespace rhumb::wal_test {
namespace {

constexpr const char* kSmallCache =
    R"({"segment_bytes":65536,"keep_segments":2,"cache_bytes":20000})";

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed) {}

  // Does one random append, release or drop to both.
  void step(LogUnderTest& log, Completions& completions) {
    const uint64_t id = 1 + below(6);
    GroupState& g = state_[id];
    const uint64_t dice = below(100);
    if (dice < 8 && last(g) > base(g)) {
      const uint64_t to = base(g) + 1 + below(last(g) - base(g));
      ASSERT_EQ(log.release(id, to), RHUMB_OK) << log.error.text;
      release(id, g, to);
    } else if (dice < 9) {
      ASSERT_EQ(log.drop(id), RHUMB_OK);
      state_.erase(id);
    } else if (dice < 11) {
      const Entry install{id, last(g) + 1 + below(20), ++term_, bytes(200), RHUMB_LOG_INSTALL};
      append(log, completions, {install});
      g.base = install;
      g.entries.clear();
    } else {
      append_entries(log, completions, id, g);
    }
  }
  void check_reads(LogUnderTest& log) {
    for (auto& [id, g] : state_) {
      if (g.entries.empty()) continue;
      const uint64_t from = base(g) + 1 + below(g.entries.size());
      std::vector<Entry> got;
      ASSERT_EQ(log.read(id, from, last(g), got), RHUMB_OK);
      const std::vector<Entry> want(g.entries.begin() + static_cast<ptrdiff_t>(from - base(g) - 1),
                                    g.entries.end());
      ASSERT_EQ(got, want) << "group " << id;
    }
  }
  State expected() const {
    State expected;
    for (const auto& [id, g] : state_) {
      if (!(g == GroupState{})) expected[id] = g;
    }
    return expected;
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  std::string bytes(uint64_t n) {
    std::string out(below(n + 1), '\0');
    for (char& c : out) c = static_cast<char>(random_());
    return out;
  }
  static uint64_t base(const GroupState& g) { return g.base.index; }
  static uint64_t last(const GroupState& g) { return g.base.index + g.entries.size(); }
  void append(LogUnderTest& log, Completions& completions, const std::vector<Entry>& entries) {
    rhumb_status_t rc = RHUMB_BUSY;
    while (rc == RHUMB_BUSY) rc = log.append_async(entries, completions);
    ASSERT_EQ(rc, RHUMB_OK) << log.error.text;
  }
  void append_entries(LogUnderTest& log, Completions& completions, uint64_t id, GroupState& g) {
    std::vector<Entry> batch{{id, 0, 0, bytes(40), RHUMB_LOG_HARD_STATE}};
    g.hard_state = batch[0].data;
    uint64_t next = last(g) + 1;
    if (below(10) == 0 && !g.entries.empty()) {
      next = base(g) + 1 + below(g.entries.size());
      ++term_;
    }
    const bool truncates = next <= last(g);
    if (truncates) g.entries.resize(next - base(g) - 1);
    for (uint64_t n = below(5) + (truncates ? 1 : 0); n > 0; --n) {
      const Entry entry{id, next++, term_, bytes(below(20) == 0 ? 20'000 : 300),
                        static_cast<uint32_t>(below(3))};
      batch.push_back(entry);
      g.entries.push_back(entry);
    }
    append(log, completions, batch);
  }
  static void release(uint64_t id, GroupState& g, uint64_t to) {
    const uint64_t count = to - base(g);
    g.base = {id, to, g.entries[count - 1].term, "", RHUMB_LOG_BASE};
    g.entries.erase(g.entries.begin(), g.entries.begin() + static_cast<ptrdiff_t>(count));
  }

  std::mt19937_64 random_;
  uint64_t term_ = 1;
  State state_;
};

TEST_F(LogTest, random_histories_survive_restarts) {
  for (const uint64_t seed : {1001u, 1002u, 1003u, 1004u}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::string dir = dir_ + "/" + std::to_string(seed);
    Model model(seed);
    uint64_t moved = 0, freed = 0;
    for (int life = 0; life < 8; ++life) {
      LogUnderTest log;
      ASSERT_EQ(log.start(dir, kSmallCache), RHUMB_OK) << log.error.text;
      ASSERT_EQ(difference(log.recovered, model.expected()), "") << "life " << life;
      Completions completions;
      for (int i = 0; i < 400; ++i) {
        model.step(log, completions);
        if (i % 40 == 0) model.check_reads(log);
      }
      model.check_reads(log);
      completions.wait();
      ASSERT_EQ(completions.worst(), RHUMB_OK);
      moved += log.stat("moved_records");
      freed += log.stat("freed_segments");
    }
    EXPECT_GT(moved, 0u);
    EXPECT_GT(freed, 10u);
  }
}

// Group 1 is idle and has a hard state, a base and some entries in the first segment. Group 2
// writes and releases without end.
TEST_F(LogTest, an_idle_group_does_not_pin_the_log) {
  const GroupState idle{"idle",
                        {1, 2, 1, "", RHUMB_LOG_BASE},
                        {{1, 3, 1, "kept"}, {1, 4, 2, "kept, too", RHUMB_LOG_MEMBERS}}};
  {
    LogUnderTest log;
    ASSERT_EQ(log.start(dir_, kSmallCache), RHUMB_OK);
    ASSERT_EQ(log.append({{1, 0, 0, "idle", RHUMB_LOG_HARD_STATE},
                          {1, 1, 1, "a"},
                          {1, 2, 1, "b"},
                          {1, 3, 1, "kept"},
                          idle.entries[1]}),
              RHUMB_OK);
    ASSERT_EQ(log.release(1, 2), RHUMB_OK);
    for (uint64_t i = 1; i <= 3000; ++i) {
      ASSERT_EQ(log.append({{2, i, 1, std::string(1000, 'b')}}), RHUMB_OK);
      if (i % 10 == 0) ASSERT_EQ(log.release(2, i), RHUMB_OK);
    }
    // The janitor frees segments in the background.
    while (log.stat("segments") > 4) std::this_thread::yield();
    EXPECT_GT(log.stat("freed_segments"), 20u);
    EXPECT_GE(log.stat("moved_records"), 4u);
    std::vector<Entry> got;
    ASSERT_EQ(log.read(1, 3, 4, got), RHUMB_OK);
    EXPECT_EQ(got, idle.entries);
  }
  EXPECT_LE(segment_files(dir_).size(), 6u);
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_, kSmallCache), RHUMB_OK) << log.error.text;
  EXPECT_EQ(log.recovered[1], idle);
}

TEST_F(LogTest, release_frees_segments_and_a_live_log_is_not_moved_in_circles) {
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_, kSmallCache), RHUMB_OK);
  for (uint64_t i = 1; i <= 600; ++i)
    ASSERT_EQ(log.append({{1, i, 1, std::string(1000, 'x')}}), RHUMB_OK);
  EXPECT_GE(log.stat("segments"), 9u);
  EXPECT_EQ(log.stat("moved_records"), 0u) << "everything is live: moving would free nothing";
  EXPECT_EQ(log.stat("oldest_group"), 1u);
  ASSERT_EQ(log.release(1, 600), RHUMB_OK);
  ASSERT_EQ(log.append({{1, 601, 1, "pushes the base record to disk"}}), RHUMB_OK);
  while (log.stat("segments") > 2) std::this_thread::yield();
  EXPECT_LE(log.stat("bytes"), 2u * 65536);
}

}  // namespace
}  // namespace rhumb::wal_test
