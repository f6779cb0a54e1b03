// Each message and its reply go through the in-process channel, as objects and through frames. Both
// ends must see the same values.
#include "host/peer/messages.h"

#include <gtest/gtest.h>

#include "host/peer/channel.h"
#include "tests/model/samples.h"
#include "tests/peer/text.h"

namespace rhumb::peer {
namespace {

constexpr uint64_t kSeed = 4711;
constexpr int kRounds = 20;

class MessagesTest : public testing::TestWithParam<LoopbackMode> {
 protected:
  MessagesTest() { std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed)); }

  template <typename Make>
  auto list(Make make) {
    std::vector<decltype(make())> out;
    for (uint64_t n = samples_.below(4); n > 0; --n) out.push_back(make());
    return out;
  }
  template <typename Req>
  Req with_level() {
    Req m;
    m.shard = number();
    m.level = {number(), samples_.below(2) == 0};
    return m;
  }
  uint64_t number() { return (samples_.below(1ull << 32) << 32) | samples_.below(1ull << 32); }
  std::array<uint8_t, 16> hash() {
    std::array<uint8_t, 16> out{};
    for (uint8_t& b : out) b = static_cast<uint8_t>(samples_.below(256));
    return out;
  }

  // Over many seeds make_request and make_reply give every member another value than its default.
  template <typename Req, typename MakeRequest, typename MakeReply>
  void round_trips(MakeRequest make_request, MakeReply make_reply) {
    for (int round = 0; round < kRounds; ++round) {
      Req request = make_request();
      typename Req::Reply reply = make_reply();
      const std::string request_text = text_of(request), reply_text = text_of(reply);
      const base::Deadline deadline{number()};
      int handled = 0, answered = 0;
      Dispatcher dispatcher;
      dispatcher.on<Req>([&](Req got, base::Deadline until, auto done) {
        ++handled;
        EXPECT_EQ(text_of(got), request_text);
        EXPECT_EQ(until.at_ns, deadline.at_ns);
        done(std::move(reply));
      });
      LoopbackChannel channel(dispatcher, GetParam());
      channel.call<Req>(std::move(request), deadline, [&](base::Result<typename Req::Reply> got) {
        ++answered;
        ASSERT_TRUE(got.ok()) << got.status().message();
        EXPECT_EQ(text_of(*got), reply_text);
      });
      ASSERT_EQ(handled, 1);
      ASSERT_EQ(answered, 1);
    }
  }

  model::Samples samples_{kSeed};
};

TEST_P(MessagesTest, a_write_arrives_unchanged) {
  round_trips<WriteRequest>(
      [this] {
        WriteRequest m{number(), number(), number(), hash(), samples_.below(2) == 0, {}};
        m.only_known = samples_.below(2) == 0;
        m.operations = list([this] {
          return samples_.operation(model::kAllKinds[samples_.below(std::size(model::kAllKinds))]);
        });
        return m;
      },
      [this] {
        return WriteReply{list([this] {
          return WriteOutcome{number(), samples_.below(2) == 0, number()};
        })};
      });
}

TEST_P(MessagesTest, a_search_arrives_unchanged) {
  round_trips<SearchMessage>(
      [this] {
        auto m = with_level<SearchMessage>();
        m.requests = list([this] { return samples_.search_request(); });
        return m;
      },
      [this] {
        return SearchReply{number(), list([this] { return samples_.search_result(); })};
      });
}

TEST_P(MessagesTest, a_get_arrives_unchanged) {
  round_trips<GetMessage>(
      [this] {
        auto m = with_level<GetMessage>();
        m.request = samples_.get_request();
        return m;
      },
      [this] {
        return RecordsReply{number(), list([this] { return samples_.record(); })};
      });
}

TEST_P(MessagesTest, a_scroll_arrives_unchanged) {
  round_trips<ScrollMessage>(
      [this] {
        auto m = with_level<ScrollMessage>();
        m.request = samples_.scroll_request();
        return m;
      },
      [this] {
        return RecordsReply{number(), list([this] { return samples_.record(); })};
      });
}

TEST_P(MessagesTest, hashes_arrive_unchanged) {
  round_trips<HashesMessage>(
      [this] {
        auto m = with_level<HashesMessage>();
        m.first = samples_.text(20);
        m.limit = 7;
        return m;
      },
      [this] {
        return HashesReply{number(), list([this] {
                             return model::PointHash{samples_.record().id, hash()};
                           })};
      });
}

TEST_P(MessagesTest, a_count_arrives_unchanged) {
  round_trips<CountMessage>(
      [this] {
        auto m = with_level<CountMessage>();
        m.request = samples_.count_request();
        return m;
      },
      [this] {
        return CountReply{number(), number()};
      });
}

TEST_P(MessagesTest, a_shard_state_arrives_unchanged) {
  round_trips<ShardStateMessage>([this] { return ShardStateMessage{number()}; },
                                 [this] { return ShardStateReply{samples_.shard_state()}; });
}

