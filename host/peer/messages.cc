#include "host/peer/messages.h"

#include "host/base/limits.h"

namespace rhumb::peer {
namespace {

using base::ByteReader;
using base::ByteWriter;
using base::Result;

base::Status cut_short(const char* what) {
  return base::corrupt(std::string("peer message: ") + what + " is cut short");
}

void encode_level(const ReadLevel& level, ByteWriter& out) {
  out.u64(level.min_applied);
  out.u8(level.linearizable ? 1 : 0);
}
ReadLevel decode_level(ByteReader& in) {
  ReadLevel level;
  level.min_applied = in.u64();
  level.linearizable = in.u8() != 0;
  return level;
}

std::array<uint8_t, 16> read_16(ByteReader& in) { return in.fixed<std::array<uint8_t, 16>>(); }

// Reads `shard`, the level and then the request, which `decode_request` reads.
template <typename Message, typename Decode>
Result<Message> decode_read(ByteReader& in, Decode decode_request) {
  Message m;
  m.shard = in.u64();
  m.level = decode_level(in);
  if (in.failed()) return cut_short("read");
  RHUMB_ASSIGN(m.request, decode_request(in));
  return m;
}

}  // namespace

void WriteReply::encode(ByteWriter& out) const {
  out.u32(static_cast<uint32_t>(outcomes.size()));
  for (const WriteOutcome& o : outcomes) {
    out.u64(o.index);
    out.u8(o.applied ? 1 : 0);
    out.u64(o.affected);
  }
}
Result<WriteReply> WriteReply::decode(ByteReader& in) {
  WriteReply reply;
  const uint32_t n = in.count(17);
  reply.outcomes.resize(n);
  for (WriteOutcome& o : reply.outcomes) {
    o.index = in.u64();
    o.applied = in.u8() != 0;
    o.affected = in.u64();
  }
  if (in.failed()) return cut_short("write reply");
  return reply;
}

void WriteRequest::encode(ByteWriter& out) const {
  out.u64(shard);
  out.u64(session);
  out.u64(sequence);
  out.fixed(request_id);
  out.u8((wait ? 1 : 0) | (only_known ? 2 : 0));
  out.u32(static_cast<uint32_t>(operations.size()));
  for (const model::Operation& o : operations) model::encode(o, out);
}
Result<WriteRequest> WriteRequest::decode(ByteReader& in) {
  WriteRequest m;
  m.shard = in.u64();
  m.session = in.u64();
  m.sequence = in.u64();
  m.request_id = read_16(in);
  const uint8_t flags = in.u8();
  m.wait = (flags & 1) != 0;
  m.only_known = (flags & 2) != 0;
  const uint32_t n = in.count(2);
  if (in.failed()) return cut_short("write");
  for (uint32_t i = 0; i < n; ++i) {
    RHUMB_ASSIGN(auto operation, model::decode_operation(in));
    m.operations.push_back(std::move(operation));
  }
  return m;
}

void SearchReply::encode(ByteWriter& out) const {
  out.u64(applied);
  out.u32(static_cast<uint32_t>(results.size()));
  for (const model::SearchResult& r : results) model::encode(r, out);
}
Result<SearchReply> SearchReply::decode(ByteReader& in) {
  SearchReply m;
  m.applied = in.u64();
  const uint32_t n = in.count(1);
  if (in.failed()) return cut_short("search reply");
  for (uint32_t i = 0; i < n; ++i) {
    RHUMB_ASSIGN(auto result, model::decode_search_result(in));
    m.results.push_back(std::move(result));
  }
  return m;
}

void SearchMessage::encode(ByteWriter& out) const {
  out.u64(shard);
  encode_level(level, out);
  out.u32(static_cast<uint32_t>(requests.size()));
  for (const model::SearchRequest& r : requests) model::encode(r, out);
}
Result<SearchMessage> SearchMessage::decode(ByteReader& in) {
  SearchMessage m;
  m.shard = in.u64();
  m.level = decode_level(in);
  const uint32_t n = in.count(1);
  if (in.failed()) return cut_short("search");
  for (uint32_t i = 0; i < n; ++i) {
    RHUMB_ASSIGN(auto request, model::decode_search_request(in));
    m.requests.push_back(std::move(request));
  }
  return m;
}

void RecordsReply::encode(ByteWriter& out) const {
  out.u64(applied);
  out.u32(static_cast<uint32_t>(records.size()));
  for (const model::Record& r : records) model::encode(r, out);
}
Result<RecordsReply> RecordsReply::decode(ByteReader& in) {
  RecordsReply m;
  m.applied = in.u64();
  const uint32_t n = in.count(1);
  if (in.failed()) return cut_short("records");
  for (uint32_t i = 0; i < n; ++i) {
    RHUMB_ASSIGN(auto record, model::decode_record(in));
    m.records.push_back(std::move(record));
  }
  return m;
}

void HashesReply::encode(ByteWriter& out) const {
  out.u64(applied);
  out.u32(static_cast<uint32_t>(points.size()));
  for (const model::PointHash& point : points) {
    out.blob(point.id.key());
    out.fixed(point.hash);
  }
}
Result<HashesReply> HashesReply::decode(ByteReader& in) {
  HashesReply m;
  m.applied = in.u64();
  const uint32_t n = in.count(sizeof(uint32_t) + sizeof(model::PointHash::hash));
  for (uint32_t i = 0; i < n && !in.failed(); ++i) {
    RHUMB_ASSIGN(model::PointId id, model::PointId::from_key(in.blob()));
    m.points.push_back({std::move(id), read_16(in)});
  }
  if (in.failed()) return cut_short("hashes reply");
  return m;
}

void HashesMessage::encode(ByteWriter& out) const {
  out.u64(shard);
  encode_level(level, out);
  out.blob(first);
  out.u32(limit);
}
Result<HashesMessage> HashesMessage::decode(ByteReader& in) {
  HashesMessage m;
  m.shard = in.u64();
  m.level = decode_level(in);
  m.first = std::string(in.blob());
  m.limit = in.u32();
  if (in.failed()) return cut_short("hashes");
  return m;
}

void GetMessage::encode(ByteWriter& out) const {
  out.u64(shard);
  encode_level(level, out);
  model::encode(request, out);
}
Result<GetMessage> GetMessage::decode(ByteReader& in) {
  return decode_read<GetMessage>(in, model::decode_get_request);
}

void ScrollMessage::encode(ByteWriter& out) const {
  out.u64(shard);
  encode_level(level, out);
  model::encode(request, out);
}
Result<ScrollMessage> ScrollMessage::decode(ByteReader& in) {
  return decode_read<ScrollMessage>(in, model::decode_scroll_request);
}

void CountReply::encode(ByteWriter& out) const {
  out.u64(applied);
  out.u64(count);
}
Result<CountReply> CountReply::decode(ByteReader& in) {
  CountReply m;
  m.applied = in.u64();
  m.count = in.u64();
  if (in.failed()) return cut_short("count reply");
  return m;
}

void CountMessage::encode(ByteWriter& out) const {
  out.u64(shard);
  encode_level(level, out);
  model::encode(request, out);
}
Result<CountMessage> CountMessage::decode(ByteReader& in) {
  return decode_read<CountMessage>(in, model::decode_count_request);
}

Result<ShardStateReply> ShardStateReply::decode(ByteReader& in) {
  RHUMB_ASSIGN(auto state, model::decode_shard_state(in));
  return ShardStateReply{std::move(state)};
}
Result<ShardStateMessage> ShardStateMessage::decode(ByteReader& in) {
  ShardStateMessage m{in.u64()};
  if (in.failed()) return cut_short("shard state");
  return m;
}

Result<OptimizationsReply> OptimizationsReply::decode(ByteReader& in) {
  RHUMB_ASSIGN(auto all, model::decode_shard_optimizations(in));
  return OptimizationsReply{std::move(all)};
}
Result<OptimizationsMessage> OptimizationsMessage::decode(ByteReader& in) {
  OptimizationsMessage m{in.u64()};
  if (in.failed()) return cut_short("optimizations");
  return m;
}

void AwaitConfigMessage::encode(ByteWriter& out) const {
  out.u64(shard);
  out.u64(config_version);
}
Result<AwaitConfigMessage> AwaitConfigMessage::decode(ByteReader& in) {
  AwaitConfigMessage m;
  m.shard = in.u64();
  m.config_version = in.u64();
  if (in.failed()) return cut_short("await config");
  return m;
}

void VerifyReply::encode(ByteWriter& out) const {
  out.u64(applied);
  out.u64(points);
  out.fixed(kept_hash);
  out.fixed(computed_hash);
  out.blob(error);
}
Result<VerifyReply> VerifyReply::decode(ByteReader& in) {
  VerifyReply m;
  m.applied = in.u64();
  m.points = in.u64();
  m.kept_hash = read_16(in);
  m.computed_hash = read_16(in);
  m.error = std::string(in.blob());
  if (in.failed()) return cut_short("verify reply");
  return m;
}
Result<VerifyMessage> VerifyMessage::decode(ByteReader& in) {
  VerifyMessage m{in.u64()};
  if (in.failed()) return cut_short("verify");
  return m;
}

void ContractReply::encode(ByteWriter& out) const {
  out.f64(asked);
  out.f64(widen);
  for (const Measured* m : {&searches, &moved}) {
    for (const double v : {m->mean, m->low, m->high}) out.f64(v);
    out.u64(m->samples);
  }
  out.u8(searched ? 1 : 0);
  out.u64(samples_total);
  out.u64(missing);
  out.u8(seconds_left ? 1 : 0);
  out.u64(seconds_left.value_or(0));
  out.blob(limit);
  out.u32(static_cast<uint32_t>(actions.size()));
  for (const auto& [wall_ms, what] : actions) {
    out.u64(wall_ms);
    out.blob(what);
  }
  out.blob(calibration_json);
}
Result<ContractReply> ContractReply::decode(ByteReader& in) {
  ContractReply m;
  m.asked = in.f64();
  m.widen = in.f64();
  for (Measured* measured : {&m.searches, &m.moved}) {
    for (double* v : {&measured->mean, &measured->low, &measured->high}) *v = in.f64();
    measured->samples = in.u64();
  }
  m.searched = in.u8() != 0;
  m.samples_total = in.u64();
  m.missing = in.u64();
  const bool seconds_known = in.u8() != 0;
  const uint64_t seconds = in.u64();
  if (seconds_known) m.seconds_left = seconds;
  m.limit = std::string(in.blob());
  const uint32_t actions = in.count(12);
  for (uint32_t i = 0; i < actions && !in.failed(); ++i) {
    const uint64_t wall_ms = in.u64();
    m.actions.emplace_back(wall_ms, in.blob());
  }
  m.calibration_json = std::string(in.blob());
  if (in.failed()) return cut_short("contract reply");
  return m;
}
Result<ContractMessage> ContractMessage::decode(ByteReader& in) {
  ContractMessage m{in.u64()};
  if (in.failed()) return cut_short("contract");
  return m;
}

void MetadataReply::encode(ByteWriter& out) const {
  out.u64(index);
  out.u8(changed ? 1 : 0);
}
Result<MetadataReply> MetadataReply::decode(ByteReader& in) {
  MetadataReply m;
  m.index = in.u64();
  m.changed = in.u8() != 0;
  if (in.failed()) return cut_short("metadata reply");
  return m;
}
Result<MetadataCommand> MetadataCommand::decode(ByteReader& in) {
  MetadataCommand m{std::string(in.blob())};
  if (in.failed()) return cut_short("metadata command");
  return m;
}

Result<MapReply> MapReply::decode(ByteReader& in) {
  RHUMB_ASSIGN(auto map, model::decode_cluster_map(in));
  return MapReply{std::make_shared<const model::ClusterMap>(std::move(map))};
}
Result<WatchMap> WatchMap::decode(ByteReader& in) {
  WatchMap m{in.u64()};
  if (in.failed()) return cut_short("watch map");
  return m;
}

}  // namespace rhumb::peer
