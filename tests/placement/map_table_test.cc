#include "host/placement/map_table.h"

#include <gtest/gtest.h>

#include "tests/model/text.h"

namespace rhumb::placement {
namespace {

using base::Code;
using Kind = AliasChange::Kind;
using Names = std::set<std::string>;

CreateCollection create(const std::string& name, const std::vector<uint64_t>& nodes = {1}) {
  CreateCollection c{name, "uuid-of-" + name, {}, "hash", {}, {}};
  for (const uint64_t node : nodes) c.nodes.push_back({node});
  c.config.vectors[""].size = 4;
  const auto shards = static_cast<uint32_t>(c.nodes.size());
  for (uint32_t i = 0; i < shards; ++i)
    c.runs.push_back({i * (model::kBuckets / shards), model::kBuckets / shards, i});
  return c;
}

class MapTableTest : public testing::Test {
 protected:
  MapTableTest() {
    must(InitCluster{"cluster", {1, ""}});
    map_.nodes[2] = {2, "other:1"};
  }
  Outcome run(const Command& command) {
    Outcome outcome = apply(map_, ++index_, command);
    EXPECT_EQ(map_.version, index_) << "the version counts commands, refused ones too";
    return outcome;
  }
  void must(const Command& command) {
    const Outcome outcome = run(command);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status.message();
    ASSERT_TRUE(outcome.changed);
  }
  // Expects a refusal with that code and text, which changes nothing else.
  void refused(const Command& command, Code code, const std::string& text) {
    model::ClusterMap before = map_;
    before.version = index_ + 1;
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.status.code(), code);
    EXPECT_NE(outcome.status.message().find(text), std::string::npos) << outcome.status.message();
    EXPECT_FALSE(outcome.changed);
    EXPECT_EQ(outcome.collections, Names{});
    EXPECT_EQ(outcome.aliases, Names{});
    EXPECT_EQ(model::text_of(map_), model::text_of(before));
  }
  model::ClusterMap map_;
  uint64_t index_ = 1;
};

TEST_F(MapTableTest, a_cluster_has_one_identity) {
  EXPECT_EQ(map_.cluster_uuid, "cluster");
  EXPECT_EQ(map_.nodes.at(1).id, 1u);
  refused(InitCluster{"another", {9, ""}}, Code::kExists, "identity");
}

TEST_F(MapTableTest, create_gives_out_ids_that_are_never_used_again) {
  const Outcome outcome = run(create("books", {1, 2}));
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.collections, Names{"books"});
  const auto books = map_.find("books");
  EXPECT_EQ(books->name, "books");
  EXPECT_EQ(books->uuid, "uuid-of-books");
  EXPECT_EQ(books->router, "hash");
  EXPECT_EQ(books->config_version, index_);
  EXPECT_EQ(books->config.vectors.at("").size, 4u);
  ASSERT_EQ(books->shards.size(), 2u);
  EXPECT_EQ(books->shards[0].shard, model::kFirstShard);
  EXPECT_EQ(books->shards[1].shard, model::kFirstShard + 1);
  EXPECT_EQ(books->shards[1].replicas[0].node, 2u);
  EXPECT_NE(books->shards[0].replicas[0].id, books->shards[1].replicas[0].id);
  EXPECT_EQ(books->shard_of_bucket(0), model::kFirstShard);
  EXPECT_EQ(books->shard_of_bucket(4095), model::kFirstShard + 1);

  must(DropCollection{"books"});
  must(create("books"));
  EXPECT_EQ(map_.find("books")->shards[0].shard, model::kFirstShard + 2);
  EXPECT_EQ(map_.find("books")->shards[0].replicas[0].id, books->shards[1].replicas[0].id + 1);
}

TEST_F(MapTableTest, each_replica_of_a_shard_has_an_id_of_its_own) {
  CreateCollection command = create("books");
  command.nodes = {{2, 1}};
  must(command);
  const auto& replicas = map_.find("books")->shards.at(0).replicas;
  ASSERT_EQ(replicas.size(), 2u);
  EXPECT_EQ(replicas[0].node, 2u);
  EXPECT_EQ(replicas[1].node, 1u);
  EXPECT_EQ(replicas[1].id, replicas[0].id + 1);
}

