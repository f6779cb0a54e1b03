#include "tests/model/text.h"

#include <ranges>
#include <type_traits>

namespace rhumb::model {

std::string text_of(const Condition& condition);
std::string text_of(const Number& number);
std::string text_of(const NamedVector& vector);
std::string text_of(const PointWrite& point);
std::string text_of(const VectorView& vector);
std::string text_of(const PointView& point);
std::string text_of(const Target& target);
std::string text_of(const SegmentPlan& plan);
std::string text_of(const HnswConfig& hnsw);
std::string text_of(const VectorParams& vector);
std::string text_of(const PayloadIndexConfig& index);
std::string text_of(const Replica& replica);
std::string text_of(const ShardPlacement& placement);
std::string text_of(const BucketRun& run);
std::string text_of(const Node& node);

namespace {

std::string text_of(const std::string& text) {
  return std::to_string(text.size()) + "'" + text + "'";
}
std::string text_of(std::string_view text) { return text_of(std::string(text)); }
template <typename T>
requires std::is_arithmetic_v<T> || std::is_enum_v<T> std::string text_of(T value) {
  if constexpr (std::is_enum_v<T>)
    return std::to_string(static_cast<int>(value));
  else
    return std::to_string(value);
}
template <typename A, typename B>
std::string text_of(const std::pair<A, B>& pair);
template <typename T>
std::string text_of(const std::optional<T>& value) {
  return value ? text_of(*value) : "none";
}
template <typename T>
std::string text_of(const std::shared_ptr<const T>& value) {
  return text_of(*value);
}
template <std::ranges::range R>
requires(!std::is_same_v<R, std::string>) std::string text_of(const R& values) {
  std::string out = "[";
  for (const auto& value : values) out += text_of(value) + ",";
  return out + "]";
}
template <typename A, typename B>
std::string text_of(const std::pair<A, B>& pair) {
  return text_of(pair.first) + ":" + text_of(pair.second);
}

template <typename... T>
std::string all(const char* name, const T&... members) {
  return std::string(name) + "{" + ((text_of(members) + " ") + ... + "}");
}

std::string text_of(const MatchValue& value) {
  return std::visit([](const auto& v) { return text_of(v); }, value) + "/" +
         std::to_string(value.index());
}
std::string list_of(const std::vector<MatchValue>& values) {
  std::string out;
  for (const MatchValue& v : values) out += text_of(v) + ",";
  return out;
}

struct TestText {
  std::string operator()(const MatchAny& t) const { return "any " + list_of(t.values); }
  std::string operator()(const MatchExcept& t) const { return "except " + list_of(t.values); }
  std::string operator()(const Range& t) const { return all("range", t.lt, t.lte, t.gt, t.gte); }
  std::string operator()(const DatetimeRange& t) const {
    return all("times", t.lt, t.lte, t.gt, t.gte);
  }
  std::string operator()(const ValuesCount& t) const {
    return all("count", t.lt, t.lte, t.gt, t.gte);
  }
  std::string operator()(const IsEmpty& t) const { return all("is_empty", t.value); }
  std::string operator()(const IsNull& t) const { return all("is_null", t.value); }
  std::string operator()(const HasId& t) const { return all("has_id", t.ids); }
  std::string operator()(const HasVector& t) const { return all("has_vector", t.name); }
  std::string operator()(const Nested& t) const { return "nested " + model::text_of(*t.filter); }
  std::string operator()(const SubFilter& t) const { return "sub " + model::text_of(*t.filter); }
};

}  // namespace

std::string text_of(const Number& number) {
  switch (number.kind()) {
    case Number::Kind::kSigned:
      return text_of(number.signed_value()) + "s";
    case Number::Kind::kUnsigned:
      return text_of(number.unsigned_value()) + "u";
    case Number::Kind::kDouble:
      break;
  }
  return text_of(number.double_value()) + "d";
}

std::string text_of(const PointId& id) { return text_of(id.key()); }
std::string text_of(const Condition& c) {
  return "(" + c.key + " " + std::visit(TestText{}, c.test) + ")";
}
std::string text_of(const Filter& f) {
  return all("filter", f.must, f.should, f.must_not, f.min_should, f.min_count, f.min_should_set);
}
std::string text_of(const NamedVector& v) { return all("vector", v.name, v.bytes); }
std::string text_of(const PointWrite& p) { return all("point", p.id, p.payload, p.vectors); }
std::string text_of(const VectorView& v) { return all("vector", v.name, v.bytes); }
std::string text_of(const PointView& p) { return all("point", p.payload, p.vectors); }
std::string text_of(const Target& t) { return all("target", t.id, t.expected_version); }
std::string text_of(const SegmentPlan& p) {
  return all("plan", p.segment, p.state, p.strategy, p.index, p.rows, p.rows_examined, p.passed,
             p.distances, p.tail);
}
std::string text_of(const Operation& o) {
  return all("operation", o.kind, o.points, o.ids, o.filter, o.payload, o.payload_key, o.names,
             o.mode, o.update_filter);
}
std::string text_of(const Command& c) {
  const CommandHeader& h = c.header;
  return all("command", h.format, h.kind, h.feature_level, h.session, h.sequence, h.request_id) +
         all("", c.targets, c.points, c.payload, c.payload_key, c.names, c.part, c.parts) +
         all("", c.mode, c.filter ? text_of(*c.filter) : "none", c.uuid_fields, c.attempt,
             c.clock_ms, c.request_limit);
}
std::string text_of(const SearchRequest& r) {
  return all("search", r.vector_name, r.vector, r.filter, r.params.ef, r.params.oversampling,
             r.params.exact, r.params.indexed_only, r.params.explain, r.limit) +
         all("", r.score_threshold, r.with_payload.mode, r.with_payload.keys, r.with_vector.mode,
             r.with_vector.names);
}
std::string text_of(const Record& r) {
  return all("record", r.id, r.version, r.score, r.payload, r.vectors);
}
std::string text_of(const SearchResult& r) { return all("result", r.points, r.plan); }
std::string text_of(const GetRequest& r) {
  return all("get", r.ids, r.with_payload.mode, r.with_payload.keys, r.with_vector.mode,
             r.with_vector.names);
}
std::string text_of(const ScrollRequest& r) {
  return all("scroll", r.offset, r.limit, r.filter, r.with_payload.mode, r.with_payload.keys,
             r.with_vector.mode, r.with_vector.names);
}
std::string text_of(const CountRequest& r) { return all("count", r.filter, r.exact); }
std::string text_of(const IndexState& i) {
  return all("index state", i.segment, i.rows, i.vector, i.engine, i.codes, i.why, i.warning,
             i.renewing, i.queries) +
         all("", i.ef, i.recall, i.doubtful, i.clipped_rows);
}
std::string text_of(const OptimizedSegment& s) { return all("segment", s.uuid, s.points); }
std::string text_of(const Optimization& o) {
  return all("optimization", o.uuid, o.optimizer, o.reason, o.phase, o.error, o.segments) +
         all("", o.started_ms, o.ended_ms, o.done, o.total);
}
std::string text_of(const ShardState& s) {
  return all("state", s.shard, s.applied_index, s.points, s.segments, s.indexed_vectors, s.vectors,
             s.tail_rows, s.green, s.warning) +
         all("", s.content_hash, s.index_points, s.wanted_indexes, s.indexes);
}
std::string text_of(const ShardOptimizations& s) {
  return all("optimizations", s.shard, s.optimizations, s.idle_segments);
}
std::string text_of(const HnswConfig& h) {
  return all("hnsw", h.m, h.ef_construct, h.full_scan_threshold, h.max_indexing_threads,
             h.payload_m, h.on_disk, h.inline_storage, h.memory);
}
std::string text_of(const VectorParams& v) {
  return all("vector", v.size, v.distance, v.datatype, v.datatype_given, v.on_disk, v.memory,
             v.hnsw, v.hnsw_json, v.quantization_json);
}
std::string text_of(const PayloadIndexConfig& i) { return all("index", i.type, i.params_json); }
std::string text_of(const CollectionConfig& c) {
  return all("config", c.vectors, c.single_vector, c.shard_number, c.replication_factor,
             c.write_consistency_factor, c.on_disk_payload) +
         all("", c.hnsw, c.payload_indexes, c.settings_json);
}
std::string text_of(const Replica& r) { return all("replica", r.id, r.node); }
std::string text_of(const ShardPlacement& s) { return all("shard", s.shard, s.replicas); }
std::string text_of(const BucketRun& r) { return all("run", r.first, r.count, r.shard); }
std::string text_of(const Node& n) { return all("node", n.id, n.address); }
std::string text_of(const Collection& c) {
  return all("collection", c.name, c.uuid, c.config_version, c.config, c.router, c.shards, c.runs);
}
std::string text_of(const ClusterMap& m) {
  return all("map", m.version, m.cluster_uuid, m.nodes, m.collections, m.aliases, m.next_shard,
             m.next_replica);
}

}  // namespace rhumb::model