TEST_P(MessagesTest, optimizations_arrive_unchanged) {
  round_trips<OptimizationsMessage>(
      [this] { return OptimizationsMessage{number()}; },
      [this] { return OptimizationsReply{samples_.shard_optimizations()}; });
}

TEST_P(MessagesTest, an_await_config_arrives_unchanged) {
  round_trips<AwaitConfigMessage>(
      [this] {
        return AwaitConfigMessage{number(), number()};
      },
      [] { return EmptyReply{}; });
}

TEST_P(MessagesTest, a_verify_arrives_unchanged) {
  round_trips<VerifyMessage>(
      [this] { return VerifyMessage{number()}; },
      [this] {
        return VerifyReply{number(), number(), hash(), hash(), samples_.text(40)};
      });
}

TEST_P(MessagesTest, a_contract_arrives_unchanged) {
  const auto share = [this] { return static_cast<double>(samples_.below(1000)) / 1000; };
  const auto measured = [&] {
    return ContractReply::Measured{share(), share(), share(), number()};
  };
  round_trips<ContractMessage>(
      [this] { return ContractMessage{number()}; },
      [&] {
        ContractReply reply{
            share(),  share(),      measured(),        measured(), samples_.below(2) == 0, number(),
            number(), std::nullopt, samples_.text(40), {},         samples_.text(40)};
        if (samples_.below(2) == 0) reply.seconds_left = number();
        reply.actions = list([&] { return std::pair(number(), samples_.text(20)); });
        return reply;
      });
}

TEST_P(MessagesTest, a_metadata_command_arrives_unchanged) {
  round_trips<MetadataCommand>([this] { return MetadataCommand{samples_.text(100)}; },
                               [this] {
                                 return MetadataReply{number(), samples_.below(2) == 0};
                               });
}

TEST_P(MessagesTest, a_watch_of_the_map_arrives_unchanged) {
  round_trips<WatchMap>(
      [this] { return WatchMap{number()}; },
      [this] {
        return MapReply{std::make_shared<const model::ClusterMap>(samples_.cluster_map())};
      });
}

INSTANTIATE_TEST_SUITE_P(Loopback, MessagesTest,
                         testing::Values(LoopbackMode::kDirect, LoopbackMode::kEncode),
                         [](const auto& info) {
                           return info.param == LoopbackMode::kDirect ? "direct" : "encode";
                         });

// Each message's own codec adds two checks to those of the model (tests/model): its head is
// checked, and no bytes may follow it.
template <typename Message>
void expect_checked(const Message& message) {
  std::string bytes;
  base::ByteWriter out(bytes);
  message.encode(out);
  for (size_t n = 0; n < bytes.size(); ++n) {
    const std::string cut(bytes, 0, n);
    base::ByteReader in(cut);
    ASSERT_EQ(decode_box<Message>(in).status().code(), base::Code::kCorrupt)
        << n << " of " << bytes.size();
  }
  bytes += '\0';
  base::ByteReader in(bytes);
  EXPECT_EQ(decode_box<Message>(in).status().code(), base::Code::kCorrupt) << "a byte too many";
}

TEST(MessageCodecTest, a_message_cut_short_or_too_long_is_refused) {
  model::Samples samples(kSeed);
  WriteRequest write{1, 2, 3, {}, true, {}};
  write.operations.push_back(samples.operation(model::OperationKind::kUpsert));
  expect_checked(write);
  expect_checked(WriteReply{{{7, true}, {8, false}}});
  SearchMessage search{1, {2, true}, {}};
  search.requests.push_back(samples.search_request());
  expect_checked(search);
  SearchReply found{5, {}};
  found.results.push_back(samples.search_result());
  expect_checked(found);
  expect_checked(GetMessage{1, {2, true}, samples.get_request()});
  RecordsReply records{5, {}};
  records.records.push_back(samples.record());
  expect_checked(records);
  expect_checked(ScrollMessage{1, {2, false}, samples.scroll_request()});
  expect_checked(HashesMessage{1, {2, false}, "key", 3});
  HashesReply hashes{5, {}};
  hashes.points.push_back({samples.record().id, {}});
  expect_checked(hashes);
  expect_checked(CountMessage{1, {2, false}, samples.count_request()});
  expect_checked(CountReply{1, 2});
  expect_checked(ShardStateMessage{1});
  expect_checked(OptimizationsMessage{1});
  expect_checked(OptimizationsReply{samples.shard_optimizations()});
  expect_checked(ShardStateReply{samples.shard_state()});
  expect_checked(AwaitConfigMessage{1, 2});
  expect_checked(EmptyReply{});
  expect_checked(VerifyMessage{1});
  expect_checked(VerifyReply{1, 2, {}, {}, "an error"});
  expect_checked(MetadataCommand{"{}"});
  expect_checked(MetadataReply{1, true});
  expect_checked(WatchMap{1});
  expect_checked(MapReply{std::make_shared<const model::ClusterMap>(samples.cluster_map())});
}

}  // namespace
}  // namespace rhumb::peer