TEST_F(MapTableTest, an_invalid_create_is_refused) {
  must(create("books"));
  must(ChangeAliases{{{Kind::kCreate, "books", "b", ""}}});
  refused(create("books"), Code::kExists, "Collection `books` already exists!");
  refused(create("b"), Code::kExists, "Alias `b` already exists!");
  refused(create("films", {1, 7}), Code::kInvalid, "node 7");
}

TEST_F(MapTableTest, an_update_replaces_only_the_configuration_it_was_made_from) {
  must(create("books"));
  const auto before = map_.find("books");
  UpdateCollection update{"books", before->config_version, before->config};
  update.config.payload_indexes["author"] = {model::FieldType::kKeyword, ""};
  must(update);
  const auto after = map_.find("books");
  EXPECT_EQ(after->config_version, index_);
  EXPECT_TRUE(after->config.payload_indexes.contains("author"));
  EXPECT_EQ(after->uuid, before->uuid);
  EXPECT_EQ(after->shards[0].shard, before->shards[0].shard);
  EXPECT_TRUE(before->config.payload_indexes.empty())
      << "a holder of the old map still sees the old map";
  refused(update, Code::kExists, "changed by another request");
  refused(UpdateCollection{"films", 1, {}}, Code::kNotFound, "Collection `films` doesn't exist!");
}

TEST_F(MapTableTest, reserved_shards_are_given_to_nobody_else) {
  must(create("books"));
  const uint64_t first = map_.next_shard;
  must(ReserveShards{first, 3});
  EXPECT_EQ(map_.next_shard, first + 3);
  refused(ReserveShards{first, 3}, Code::kExists, "the next shard is " + std::to_string(first + 3));
  must(create("films"));
  EXPECT_EQ(map_.find("films")->shards[0].shard, first + 3);
}

RestoreCollection restore(const std::string& name, uint64_t seen_version,
                          const std::vector<uint64_t>& shards) {
  RestoreCollection c{name, "uuid-of-restored", seen_version, {}, "hash", {}, {}};
  const CreateCollection like = create(name, std::vector<uint64_t>(shards.size(), 1));
  c.config = like.config;
  c.runs = like.runs;
  for (const uint64_t shard : shards) c.shards.push_back({shard, {1}});
  return c;
}

TEST_F(MapTableTest, a_restore_makes_a_collection_or_takes_the_place_of_its_shards) {
  must(ReserveShards{model::kFirstShard, 3});
  const Outcome made = run(restore("books", 0, {model::kFirstShard, model::kFirstShard + 1}));
  ASSERT_TRUE(made.status.ok()) << made.status.message();
  EXPECT_EQ(made.collections, Names{"books"});
  const auto books = map_.find("books");
  EXPECT_EQ(books->uuid, "uuid-of-restored");
  EXPECT_EQ(books->config_version, index_);
  EXPECT_EQ(books->shard_of_bucket(4095), model::kFirstShard + 1);
  // One of its shards stays with its replica, and the other is replaced.
  must(restore("books", books->config_version, {model::kFirstShard, model::kFirstShard + 2}));
  const auto after = map_.find("books");
  EXPECT_EQ(after->uuid, books->uuid);
  EXPECT_EQ(after->config_version, index_);
  EXPECT_EQ(after->shards[0].replicas[0].id, books->shards[0].replicas[0].id);
  EXPECT_GT(after->shards[1].replicas[0].id, books->shards[1].replicas[0].id);
  EXPECT_EQ(after->shard_of_bucket(4095), model::kFirstShard + 2);
}

TEST_F(MapTableTest, an_invalid_restore_is_refused) {
  must(create("books"));
  must(create("films"));
  must(ChangeAliases{{{Kind::kCreate, "films", "f", ""}}});
  const uint64_t free = map_.next_shard;
  must(ReserveShards{free, 1});
  const uint64_t version = map_.find("books")->config_version;
  refused(restore("books", 0, {free}), Code::kExists, "by another request");
  refused(restore("books", version + 1, {free}), Code::kExists, "by another request");
  refused(restore("songs", version, {free}), Code::kExists, "by another request");
  refused(restore("f", 0, {free}), Code::kExists, "Alias `f` already exists!");
  refused(restore("songs", 0, {free + 1}), Code::kInvalid, "was not reserved");
  refused(restore("songs", 0, {model::kFirstShard}), Code::kInvalid, "was not reserved");
  refused(restore("songs", 0, {7}), Code::kInvalid, "was not reserved");
  refused(restore("songs", 0, {free, free}), Code::kInvalid, "named twice");
  RestoreCollection elsewhere = restore("songs", 0, {free});
  elsewhere.shards[0].nodes = {1, 9};
  refused(elsewhere, Code::kInvalid, "node 9");
}

