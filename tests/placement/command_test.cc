#include "host/placement/command.h"

#include <gtest/gtest.h>

#include "tests/model/samples.h"
#include "tests/model/text.h"

namespace rhumb::placement {
namespace {

constexpr uint64_t kSeed = 5;

template <typename T>
T round_trip(const T& command) {
  auto back = command_from_json(to_json(command));
  EXPECT_TRUE(back.ok()) << back.status().message();
  EXPECT_TRUE(std::holds_alternative<T>(*back));
  return std::get<T>(std::move(*back));
}

using Nodes = std::vector<std::vector<uint64_t>>;

CreateCollection sample_create(model::Samples& samples) {
  return {"books \"a\"",         "5c56c793-69f3-4fbf-87e6-c4bf54c28c26",
          samples.config(),      "hash",
          {{1}, {2, 1, 7}, {1}}, {{0, 1000, 2}, {1000, 3000, 0}, {4000, 96, 1}}};
}

TEST(CommandTest, every_command_keeps_every_member) {
  model::Samples samples(kSeed);
  const auto init = round_trip(InitCluster{"uuid", {UINT64_MAX, "host:1"}});
  EXPECT_EQ(init.cluster_uuid, "uuid");
  EXPECT_EQ(init.first_node.id, UINT64_MAX);
  EXPECT_EQ(init.first_node.address, "host:1");
  for (int round = 0; round < 50; ++round) {
    const CreateCollection create = sample_create(samples);
    const auto back = round_trip(create);
    EXPECT_EQ(back.name, create.name);
    EXPECT_EQ(back.uuid, create.uuid);
    EXPECT_EQ(model::text_of(back.config), model::text_of(create.config));
    EXPECT_EQ(back.router, "hash");
    EXPECT_EQ(back.nodes, create.nodes);
    ASSERT_EQ(back.runs.size(), 3u);
    EXPECT_EQ(back.runs[1].first, 1000u);
    EXPECT_EQ(back.runs[1].count, 3000u);
    EXPECT_EQ(back.runs[2].shard, 1u);
  }
  const UpdateCollection update{"books", UINT64_MAX - 1, samples.config()};
  const auto updated = round_trip(update);
  EXPECT_EQ(updated.name, "books");
  EXPECT_EQ(updated.seen_version, UINT64_MAX - 1);
  EXPECT_EQ(model::text_of(updated.config), model::text_of(update.config));
  EXPECT_EQ(round_trip(DropCollection{"books"}).name, "books");
  const auto reserved = round_trip(ReserveShards{UINT64_MAX, 7});
  EXPECT_EQ(reserved.first, UINT64_MAX);
  EXPECT_EQ(reserved.count, 7u);
  const RestoreCollection restore{"books",
                                  "uuid",
                                  UINT64_MAX - 2,
                                  samples.config(),
                                  "hash",
                                  {{1030, {2, 1}}, {1024, {1}}},
                                  {{0, 96, 1}, {96, 4000, 0}}};
  const auto restored = round_trip(restore);
  EXPECT_EQ(restored.name, "books");
  EXPECT_EQ(restored.uuid, "uuid");
  EXPECT_EQ(restored.seen_version, UINT64_MAX - 2);
  EXPECT_EQ(model::text_of(restored.config), model::text_of(restore.config));
  EXPECT_EQ(restored.router, "hash");
  ASSERT_EQ(restored.shards.size(), 2u);
  EXPECT_EQ(restored.shards[0].shard, 1030u);
  EXPECT_EQ(restored.shards[0].nodes, (std::vector<uint64_t>{2, 1}));
  ASSERT_EQ(restored.runs.size(), 2u);
  EXPECT_EQ(restored.runs[0].shard, 1u);
  using Kind = AliasChange::Kind;
  const auto aliases = round_trip(ChangeAliases{{{Kind::kCreate, "books", "b", ""},
                                                 {Kind::kDelete, "", "x", ""},
                                                 {Kind::kRename, "", "o", "n"}}});
  ASSERT_EQ(aliases.actions.size(), 3u);
  EXPECT_EQ(aliases.actions[0].kind, Kind::kCreate);
  EXPECT_EQ(aliases.actions[0].collection, "books");
  EXPECT_EQ(aliases.actions[0].alias, "b");
  EXPECT_EQ(aliases.actions[1].kind, Kind::kDelete);
  EXPECT_EQ(aliases.actions[2].kind, Kind::kRename);
  EXPECT_EQ(aliases.actions[2].new_alias, "n");
}

// Every later release must read the commands in a cluster's log.
TEST(CommandTest, the_written_form_is_pinned) {
  EXPECT_EQ(to_json(DropCollection{"books"}), R"({"name":"books","op":"drop"})");
  EXPECT_EQ(to_json(ChangeAliases{{{AliasChange::Kind::kRename, "", "o", "n"}}}),
            R"({"actions":[[2,"","o","n"]],"op":"aliases"})");
  EXPECT_EQ(to_json(InitCluster{"u", {1, ""}}),
            R"({"address":"","cluster_uuid":"u","node":1,"op":"init"})");
}

TEST(CommandTest, an_unreadable_command_is_refused) {
  const auto create = [](const std::string& runs, const std::string& nodes = "[1]") {
    return R"({"op":"create","name":"n","uuid":"u","router":"hash","config":"{\"vectors\":{}}","nodes":)" +
           nodes + R"(,"runs":)" + runs + "}";
  };
  const auto restore = [](const std::string& shards, const std::string& runs) {
    return R"({"op":"restore","name":"n","uuid":"u","seen_version":0,"router":"hash","config":"{\"vectors\":{}}","shards":)" +
           shards + R"(,"runs":)" + runs + "}";
  };
  ASSERT_TRUE(command_from_json(create("[[0,4096,0]]", "[[1,2]]")).ok());
  ASSERT_TRUE(command_from_json(restore("[[1024,[1]]]", "[[0,4096,0]]")).ok());
  const auto earlier = command_from_json(create("[[0,4096,0]]", "[1]"));
  ASSERT_TRUE(earlier.ok()) << "logs of earlier versions are read";
  EXPECT_EQ(std::get<CreateCollection>(*earlier).nodes, (Nodes{{1}}));
  const std::string cases[] = {"",
                               "[]",
                               "7",
                               "{",
                               "{}",
                               R"({"op":7})",
                               R"({"op":"explode"})",
                               R"({"op":"drop"})",
                               R"({"op":"drop","name":7})",
                               R"({"op":"init","cluster_uuid":"u"})",
                               R"({"op":"update","name":"n","seen_version":1})",
                               R"({"op":"update","name":"n","seen_version":1,"config":{}})",
                               R"({"op":"update","name":"n","seen_version":1,"config":"{}"})",
                               R"({"op":"aliases","actions":[[3,"a","b","c"]]})",
                               R"({"op":"aliases","actions":[[-1,"a","b","c"]]})",
                               R"({"op":"aliases","actions":[[0,"a","b"]]})",
                               R"({"op":"reserve","first":1024})",
                               R"({"op":"reserve","first":1024,"count":-1})",
                               restore("[]", "[[0,4096,0]]"),
                               restore("[[1024,[]]]", "[[0,4096,0]]"),
                               restore("[[1024,[1]]]", "[[0,4096,1]]"),
                               restore("[[1024]]", "[[0,4096,0]]"),
                               create("[]"),
                               create("[[0,4095,0]]"),
                               create("[[0,4096,1]]"),
                               create("[[0,4096]]"),
                               create("[[0,4096,0]]", "[]"),
                               create("[[0,4096,0]]", "[[]]"),
                               create("[[0,4096,0]]", R"([["1"]])"),
                               create("[[0,2048,0],[2049,2047,0]]")};
  for (const std::string& text : cases) {
    const auto command = command_from_json(text);
    ASSERT_FALSE(command.ok()) << text;
    EXPECT_EQ(command.status().code(), base::Code::kCorrupt) << text;
    EXPECT_FALSE(command.status().message().empty());
  }
}

}  // namespace
}  // namespace rhumb::placement
