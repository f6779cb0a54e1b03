// With any set of indexes the planner gives the same answer as asking the matcher row by row,
// through updates, deletes, saving and loading.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "host/base/file.h"
#include "tests/payload/corpus.h"

namespace rhumb::payload::testing {
namespace {

struct Plan {
  uint64_t seed;
  uint32_t rows, filters;  // per round
};
constexpr uint32_t kRoundsPerSeed = 8;

class Differential : public ::testing::TestWithParam<Plan> {
 protected:
  void SetUp() override {
    dir_ = ::testing::TempDir() + "/rhumb-differential-" + std::to_string(GetParam().seed);
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  void change_rows(Corpus& corpus) {
    for (uint32_t i = 0; i < GetParam().rows / 10; ++i) {
      const uint32_t slot = corpus.below(rows_.size());
      if (corpus.chance(60)) {
        rows_.set_payload(slot, corpus.payload());
        indexes_->put(slot, rows_.payload(slot));
      } else if (corpus.chance(30)) {
        rows_.kill(slot);
        if (corpus.chance(50)) indexes_->remove(slot);
      } else {
        rows_.append(corpus.payload(), corpus.below(4));
        indexes_->put(rows_.size() - 1, rows_.payload(rows_.size() - 1));
      }
    }
  }

  void save_and_load(Corpus& corpus) {
    const uint32_t slots = rows_.size() - corpus.below(20);
    ASSERT_TRUE(indexes_->save(dir_, slots, 1).ok());
    indexes_ = std::make_unique<IndexSet>();
    ASSERT_TRUE(indexes_->configure(configs_).ok());
    for (const LoadedField& field : indexes_->load_fields(dir_)) {
      ASSERT_TRUE(field.status.ok()) << field.field << ": " << field.status.to_string();
      ASSERT_EQ(field.slots, slots);
    }
    ASSERT_TRUE(indexes_->unready().empty());
    for (uint32_t slot = slots; slot < rows_.size(); ++slot)
      indexes_->put(slot, rows_.payload(slot));
  }

  void reconfigure(Corpus& corpus) {
    configs_ = corpus.some_indexes();
    ASSERT_TRUE(indexes_->configure(configs_).ok());
    for (const std::string& field : indexes_->unready()) {
      ASSERT_TRUE(
          indexes_->build(field, rows_.size(), [&](uint32_t slot) { return rows_.payload(slot); })
              .ok());
    }
  }

  void compare(Corpus& corpus, const FilterSchema& schema) {
    const auto matcher = Matcher::compile(corpus.filter(), schema);
    ASSERT_TRUE(matcher.ok()) << matcher.status().to_string();
    const uint32_t slot_end = corpus.chance(30) ? corpus.below(rows_.size() + 1) : rows_.size();
    EvaluateOptions options;
    if (corpus.chance(50)) {
      options.find_slot = [](std::string_view key) -> std::optional<uint32_t> {
        return static_cast<uint32_t>(model::PointId::from_key(key).value().as_number());
      };
    }
    const auto result = evaluate(*matcher, *indexes_, rows_, rows_.live(), slot_end, options);
    ASSERT_TRUE(result.ok()) << result.status().to_string();
    uint64_t passed = 0;
    for (uint32_t slot = 0; slot < slot_end; ++slot) {
      const bool expected = rows_.is_live(slot) && matcher->matches(rows_.facts(slot));
      ASSERT_EQ(result->passes(slot), expected) << "slot " << slot << ": " << rows_.payload(slot);
      passed += expected ? 1 : 0;
    }
    ASSERT_EQ(result->bits.size(), (slot_end + 63) / 64);
    ASSERT_EQ(result->pass_count, passed);
    ASSERT_EQ(result->slots().size(), passed);
    matched_some_ += passed > 0 && passed < slot_end ? 1 : 0;
    by_index_ += result->strategy != FilterStrategy::kFullScan ? 1 : 0;
  }

  std::string dir_;
  MemoryRows rows_;
  FieldConfigs configs_;
  std::unique_ptr<IndexSet> indexes_ = std::make_unique<IndexSet>();
  uint32_t matched_some_ = 0, by_index_ = 0;
};

TEST_P(Differential, the_planner_answers_as_the_matcher) {
  const Plan& run = GetParam();
  SCOPED_TRACE("seed " + std::to_string(run.seed));
  Corpus corpus(run.seed);
  for (uint32_t i = 0; i < run.rows; ++i) rows_.append(corpus.payload(), corpus.below(4));
  for (uint32_t round = 0; round < kRoundsPerSeed; ++round) {
    if (round % 3 == 0) {
      ASSERT_NO_FATAL_FAILURE(reconfigure(corpus));
    }
    change_rows(corpus);
    if (round % 3 == 1) {
      ASSERT_NO_FATAL_FAILURE(save_and_load(corpus));
    }
    const FilterSchema schema = corpus_schema(configs_);
    for (uint32_t i = 0; i < run.filters; ++i) {
      SCOPED_TRACE("round " + std::to_string(round) + ", filter " + std::to_string(i));
      ASSERT_NO_FATAL_FAILURE(compare(corpus, schema));
    }
  }
  // The corpus is useful only if most filters pass some rows but not all, and indexes answer some
  // of them.
  EXPECT_GT(matched_some_, kRoundsPerSeed * run.filters / 4);
  EXPECT_GT(by_index_, kRoundsPerSeed * run.filters / 10);
}

std::vector<Plan> runs() {
  std::vector<Plan> all;
  for (uint64_t seed = 1; seed <= 40; ++seed) all.push_back({seed, 300, 40});
  // These sets are large enough to be plain bits.
  for (uint64_t seed = 41; seed <= 42; ++seed) all.push_back({seed, 12000, 12});
  return all;
}
INSTANTIATE_TEST_SUITE_P(Seeds, Differential, ::testing::ValuesIn(runs()),
                         [](const auto& plan) { return "seed" + std::to_string(plan.param.seed); });

}  // namespace
}  // namespace rhumb::payload::testing
