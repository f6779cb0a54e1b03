#include "tests/model/samples.h"

namespace rhumb::model {

std::string Samples::bytes(size_t max) {
  std::string out(below(max + 1), '\0');
  for (char& c : out) c = static_cast<char>(below(256));
  return out;
}

std::string Samples::text(size_t max) {
  std::string out(1 + below(max), '\0');
  for (char& c : out) c = static_cast<char>('a' + below(26));
  return out;
}

PointId Samples::id() {
  switch (below(3)) {
    case 0:
      return PointId::number(random_());
    case 1: {
      std::string key = "\x02";
      base::put_be64(key, random_());
      base::put_be64(key, random_());
      return *PointId::from_key(key);
    }
    default:
      return *PointId::from_string("name-" + text(20));
  }
}

std::vector<PointId> Samples::ids() {
  std::vector<PointId> out(below(5));
  for (PointId& one : out) one = id();
  return out;
}

template <typename R, typename T>
R Samples::bounds(T scale) {
  R r;
  for (auto* bound : {&r.lt, &r.lte, &r.gt, &r.gte}) {
    if (below(2) == 0) *bound = static_cast<T>(below(1000)) * scale;
  }
  return r;
}

Condition Samples::condition(uint32_t depth) {
  const auto inner = [&] { return std::make_shared<const Filter>(filter(depth - 1)); };
  const auto value = [&]() -> MatchValue {
    if (below(3) == 0) return text(12);
    if (below(2) == 0) return static_cast<int64_t>(random_());
    if (below(4) == 0) return random_() | uint64_t{1} << 63;
    return below(2) == 0;
  };
  Condition c;
  c.key = text(10);
  switch (below(depth > 0 ? 11 : 9)) {
    case 0:
      c.test = MatchAny{{value(), value(), value()}};
      break;
    case 1:
      c.test = MatchExcept{{value()}};
      break;
    case 2:
      c.test = below(2) == 0   ? bounds<Range>(-0.25)
               : below(2) == 0 ? bounds<Range>(int64_t{-9007199254740993})
                               : bounds<Range>(uint64_t{1} << 54);
      break;
    case 3:
      c.test = bounds<DatetimeRange>(int64_t{-86'400'000'001});
      break;
    case 4:
      c.test = bounds<ValuesCount>(uint64_t{3});
      break;
    case 5:
      c.test = IsEmpty{below(2) == 0};
      break;
    case 6:
      c.test = IsNull{below(2) == 0};
      break;
    case 7:
      c = {"", HasId{ids()}};
      break;
    case 8:
      c = {"", HasVector{text(8)}};
      break;
    case 9:
      c.test = Nested{inner()};
      break;
    default:
      c = {"", SubFilter{inner()}};
      break;
  }
  return c;
}

std::vector<Condition> Samples::conditions(uint32_t depth) {
  std::vector<Condition> out;
  for (uint64_t n = below(4); n > 0; --n) out.push_back(condition(depth));
  return out;
}

Filter Samples::filter(uint32_t depth) {
  Filter f;
  f.must = conditions(depth);
  f.should = conditions(depth);
  f.must_not = conditions(depth);
  f.min_should_set = below(2) == 0;
  if (f.min_should_set) {
    f.min_should = conditions(depth);
    f.min_count = static_cast<uint32_t>(below(4));
  }
  return f;
}

std::vector<std::string> Samples::names() {
  std::vector<std::string> out(below(4));
  for (std::string& name : out) name = text(10);
  return out;
}

std::vector<NamedVector> Samples::vectors() {
  std::vector<NamedVector> out(below(3));
  for (NamedVector& v : out) v = {text(6), bytes(64)};
  return out;
}

PointWrite Samples::point() {
  return {id(), R"({"n":)" + std::to_string(below(100)) + "}", vectors()};
}

Operation Samples::operation(OperationKind kind) {
  Operation o;
  o.kind = kind;
  o.points.resize(below(4));
  for (PointWrite& p : o.points) p = point();
  o.ids = ids();
  if (below(2) == 0) o.filter = filter();
  if (below(2) == 0) o.update_filter = filter();
  o.payload = R"({"set":true})";
  o.payload_key = text(10);
  o.names = names();
  o.mode = static_cast<UpdateMode>(below(3));
  return o;
}

Command Samples::command(OperationKind kind) {
  Command c;
  c.header.kind = kind;
  c.header.session = random_();
  c.header.sequence = random_();
  for (uint8_t& b : c.header.request_id) b = static_cast<uint8_t>(below(256));
  c.part = static_cast<uint32_t>(below(3));
  c.parts = 3;
  for (uint64_t n = 1 + below(4); n > 0; --n)
    c.targets.push_back({id(), below(2) == 0 ? kAnyVersion : random_()});
  if (kind == OperationKind::kUpsert || kind == OperationKind::kUpdateVectors) {
    std::vector<PointWrite> writes;
    for (size_t i = 0; i < c.targets.size(); ++i) writes.push_back(point());
    c.show(std::make_shared<const std::vector<PointWrite>>(std::move(writes)));
  }
  c.payload = R"({"a":[1,2]})";
  c.payload_key = text(5);
  c.names = names();
  c.header.feature_level = 1 + static_cast<uint32_t>(below(2));
  if (c.header.feature_level < kConditionsAtApply) return c;
  c.mode = static_cast<UpdateMode>(below(3));
  if (below(2) == 0) c.filter = std::make_shared<const Filter>(filter());
  c.uuid_fields = names();
  c.attempt = random_();
  c.clock_ms = random_();
  c.request_limit = static_cast<uint32_t>(random_());
  return c;
}

SearchRequest Samples::search_request() {
  SearchRequest r;
  r.vector_name = text(8);
  r.vector = bytes(64);
  if (below(2) == 0) r.filter = filter();
  r.params = {static_cast<uint32_t>(below(1000)), static_cast<float>(below(5)), below(2) == 0,
              below(2) == 0, below(2) == 0};
  r.limit = static_cast<uint32_t>(below(100000));
  if (below(2) == 0) r.score_threshold = -0.75f;
  r.with_payload = {static_cast<PayloadSelector::Mode>(below(4)), names()};
  r.with_vector = {static_cast<VectorSelector::Mode>(below(3)), names()};
  return r;
}

Record Samples::record() { return {id(), random_(), 0.5f, R"({"x":1})", vectors()}; }

SearchResult Samples::search_result() {
  SearchResult r;
  for (uint64_t n = below(4); n > 0; --n) r.points.push_back(record());
  for (uint64_t n = below(3); n > 0; --n)
    r.plan.push_back({random_(), "growing", "scan", text(4), 1, 2, 3, 4, random_()});
  return r;
}

GetRequest Samples::get_request() {
  return {
      ids(), {PayloadSelector::Mode::kExclude, names()}, {VectorSelector::Mode::kNames, names()}};
}

ScrollRequest Samples::scroll_request() {
  ScrollRequest r;
  if (below(2) == 0) r.offset = id();
  r.limit = static_cast<uint32_t>(below(1000));
  if (below(2) == 0) r.filter = filter();
  r.with_payload = {PayloadSelector::Mode::kInclude, names()};
  r.with_vector.mode = VectorSelector::Mode::kAll;
  return r;
}

CountRequest Samples::count_request() {
  CountRequest r;
  if (below(2) == 0) r.filter = filter();
  r.exact = below(2) == 0;
  return r;
}

ShardState Samples::shard_state() {
  ShardState s{random_(), random_(), 3,  4, 5, 6, 7, below(2) == 0, "a warning: " + text(20),
               {},        {},        {}, {}};
  for (uint8_t& b : s.content_hash) b = static_cast<uint8_t>(below(256));
  for (uint64_t n = below(3); n > 0; --n) s.index_points.emplace_back(text(9), random_());
  for (uint64_t n = below(3); n > 0; --n) s.wanted_indexes.emplace_back(text(9), text(5));
  for (uint64_t n = below(3); n > 0; --n) {
    s.indexes.push_back({random_(), random_(), text(5), "engine", "8bit", text(30), text(10),
                         text(7), below(1000), 48, 0.25 * static_cast<double>(below(5)), random_(),
                         3});
  }
  return s;
}

ShardOptimizations Samples::shard_optimizations() {
  ShardOptimizations s;
  s.shard = random_();
  const auto segments = [this] {
    std::vector<OptimizedSegment> all(below(3));
    for (OptimizedSegment& segment : all) {
      segment.uuid[3] = static_cast<uint8_t>(below(256));
      segment.points = random_();
    }
    return all;
  };
  for (uint64_t n = below(3); n > 0; --n) {
    s.optimizations.push_back({{},
                               "merge",
                               text(9),
                               text(5),
                               text(7),
                               segments(),
                               random_(),
                               random_(),
                               below(100),
                               below(100)});
  }
  s.idle_segments = segments();
  return s;
}

CollectionConfig Samples::config() {
  CollectionConfig c;
  for (uint64_t n = 1 + below(3); n > 0; --n) {
    VectorParams v;
    v.size = static_cast<uint32_t>(1 + below(65536));
    v.distance = static_cast<Distance>(1 + below(4));
    v.datatype = static_cast<Scalar>(1 + below(3));
    v.datatype_given = below(2) == 0;
    if (below(2) == 0) v.on_disk = below(2) == 0;
    if (below(2) == 0) v.memory = text(6);
    if (below(2) == 0) v.hnsw.m = static_cast<uint32_t>(below(100));
    v.hnsw_json = R"({"m":8})";
    v.quantization_json = R"({"scalar":{"type":"int8"}})";
    c.vectors[text(8)] = v;
  }
  c.shard_number = static_cast<uint32_t>(1 + below(8));
  c.replication_factor = 2;
  c.on_disk_payload = below(2) == 0;
  c.hnsw.ef_construct = 77;
  c.hnsw.inline_storage = true;
  if (below(2) == 0) c.hnsw.memory = text(6);
  for (uint64_t n = below(4); n > 0; --n)
    c.payload_indexes[text(8)] = {static_cast<FieldType>(1 + below(8)), R"({"type":"keyword"})"};
  c.settings_json["metadata"] = R"({"owner":"someone"})";
  return c;
}

Collection Samples::collection(const std::string& name, uint32_t shards) {
  Collection c;
  c.name = name;
  c.uuid = text(30);
  c.config_version = random_();
  c.config = config();
  for (uint32_t i = 0; i < shards; ++i)
    c.shards.push_back({kFirstShard + i, {{2 + i, 1 + below(3)}}});
  for (uint32_t i = 0; i < shards; ++i) {
    const uint32_t first = i * (kBuckets / shards);
    c.runs.push_back({first, (i + 1 == shards ? kBuckets : (i + 1) * (kBuckets / shards)) - first,
                      kFirstShard + i});
  }
  return c;
}

ClusterMap Samples::cluster_map() {
  ClusterMap map;
  map.version = random_();
  map.cluster_uuid = text(30);
  for (uint64_t n = 1; n <= 3; ++n) map.nodes[n] = {n, n == 1 ? "" : "host:" + std::to_string(n)};
  for (const char* name : {"books", "films", "songs"}) {
    map.collections[name] =
        std::make_shared<const Collection>(collection(name, static_cast<uint32_t>(1 + below(5))));
  }
  map.aliases = {{"b", "books"}, {"f", "films"}};
  map.next_shard = random_();
  map.next_replica = random_();
  return map;
}

}  // namespace rhumb::model
