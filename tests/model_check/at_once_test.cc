// Upserts, deletes, payload changes, searches, scrolls, counts, creation and removal of payload
// indexes, and verification run at the same time, while segments are sealed, checkpointed and
// indexed. The test is made for ThreadSanitizer. It also checks the promises that hold at every
// moment: a returned point is complete, passes its filter, and comes only once.
#include <atomic>
#include <functional>
#include <thread>

#include "tests/model_check/fire.h"

namespace rhumb::model_check {
namespace {

constexpr uint64_t kAtOnceSeed = 4;
constexpr uint32_t kAtOnceIds = 600, kKept = 200;  // ids below kKept are never deleted
constexpr uint32_t kRounds = 120, kSoakRounds = 4000;

class AtOnce : public FireTest {
 public:
  // A point contains its own id and group, so that a torn point is detected.
  json point(Fire& fire, uint32_t id) {
    return {{"id", id},
            {"vector", fire.vector()},
            {"payload", {{"own", id}, {"group", id % 7}, {"gen", fire.below(1000)}}}};
  }
  void upsert(Fire& fire) {
    json points = json::array();
    for (int i = 0; i < 20; ++i) points.push_back(point(fire, fire.below(kAtOnceIds)));
    expect_ok("PUT", fire.chance(80) ? "/points?wait=true" : "/points?wait=false",
              {{"points", points}});
  }
  void remove(Fire& fire) {
    json ids = json::array();
    for (int i = 0; i < 8; ++i) ids.push_back(kKept + fire.below(kAtOnceIds - kKept));
    if (fire.chance(50)) {
      expect_ok("POST", "/points/delete?wait=true", {{"points", ids}});
    } else {
      expect_ok(
          "POST", "/points/delete?wait=true",
          {{"filter",
            {{"must",
              {{{"has_id", ids}}, {{"key", "group"}, {"match", {{"value", fire.below(7)}}}}}}}}});
    }
  }
  void change_payload(Fire& fire) {
    const json group = {{"must", {{{"key", "group"}, {"match", {{"value", fire.below(7)}}}}}}};
    if (fire.chance(30))
      expect_ok("POST", "/points/payload?wait=true",
                {{"payload", {{"gen", fire.below(1000)}}}, {"filter", group}});
    else
      expect_ok("POST", "/points/payload?wait=true",
                {{"payload", {{"gen", fire.below(1000)}}},
                 {"points", {fire.below(kAtOnceIds), fire.below(kAtOnceIds)}}});
  }
  void whole(const json& points, const std::function<bool(const json&)>& passes) {
    std::set<uint64_t> ids;
    for (const json& p : points) {
      const uint64_t id = p["id"];
      EXPECT_TRUE(ids.insert(id).second) << id << " twice";
      EXPECT_EQ(p["payload"].value("own", kAtOnceIds), id) << p.dump();
      EXPECT_EQ(p["payload"].value("group", 9u), id % 7) << p.dump();
      EXPECT_TRUE(passes(p["payload"])) << p.dump();
    }
  }
  void search(Fire& fire) {
    const uint32_t group = fire.below(7), gen = fire.below(1000);
    json body = {{"query", fire.vector()},
                 {"limit", 30},
                 {"with_payload", true},
                 {"params", {{"exact", fire.chance(30)}}}};
    body["filter"] = {{"must",
                       {{{"key", "group"}, {"match", {{"value", group}}}},
                        {{"key", "gen"}, {"range", {{"gte", gen}}}}}}};
    whole(expect_ok("POST", "/points/query", body)["points"],
          [&](const json& p) { return p["group"] == group && p["gen"] >= gen; });
    body.erase("filter");
    const json all = expect_ok("POST", "/points/query", body)["points"];
    whole(all, [](const json&) { return true; });
    EXPECT_EQ(all.size(), 30u);
  }
  void read(Fire& fire) {
    whole(expect_ok("POST", "/points/scroll",
                    {{"limit", kAtOnceIds}, {"with_payload", true}})["points"],
          [](const json&) { return true; });
    const json kept =
        expect_ok("POST", "/points/count",
                  {{"filter", {{"must", {{{"key", "own"}, {"range", {{"lt", kKept}}}}}}}}});
    EXPECT_EQ(kept["count"], kKept);
    const uint32_t id = fire.below(kKept);
    whole(expect_ok("POST", "/points", {{"ids", {id}}}),
          [&](const json& p) { return p["own"] == id; });
  }
  void reindex(Fire& fire) {
    const char* const fields[] = {"group", "gen", "own"};
    const std::string field = fields[fire.below(3)];
    if (fire.chance(50))
      expect_ok("PUT", "/index?wait=true", {{"field_name", field}, {"field_schema", "integer"}});
    else
      expect_ok("DELETE", "/index/" + field + "?wait=true", nullptr);
  }
};

TEST_F(AtOnce, every_answer_holds_under_concurrent_writes) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kAtOnceSeed));
  open({{"vectors", {{"size", kFireDim}, {"distance", "Dot"}}}, {"shard_number", 2}});
  Fire first(kAtOnceSeed);
  json points = json::array();
  for (uint32_t id = 0; id < kAtOnceIds; ++id) points.push_back(point(first, id));
  expect_ok("PUT", "/points?wait=true", {{"points", points}});
  using Action = void (AtOnce::*)(Fire&);
  const Action writers[] = {&AtOnce::upsert, &AtOnce::upsert, &AtOnce::remove,
                            &AtOnce::change_payload};
  const Action others[] = {&AtOnce::search, &AtOnce::search, &AtOnce::read, &AtOnce::reindex};
  const uint32_t rounds = soak() ? kSoakRounds : kRounds;
  std::atomic<uint32_t> writing{std::size(writers)};
  std::atomic<uint64_t> done{0};
  std::vector<std::thread> threads;
  for (const Action action : writers) {
    threads.emplace_back([&, action, seed = kAtOnceSeed + threads.size()] {
      Fire fire(seed);
      for (uint32_t i = 0; i < rounds && !failed(); ++i) (this->*action)(fire);
      writing.fetch_sub(1);
    });
  }
  for (const Action action : others) {
    threads.emplace_back([&, action, seed = kAtOnceSeed + 100 + threads.size()] {
      Fire fire(seed);
      for (; writing.load() > 0 && !failed(); done.fetch_add(1)) (this->*action)(fire);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const json verified = expect_ok("GET", "/verify", nullptr);
  EXPECT_EQ(verified["ok"], true) << verified.dump();
  const json info = expect_ok("GET", "", nullptr);
  std::printf("%llu reads beside the writes, %llu segments, %llu vectors in graphs\n",
              static_cast<unsigned long long>(done.load()),
              static_cast<unsigned long long>(info["segments_count"].get<uint64_t>()),
              static_cast<unsigned long long>(info["indexed_vectors_count"].get<uint64_t>()));
  EXPECT_GT(segments_begun(), 6u) << "no segment was sealed";
  EXPECT_GT(info["indexed_vectors_count"].get<uint64_t>(), 0u);
  reopen();
  Fire last(kAtOnceSeed);
  read(last);
}

}  // namespace
}  // namespace rhumb::model_check
