// The cluster map and its changes: commands to the metadata role, which are retried if another
// change was made in between.
#include <gtest/gtest.h>

#include "tests/gateway/fake_cluster.h"

namespace rhumb::gateway {
namespace {

using base::Code;
using base::Status;

class DefinitionTest : public testing::Test {
 protected:
  Status create(const std::string& name, uint32_t shards = 1, uint32_t replicas = 1) {
    model::CollectionConfig config;
    config.vectors[""].size = 4;
    config.shard_number = shards;
    config.replication_factor = replicas;
    Got<Warnings> got;
    cluster_.gateway().create_collection(name, std::move(config), {}, got.take());
    EXPECT_EQ(got.fired, 1);
    if (got.result.ok()) warnings_ = *got.result;
    return got.result.status();
  }
  base::Result<UpdateResult> index(const CollectionPtr& collection, const std::string& field,
                                   bool wait = true,
                                   model::FieldType type = model::FieldType::kKeyword) {
    Got<UpdateResult> got;
    cluster_.gateway().create_payload_index(collection, field, {type, ""}, {.wait = wait},
                                            got.take());
    EXPECT_EQ(got.fired, 1);
    return got.result;
  }
  const model::CollectionConfig& config_of(const std::string& name) {
    return cluster_.map().collections.at(name)->config;
  }
  FakeCluster cluster_;
  Warnings warnings_;  // of the last create()
};

TEST_F(DefinitionTest, waits_for_a_map_of_that_version) {
  GotStatus now, later;
  cluster_.gateway().await_map(cluster_.map().version, now.take());
  EXPECT_EQ(now.fired, 1);
  cluster_.gateway().await_map(cluster_.map().version + 2, later.take());
  cluster_.change([](model::ClusterMap&) {});
  EXPECT_EQ(later.fired, 0);
  cluster_.change([](model::ClusterMap&) {});
  EXPECT_EQ(later.fired, 1);
  EXPECT_TRUE(now.status.ok() && later.status.ok());
  EXPECT_EQ(cluster_.gateway().map()->version, cluster_.map().version);
}

TEST_F(DefinitionTest, stop_answers_callers_that_wait_for_a_map) {
  GotStatus waiting, late;
  cluster_.gateway().await_map(1000, waiting.take());
  cluster_.gateway().stop();
  cluster_.gateway().await_map(1000, late.take());
  EXPECT_EQ(waiting.status.code(), Code::kUnavailable);
  EXPECT_EQ(late.status.code(), Code::kUnavailable);
}

TEST_F(DefinitionTest, finds_by_name_or_alias) {
  cluster_.add("books", 1);
  cluster_.change([](model::ClusterMap& map) { map.aliases["b"] = "books"; });
  EXPECT_EQ((*cluster_.gateway().find("b"))->name, "books");
  const Status missing = cluster_.gateway().find("films").status();
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_EQ(missing.message(), "Collection `films` doesn't exist!") << "clients match this text";
}

TEST_F(DefinitionTest, create_answers_once_every_shard_is_ready) {
  std::vector<std::pair<uint64_t, uint64_t>> awaited;
  cluster_.on_await_config = [&](const peer::AwaitConfigMessage& m) {
    EXPECT_EQ(cluster_.gateway().map()->version, m.config_version)
        << "the gateway sees the change before it asks";
    awaited.emplace_back(m.shard, m.config_version);
    return peer::EmptyReply{};
  };
  ASSERT_TRUE(create("books", 3).ok());
  const auto books = *cluster_.gateway().find("books");
  ASSERT_EQ(awaited.size(), 3u);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(awaited[i], std::pair(books->shards[i].shard, books->config_version));
  EXPECT_EQ(books->router, "hash");
  EXPECT_TRUE(model::check_runs(books->runs).ok());
  std::vector<uint64_t> nodes;
  for (const auto& shard : books->shards) nodes.push_back(shard.replicas.at(0).node);
  EXPECT_EQ(nodes, (std::vector<uint64_t>{1, 2, 1})) << "spread over the nodes";
  ASSERT_EQ(books->uuid.size(), 36u);
  EXPECT_EQ(books->uuid[14], '4') << "a random UUID (RFC 4122)";
  ASSERT_TRUE(create("films").ok());
  EXPECT_NE((*cluster_.gateway().find("films"))->uuid, books->uuid);
}

TEST_F(DefinitionTest, replicas_that_the_nodes_cannot_hold_are_a_warning) {
  ASSERT_TRUE(create("books", 2, 2).ok());
  EXPECT_TRUE(warnings_.empty());
  for (const auto& shard : (*cluster_.gateway().find("books"))->shards)
    EXPECT_EQ(shard.replicas.size(), 2u);
  ASSERT_TRUE(create("films", 1, 3).ok());
  const auto films = *cluster_.gateway().find("films");
  EXPECT_EQ(films->shards.at(0).replicas.size(), 2u);
  EXPECT_EQ(films->config.replication_factor, 3u) << "kept, for when nodes come";
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("replication_factor is 3"), std::string::npos) << warnings_[0];
  cluster_.on_state = [](const peer::ShardStateMessage&) { return peer::ShardStateReply{}; };
  Got<CollectionState> state;
  cluster_.gateway().state(films, {}, state.take());
  ASSERT_TRUE(state.result.ok()) << state.result.status().message();
  EXPECT_EQ(state.result->warnings, warnings_) << "the collection goes on saying so";
}

TEST_F(DefinitionTest, create_is_refused_or_reported_as_unfinished) {
  cluster_.add("books", 1);
  EXPECT_EQ(create("books").code(), Code::kExists);
  EXPECT_EQ(cluster_.commands, 0) << "seen in the gateway's own map";
  cluster_.on_await_config = [](const peer::AwaitConfigMessage&) {
    return Status(Code::kTimeout, "shard not ready");
  };
  const Status late = create("films");
  EXPECT_EQ(late.code(), Code::kTimeout);
  EXPECT_NE(late.message().find("it goes on"), std::string::npos) << late.message();
  EXPECT_TRUE(cluster_.gateway().find("films").ok());
  cluster_.change([](model::ClusterMap& map) { map.nodes.clear(); });
  EXPECT_EQ(create("songs").code(), Code::kUnavailable);
}

TEST_F(DefinitionTest, drop_says_whether_the_collection_existed) {
  cluster_.add("books", 1);
  Got<bool> first, second;
  cluster_.gateway().drop_collection("books", {}, first.take());
  EXPECT_TRUE(*first.result);
  EXPECT_FALSE(cluster_.gateway().find("books").ok());
  cluster_.gateway().drop_collection("books", {}, second.take());
  EXPECT_FALSE(*second.result);
}

TEST_F(DefinitionTest, create_and_drop_take_no_aliases) {
  const auto books = cluster_.add("books", 1);
  cluster_.change([](model::ClusterMap& map) { map.aliases["b"] = "books"; });
  Got<bool> dropped;
  cluster_.gateway().drop_collection("b", {}, dropped.take());
  ASSERT_TRUE(dropped.result.ok()) << dropped.result.status().message();
  EXPECT_FALSE(*dropped.result);
  ASSERT_TRUE(cluster_.gateway().find("b").ok()) << "the collection behind the alias is gone";
  EXPECT_EQ((*cluster_.gateway().find("b"))->uuid, books->uuid)
      << "the collection and its alias are as they were";
  const Status created = create("b");
  EXPECT_EQ(created.code(), Code::kExists);
  EXPECT_NE(created.message().find("Alias `b`"), std::string::npos) << created.message();
  EXPECT_EQ(cluster_.commands, 0);
  Got<Warnings> updated;
  cluster_.gateway().update_collection("b", {books->config, books->config_version}, {},
                                       updated.take());
  EXPECT_TRUE(updated.result.ok()) << updated.result.status().message();
}

TEST_F(DefinitionTest, update_is_refused_when_the_collection_has_changed) {
  const auto books = cluster_.add("books", 1);
  CollectionChange change{books->config, books->config_version};
  change.config.on_disk_payload = false;
  Got<Warnings> good, stale;
  cluster_.gateway().update_collection("books", change, {}, good.take());
  ASSERT_TRUE(good.result.ok()) << good.result.status().message();
  EXPECT_FALSE(config_of("books").on_disk_payload);
  cluster_.gateway().update_collection("books", change, {}, stale.take());
  EXPECT_EQ(stale.result.status().code(), Code::kExists);
}

TEST_F(DefinitionTest, changes_of_aliases_answer_with_the_metadatas_outcome) {
  cluster_.add("books", 1);
  GotStatus good, bad;
  using Kind = AliasAction::Kind;
  cluster_.gateway().change_aliases(
      {{Kind::kCreate, "books", "b", ""}, {Kind::kRename, "", "b", "b2"}}, {}, good.take());
  ASSERT_TRUE(good.status.ok()) << good.status.message();
  EXPECT_EQ((*cluster_.gateway().find("b2"))->name, "books");
  cluster_.gateway().change_aliases({{Kind::kDelete, "", "b2", ""}, {Kind::kDelete, "", "b", ""}},
                                    {}, bad.take());
  EXPECT_EQ(bad.status.code(), Code::kNotFound);
  EXPECT_TRUE(cluster_.gateway().find("b2").ok()) << "all or nothing";
}

TEST_F(DefinitionTest, a_payload_index_is_made_and_dropped) {
  const auto books = cluster_.add("books", 2);
  std::vector<uint64_t> awaited;
  cluster_.on_await_config = [&](const peer::AwaitConfigMessage& m) {
    awaited.push_back(m.config_version);
    return peer::EmptyReply{};
  };
  const auto waited = index(books, "author");
  ASSERT_TRUE(waited.ok()) << waited.status().message();
  EXPECT_EQ(waited->status, UpdateStatus::kCompleted);
  EXPECT_EQ(waited->operation_id, cluster_.map().version);
  EXPECT_EQ(awaited, std::vector<uint64_t>(2, waited->operation_id));
  const auto unwaited = index(books, "year", false);
  EXPECT_EQ(unwaited->status, UpdateStatus::kAcknowledged);
  EXPECT_EQ(awaited.size(), 2u);
  EXPECT_EQ(config_of("books").payload_indexes.size(), 2u);

  const int commands = cluster_.commands;
  EXPECT_TRUE(index(books, "author").ok());
  EXPECT_EQ(cluster_.commands, commands) << "it is there already";
  Got<UpdateResult> dropped;
  cluster_.gateway().drop_payload_index(books, "author", {.wait = true}, dropped.take());
  EXPECT_EQ(dropped.result->status, UpdateStatus::kCompleted);
  EXPECT_FALSE(config_of("books").payload_indexes.contains("author"));
  cluster_.on_await_config = [](const peer::AwaitConfigMessage&) {
    return Status(Code::kTimeout, "still building");
  };
  EXPECT_EQ(index(books, "slow")->status, UpdateStatus::kWaitTimeout);
}

TEST_F(DefinitionTest, two_changes_at_once_are_both_made) {
  const auto books = cluster_.add("books", 1);
  int others = 3;  // another client's new index comes first, three times
  cluster_.before_command = [&] {
    if (others == 0) return;
    cluster_.change([&](model::ClusterMap& map) {
      auto changed = std::make_shared<model::Collection>(*map.collections.at("books"));
      changed->config.payload_indexes["other" + std::to_string(others--)] = {
          model::FieldType::kInteger, ""};
      changed->config_version = map.version + 1;
      map.collections["books"] = std::move(changed);
    });
  };
  const auto result = index(books, "author");
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ(cluster_.commands, 4);
  EXPECT_EQ(config_of("books").payload_indexes.size(), 4u);
  EXPECT_TRUE(config_of("books").payload_indexes.contains("author"));
}

TEST_F(DefinitionTest, an_edit_that_always_loses_the_race_ends_with_an_error) {
  const auto books = cluster_.add("books", 1);
  cluster_.before_command = [&] {
    cluster_.change([](model::ClusterMap& map) {
      auto changed = std::make_shared<model::Collection>(*map.collections.at("books"));
      changed->config_version = map.version + 1;
      map.collections["books"] = std::move(changed);
    });
  };
  EXPECT_EQ(index(books, "author").status().code(), Code::kExists);
  EXPECT_EQ(cluster_.commands, 16);
}

TEST_F(DefinitionTest, shards_are_reserved_while_others_make_collections) {
  int others = 3;
  cluster_.before_command = [&] {
    if (others-- > 0) cluster_.change([](model::ClusterMap& map) { map.next_shard += 2; });
  };
  Got<uint64_t> got;
  cluster_.gateway().reserve_shards(5, {}, got.take());
  ASSERT_TRUE(got.result.ok()) << got.result.status().message();
  EXPECT_EQ(cluster_.map().next_shard, *got.result + 5);
  EXPECT_EQ(cluster_.commands, 4);
  cluster_.before_command = [&] {
    cluster_.change([](model::ClusterMap& map) { map.next_shard += 2; });
  };
  Got<uint64_t> never;
  cluster_.gateway().reserve_shards(5, {}, never.take());
  EXPECT_EQ(never.result.status().code(), Code::kExists);
}

TEST_F(DefinitionTest, a_restored_collection_is_there_once_its_shards_are_ready) {
  Got<uint64_t> first;
  cluster_.gateway().reserve_shards(1, {}, first.take());
  placement::RestoreCollection command{
      "books", "uuid", 0, {}, "hash", {{*first.result, {1}}}, {{0, model::kBuckets, 0}}};
  command.config.vectors[""].size = 4;
  std::vector<uint64_t> awaited;
  cluster_.on_await_config = [&](const peer::AwaitConfigMessage& m) {
    awaited.push_back(m.shard);
    return peer::EmptyReply{};
  };
  GotStatus restored, again;
  cluster_.gateway().restore_collection(command, {}, restored.take());
  EXPECT_TRUE(restored.status.ok()) << restored.status.message();
  EXPECT_EQ(awaited, std::vector{*first.result});
  EXPECT_EQ((*cluster_.gateway().find("books"))->shards[0].shard, *first.result);
  cluster_.gateway().restore_collection(command, {}, again.take());
  EXPECT_EQ(again.status.code(), Code::kExists) << "it was not there when it was prepared";
}

TEST_F(DefinitionTest, state_asks_every_shard) {
  const auto books = cluster_.add("books", 3);
  cluster_.on_state = [](const peer::ShardStateMessage& m) {
    peer::ShardStateReply reply;
    reply.state.shard = m.shard;
    reply.state.points = m.shard * 2;
    return reply;
  };
  Got<CollectionState> state;
  cluster_.nodes_called.clear();
  cluster_.gateway().state(books, {}, state.take());
  EXPECT_EQ(cluster_.nodes_called, (std::vector<uint64_t>{1, 2, 1}))
      << "each at the node of its replica";
  ASSERT_EQ(state.result->shards.size(), 3u);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(state.result->shards[i].points, books->shards[i].shard * 2);
}

}  // namespace
}  // namespace rhumb::gateway