TEST_F(MapTableTest, a_drop_removes_the_aliases) {
  must(create("books"));
  must(create("films"));
  must(ChangeAliases{{{Kind::kCreate, "books", "b", ""},
                      {Kind::kCreate, "films", "f", ""},
                      {Kind::kCreate, "books", "b2", ""}}});
  const Outcome outcome = run(DropCollection{"books"});
  EXPECT_TRUE(outcome.changed);
  EXPECT_EQ(outcome.collections, Names{"books"});
  EXPECT_EQ(outcome.aliases, (Names{"b", "b2"}));
  EXPECT_EQ(map_.find("b"), nullptr);
  EXPECT_EQ(map_.find("f")->name, "films");
  EXPECT_EQ(map_.aliases.size(), 1u);

  const Outcome again = run(DropCollection{"books"});
  EXPECT_TRUE(again.status.ok()) << "dropping nothing succeeds, and `changed` says so";
  EXPECT_FALSE(again.changed);
}

TEST_F(MapTableTest, aliases_are_made_moved_renamed_and_deleted_in_order) {
  must(create("books"));
  must(create("films"));
  const Outcome made = run(ChangeAliases{{{Kind::kCreate, "books", "now", ""},
                                          {Kind::kRename, "", "now", "then"},
                                          {Kind::kCreate, "films", "now", ""}}});
  EXPECT_EQ(made.aliases, (Names{"now", "then"}));
  EXPECT_EQ(map_.find("now")->name, "films");
  EXPECT_EQ(map_.find("then")->name, "books");
  must(ChangeAliases{{{Kind::kCreate, "films", "then", ""}}});
  EXPECT_EQ(map_.find("then")->name, "films") << "create moves an alias that is there";
  must(ChangeAliases{{{Kind::kRename, "", "now", "then"}}});
  EXPECT_EQ(map_.aliases.size(), 1u) << "rename takes the place of an alias that is there";
  const Outcome gone = run(ChangeAliases{{{Kind::kDelete, "", "then", ""}}});
  EXPECT_EQ(gone.aliases, Names{"then"});
  EXPECT_TRUE(map_.aliases.empty());
}

TEST_F(MapTableTest, aliases_change_all_or_none) {
  must(create("books"));
  must(ChangeAliases{{{Kind::kCreate, "books", "b", ""}}});
  const AliasChange good{Kind::kCreate, "books", "b3", ""}, move{Kind::kRename, "", "b", "b4"};
  refused(ChangeAliases{{good, move, {Kind::kDelete, "", "none", ""}}}, Code::kNotFound,
          "Alias `none` doesn't exist!");
  refused(ChangeAliases{{good, move, {Kind::kRename, "", "none", "x"}}}, Code::kNotFound,
          "Alias `none` doesn't exist!");
  refused(ChangeAliases{{good, move, {Kind::kDelete, "", "b", ""}}}, Code::kNotFound,
          "Alias `b` doesn't exist!");
  refused(ChangeAliases{{good, {Kind::kCreate, "films", "x", ""}}}, Code::kNotFound,
          "Collection `films` doesn't exist!");
  refused(ChangeAliases{{good, {Kind::kCreate, "books", "books", ""}}}, Code::kExists,
          "Collection `books` already exists!");
  refused(ChangeAliases{{good, {Kind::kRename, "", "b", "books"}}}, Code::kExists,
          "Collection `books` already exists!");
  // There is no alias of an alias.
  refused(ChangeAliases{{good, {Kind::kCreate, "b", "x", ""}}}, Code::kNotFound,
          "Collection `b` doesn't exist!");
}

}  // namespace
}  // namespace rhumb::placement
