// The message types. A request to a shard names the shard by its id and goes to the node of its
// leader (writes) or of a replica (reads).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/model/operation.h"
#include "host/model/optimization.h"
#include "host/model/query.h"
#include "host/model/topology.h"
#include "host/peer/message.h"

namespace rhumb::peer {

// How fresh a read must be. The replica must have applied at least `min_applied`. A linearizable
// read also waits for a read index that the leader takes.
struct ReadLevel {
  uint64_t min_applied = 0;
  bool linearizable = false;
};

// The outcome of one operation. `index` is the log index of its last command. If `applied` is
// false, the operation was committed, but the deadline passed before it was applied. `affected` is
// the number of points that it changed, known when it is applied. For a repeated request, both are
// the values of the first attempt.
struct WriteOutcome {
  uint64_t index = 0;
  bool applied = false;
  uint64_t affected = 0;
};
struct WriteReply {
  std::vector<WriteOutcome> outcomes;
  void encode(base::ByteWriter& out) const;
  static base::Result<WriteReply> decode(base::ByteReader& in);
};
struct WriteRequest {
  static constexpr Op kOp = Op::kWrite;
  using Reply = WriteReply;
  // `sequence` belongs to the first operation; the others follow it.
  uint64_t shard = 0, session = 0, sequence = 0;
  std::array<uint8_t, 16> request_id{};
  bool wait = false;  // answer after the leader has applied it, else after commit
  std::vector<model::Operation> operations;
  // Answer only with the outcome of an earlier attempt; kNotFound if there was none.
  bool only_known = false;
  void encode(base::ByteWriter& out) const;
  static base::Result<WriteRequest> decode(base::ByteReader& in);
};

struct SearchReply {
  uint64_t applied = 0;
  std::vector<model::SearchResult> results;
  void encode(base::ByteWriter& out) const;
  static base::Result<SearchReply> decode(base::ByteReader& in);
};
struct SearchMessage {
  static constexpr Op kOp = Op::kSearch;
  using Reply = SearchReply;
  uint64_t shard = 0;
  ReadLevel level;
  std::vector<model::SearchRequest> requests;
  void encode(base::ByteWriter& out) const;
  static base::Result<SearchMessage> decode(base::ByteReader& in);
};

struct RecordsReply {
  uint64_t applied = 0;
  std::vector<model::Record> records;
  void encode(base::ByteWriter& out) const;
  static base::Result<RecordsReply> decode(base::ByteReader& in);
};
struct GetMessage {
  static constexpr Op kOp = Op::kGet;
  using Reply = RecordsReply;
  uint64_t shard = 0;
  ReadLevel level;
  model::GetRequest request;
  void encode(base::ByteWriter& out) const;
  static base::Result<GetMessage> decode(base::ByteReader& in);
};
struct ScrollMessage {
  static constexpr Op kOp = Op::kScroll;
  using Reply = RecordsReply;
  uint64_t shard = 0;
  ReadLevel level;
  model::ScrollRequest request;
  void encode(base::ByteWriter& out) const;
  static base::Result<ScrollMessage> decode(base::ByteReader& in);
};

// The content hashes of points in the order of their ids, from `first` on (empty: from the start).
struct HashesReply {
  uint64_t applied = 0;
  std::vector<model::PointHash> points;
  void encode(base::ByteWriter& out) const;
  static base::Result<HashesReply> decode(base::ByteReader& in);
};
struct HashesMessage {
  static constexpr Op kOp = Op::kHashes;
  using Reply = HashesReply;
  uint64_t shard = 0;
  ReadLevel level;
  std::string first;  // the key of an id
  uint32_t limit = 0;
  void encode(base::ByteWriter& out) const;
  static base::Result<HashesMessage> decode(base::ByteReader& in);
};

struct CountReply {
  uint64_t applied = 0, count = 0;
  void encode(base::ByteWriter& out) const;
  static base::Result<CountReply> decode(base::ByteReader& in);
};
struct CountMessage {
  static constexpr Op kOp = Op::kCount;
  using Reply = CountReply;
  uint64_t shard = 0;
  ReadLevel level;
  model::CountRequest request;
  void encode(base::ByteWriter& out) const;
  static base::Result<CountMessage> decode(base::ByteReader& in);
};

struct ShardStateReply {
  model::ShardState state;
  void encode(base::ByteWriter& out) const { model::encode(state, out); }
  static base::Result<ShardStateReply> decode(base::ByteReader& in);
};
struct ShardStateMessage {
  static constexpr Op kOp = Op::kShardState;
  using Reply = ShardStateReply;
  uint64_t shard = 0;
  void encode(base::ByteWriter& out) const { out.u64(shard); }
  static base::Result<ShardStateMessage> decode(base::ByteReader& in);
};

struct OptimizationsReply {
  model::ShardOptimizations all;
  void encode(base::ByteWriter& out) const { model::encode(all, out); }
  static base::Result<OptimizationsReply> decode(base::ByteReader& in);
};
struct OptimizationsMessage {
  static constexpr Op kOp = Op::kOptimizations;
  using Reply = OptimizationsReply;
  uint64_t shard = 0;
  void encode(base::ByteWriter& out) const { out.u64(shard); }
  static base::Result<OptimizationsMessage> decode(base::ByteReader& in);
};

struct EmptyReply {
  void encode(base::ByteWriter&) const {}
  static base::Result<EmptyReply> decode(base::ByteReader&) { return EmptyReply{}; }
};
// Answered when the shard has carried out the configuration of that version (payload indexes are
// built).
struct AwaitConfigMessage {
  static constexpr Op kOp = Op::kAwaitConfig;
  using Reply = EmptyReply;
  uint64_t shard = 0, config_version = 0;
  void encode(base::ByteWriter& out) const;
  static base::Result<AwaitConfigMessage> decode(base::ByteReader& in);
};

// The result of a shard that read its own bytes again. An empty `error` means that all is well.
struct VerifyReply {
  uint64_t applied = 0, points = 0;
  std::array<uint8_t, 16> kept_hash{}, computed_hash{};
  std::string error;
  void encode(base::ByteWriter& out) const;
  static base::Result<VerifyReply> decode(base::ByteReader& in);
};
struct VerifyMessage {
  static constexpr Op kOp = Op::kVerify;
  using Reply = VerifyReply;
  uint64_t shard = 0;
  void encode(base::ByteWriter& out) const { out.u64(shard); }
  static base::Result<VerifyMessage> decode(base::ByteReader& in);
};

// The recall that a shard promises, and the recall that it measured
// (host/shard/background/recall_watch.h).
struct ContractReply {
  struct Measured {
    double mean = 0, low = 0, high = 1;
    uint64_t samples = 0;
  };
  double asked = 0, widen = 1;
  // `searches` are real searches; `moved` are stored points that were moved a little.
  Measured searches, moved;
  bool searched = false;  // there were real searches, and they decide
  uint64_t samples_total = 0;
  uint64_t missing = 0;  // samples needed to know whether the contract is kept
  // Seconds until those samples exist. Absent if they wait for searches or the time is not known.
  std::optional<uint64_t> seconds_left;
  // Why the recall differs from the promise. Empty if it does not, or if the reason is not known.
  std::string limit;
  std::vector<std::pair<uint64_t, std::string>> actions;  // wall clock in ms, action
  // [{"segment", "vector", "points", "ef_recall": [[ef, recall], ..]}, ..]
  std::string calibration_json;
  void encode(base::ByteWriter& out) const;
  static base::Result<ContractReply> decode(base::ByteReader& in);
};
struct ContractMessage {
  static constexpr Op kOp = Op::kContract;
  using Reply = ContractReply;
  uint64_t shard = 0;
  void encode(base::ByteWriter& out) const { out.u64(shard); }
  static base::Result<ContractMessage> decode(base::ByteReader& in);
};

// A change of the metadata, as JSON (host/placement/command.h). It is answered after it was
// applied. `index` is the version of the map that shows it.
struct MetadataReply {
  uint64_t index = 0;
  bool changed = false;
  void encode(base::ByteWriter& out) const;
  static base::Result<MetadataReply> decode(base::ByteReader& in);
};
struct MetadataCommand {
  static constexpr Op kOp = Op::kMetadataCommand;
  using Reply = MetadataReply;
  std::string json;
  void encode(base::ByteWriter& out) const { out.blob(json); }
  static base::Result<MetadataCommand> decode(base::ByteReader& in);
};

// Answered with a map that is newer than known_version, or with kTimeout at the deadline.
struct MapReply {
  std::shared_ptr<const model::ClusterMap> map;
  void encode(base::ByteWriter& out) const { model::encode(*map, out); }
  static base::Result<MapReply> decode(base::ByteReader& in);
};
struct WatchMap {
  static constexpr Op kOp = Op::kWatchMap;
  using Reply = MapReply;
  uint64_t known_version = 0;
  void encode(base::ByteWriter& out) const { out.u64(known_version); }
  static base::Result<WatchMap> decode(base::ByteReader& in);
};

}  // namespace rhumb::peer
