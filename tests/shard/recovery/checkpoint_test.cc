// When a shard makes itself durable by itself, what it reports about its tail (rows that are not in
// the graph yet), and stores that are closed while shards are idle.
#include <gtest/gtest.h>

#include <future>

#include "host/base/hex.h"
#include "tests/shard/model.h"

namespace rhumb::shard::test {
namespace {

TEST(CheckpointTest, a_checkpoint_is_taken_by_bytes_of_log) {
  Harness h;
  h.options.checkpoint_log_bytes = 20'000;
  h.open();
  Embeddings embeddings(1, kDim);
  for (uint64_t id = 0; id < 400; ++id) h.propose(upsert({point(id, embeddings.next_bytes())}));
  ASSERT_TRUE(h.apply().ok());
  ASSERT_TRUE(h.checkpoint().ok());  // runs after those that the shard asked for itself
  EXPECT_EQ(h.released(), 400u);
  h.abandon();
  h.open();
  EXPECT_EQ(h->durable_index(), 400u);
}

TEST(CheckpointTest, a_shard_tells_how_much_of_its_replay_is_done) {
  Harness h;
  h.open();
  Embeddings embeddings(5, kDim);
  EXPECT_FALSE(h->replay_percent());
  for (uint64_t id = 0; id < 40; ++id) h.propose(upsert({point(id, embeddings.next_bytes())}));
  ASSERT_TRUE(h.apply().ok());
  h.abandon();
  auto opened = Shard::open(h.options);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  Shard& shard = **opened;
  EXPECT_EQ(shard.replay_percent(), 0u);
  const auto replay = [&](size_t from, size_t to) {
    std::promise<base::Status> done;
    shard.apply({h.log().begin() + from, h.log().begin() + to},
                [&](const base::Status& status) { done.set_value(status); });
    return done.get_future().get();
  };
  ASSERT_TRUE(replay(0, 10).ok());
  EXPECT_EQ(shard.replay_percent(), 25u);
  ASSERT_TRUE(replay(10, 40).ok());
  EXPECT_FALSE(shard.replay_percent());
  ASSERT_TRUE(shard.close().ok());
}

// Few points are not worth it: 999 of them are replayed.
TEST(CheckpointTest, a_shard_that_is_left_alone_takes_a_checkpoint_of_many_points) {
  base::TimerQueue timers;
  Harness h;
  std::promise<uint64_t> released;
  std::once_flag once;
  h.options.timers = &timers;
  h.options.compaction.enabled = false;  // has nothing to do with it
  h.options.release_log = [&](uint64_t index) {
    std::call_once(once, [&] { released.set_value(index); });
  };
  h.open();
  Embeddings embeddings(4, kDim);
  for (uint64_t id = 0; id < 1000; ++id) h.propose(upsert({point(id, embeddings.next_bytes())}));
  ASSERT_TRUE(h.apply().ok());
  EXPECT_EQ(released.get_future().get(), 1000u);
  h.abandon();
  h.open();
  EXPECT_EQ(h->durable_index(), 1000u);
  h.close();
}

// Nothing can be built while the only background thread is busy.
TEST(CheckpointTest, payload_indexes_of_the_growing_segment_are_loaded_and_not_built) {
  model::CollectionConfig config = config_of();
  config.payload_indexes["colour"].type = model::FieldType::kKeyword;
  config.payload_indexes["n"].type = model::FieldType::kInteger;
  Harness h(config);
  h.open();
  Embeddings embeddings(6, kDim);
  const auto add = [&](uint64_t id, const std::string& colour) {
    h.propose(upsert({point(id, embeddings.next_bytes(),
                            R"({"colour":")" + colour + R"(","n":)" + std::to_string(id) + "}")}));
  };
  for (uint64_t id = 0; id < 200; ++id) add(id, "red");
  ASSERT_TRUE(h.apply().ok());
  ASSERT_TRUE(h.checkpoint().ok());
  h.wait_indexed();  // saves what the checkpoint made durable
  for (uint64_t id = 200; id < 205; ++id) add(id, "red");
  h.propose(set_payload(7, R"({"colour":"blue"})"));
  h.propose(on(model::OperationKind::kDelete, {8, 203}));
  ASSERT_TRUE(h.apply().ok());
  h.abandon();

  base::Executor busy("busy", 1, 64);
  std::promise<void> release;
  ASSERT_TRUE(busy.post([&] { release.get_future().wait(); }).ok());
  h.options.background = &busy;
  h.open();
  using Points = std::vector<std::pair<std::string, uint64_t>>;
  EXPECT_EQ(h->state().index_points, (Points{{"colour", 203}, {"n", 203}}));
  EXPECT_TRUE(h->state().green);
  model::CountRequest count;
  count.filter = match("colour", std::string("red"));
  EXPECT_EQ(*h->count(count, {}), 202u);
  count.filter = match("colour", std::string("blue"));
  EXPECT_EQ(*h->count(count, {}), 1u);
  release.set_value();
  h.close();
}

TEST(CheckpointTest, a_checkpoint_is_taken_by_changed_points) {
  Harness h;
  h.options.checkpoint_points = 100;
  h.open();
  Embeddings embeddings(2, kDim);
  std::promise<void> released;
  std::once_flag once;
  h.close();
  h.options.release_log = [&](uint64_t) { std::call_once(once, [&] { released.set_value(); }); };
  h.open();
  for (uint64_t id = 0; id < 150; ++id) h.propose(upsert({point(id, embeddings.next_bytes())}));
  ASSERT_TRUE(h.apply().ok());
  released.get_future().get();
  h.close();
}

TEST(CheckpointTest, many_callers_take_checkpoints_one_after_the_other) {
  Harness h;
  h.open();
  Embeddings embeddings(3, kDim);
  std::vector<std::promise<base::Status>> done(20);
  for (uint64_t i = 0; i < done.size(); ++i) {
    h.propose(upsert({point(i, embeddings.next_bytes())}));
    ASSERT_TRUE(h.apply().ok());
    h->checkpoint([&promise = done[i], &h, i](const base::Status& status) {
      EXPECT_GE(h.released(), i + 1);
      promise.set_value(status);
    });
  }
  for (auto& promise : done) EXPECT_TRUE(promise.get_future().get().ok());
}

TEST(CheckpointTest, a_tail_of_rows_that_is_too_long_refuses_writes) {
  base::Executor pool("held", 1, 64);
  Harness h;
  h.options.background = &pool;
  h.options.segment.graph_min_rows = 500;
  h.options.tail_scan_ms = 0;  // any tail is too long
  h.open();
  std::promise<void> held, release;
  ASSERT_TRUE(pool.post([&held, go = release.get_future().share()] {
                    held.set_value();
                    go.wait();
                  })
                  .ok());
  held.get_future().wait();
  Embeddings embeddings(4, kDim);
  for (uint64_t id = 0; id < 400; ++id) h.propose(upsert({point(id, embeddings.next_bytes())}));
  ASSERT_TRUE(h.apply().ok());
  EXPECT_TRUE(h->admit().ok());  // too few rows for a graph
  for (uint64_t id = 400; id < 600; ++id) h.propose(upsert({point(id, embeddings.next_bytes())}));
  ASSERT_TRUE(h.apply().ok());
  EXPECT_EQ(h->admit().code(), base::Code::kBusy);
  EXPECT_FALSE(h->state().green);
  EXPECT_EQ(h->state().tail_rows, 600u);
  release.set_value();
  h.wait_indexed();
  EXPECT_EQ(h->state().tail_rows, 0u);
  h.close();
}

TEST(KvCacheTest, the_cache_closes_the_least_recently_used_store_and_opens_it_again) {
  KvCache cache(plugins(), "sqlite", 2);
  std::vector<std::unique_ptr<Harness>> shards;
  Embeddings embeddings(5, kDim);
  for (uint64_t i = 0; i < 5; ++i) {
    shards.push_back(std::make_unique<Harness>());
    shards[i]->options.kv = &cache;
    shards[i]->open();
    ASSERT_TRUE(shards[i]->write(upsert({point(i, embeddings.next_bytes())})).ok());
    EXPECT_LE(cache.open_count(), 2u);
  }
  for (uint64_t i = 0; i < 5; ++i) {
    model::GetRequest request;
    request.ids = {model::PointId::number(i)};
    const auto records = (*shards[i])->get(request);
    ASSERT_TRUE(records.ok());
    EXPECT_EQ(records->size(), 1u);
    EXPECT_LE(cache.open_count(), 2u);
  }
  shards.clear();
  EXPECT_EQ(cache.open_count(), 0u);
}

TEST(ContentHashTest, the_content_hash_is_pinned) {
  // Replicas of every release must compute these bytes.
  const std::string vector(16, '\x01');
  const auto hash = content_hash(
      "\x01"
      "abcdefgh",
      R"({"b":1,"a":[1.0,"x"]})", {{"v", vector}});
  ASSERT_TRUE(hash.ok());
  EXPECT_EQ(base::hex(*hash), "d94df4edb9062680b466a55a5fbc22f5");
  EXPECT_EQ(*content_hash("\x01"
                          "abcdefgh",
                          R"({"a":[1.0,"x"],"b":1})", {{"v", vector}}),
            *hash);
  EXPECT_NE(*content_hash("\x01"
                          "abcdefgh",
                          R"({"a":[1,"x"],"b":1})", {{"v", vector}}),
            *hash);
  EXPECT_EQ(*content_hash("\x01"
                          "abcdefgh",
                          "", {}),
            *content_hash("\x01"
                          "abcdefgh",
                          "{}", {}));
  HashSums sums;
  sums.add(
      "\x01"
      "abcdefgh",
      *hash);
  sums.add(
      "\x01"
      "hgfedcba",
      *hash);
  sums.subtract(
      "\x01"
      "hgfedcba",
      *hash);
  EXPECT_EQ(sums.total(), *hash);
}

}  // namespace
}  // namespace rhumb::shard::test
