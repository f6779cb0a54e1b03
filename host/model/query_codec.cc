#include "host/base/limits.h"
#include "host/model/filter_codec.h"
#include "host/model/query.h"

namespace rhumb::model {
namespace {

using base::ByteReader;
using base::ByteWriter;
using base::Result;
using base::Status;

// A selector is a u8 mode followed by the names.
template <typename Selector>
void encode_selector(const Selector& s, const std::vector<std::string>& names, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(s.mode));
  out.u32(static_cast<uint32_t>(names.size()));
  for (const std::string& n : names) out.blob(n);
}
void encode(const PayloadSelector& s, ByteWriter& out) { encode_selector(s, s.keys, out); }
void encode(const VectorSelector& s, ByteWriter& out) { encode_selector(s, s.names, out); }

template <typename Selector>
Status decode_selector(ByteReader& in, Selector& s, std::vector<std::string>& names,
                       uint8_t mode_max) {
  const uint8_t mode = in.u8();
  if (mode > mode_max) return base::corrupt("selector: unknown mode");
  s.mode = static_cast<typename Selector::Mode>(mode);
  names.resize(in.count(4));
  for (std::string& n : names) n = std::string(in.blob());
  return in.failed() ? base::cut_short("selector") : base::ok();
}

Status decode_selectors(ByteReader& in, PayloadSelector& payload, VectorSelector& vector) {
  RHUMB_TRY(decode_selector(in, payload, payload.keys, 3));
  return decode_selector(in, vector, vector.names, 2);
}

void encode(const SegmentPlan& p, ByteWriter& out) {
  out.u64(p.segment);
  out.blob(p.state);
  out.blob(p.strategy);
  out.blob(p.index);
  for (const uint64_t n : {p.rows, p.rows_examined, p.passed, p.distances, p.tail}) out.u64(n);
}

SegmentPlan decode_plan(ByteReader& in) {
  SegmentPlan p;
  p.segment = in.u64();
  p.state = std::string(in.blob());
  p.strategy = std::string(in.blob());
  p.index = std::string(in.blob());
  for (uint64_t* n : {&p.rows, &p.rows_examined, &p.passed, &p.distances, &p.tail}) *n = in.u64();
  return p;
}

}  // namespace

void encode(const SearchRequest& v, ByteWriter& out) {
  out.blob(v.vector_name);
  out.blob(v.vector);
  encode_optional(v.filter, out);
  out.u32(v.params.ef);
  out.f32(v.params.oversampling);
  out.u8(static_cast<uint8_t>((v.params.exact ? 1 : 0) | (v.params.indexed_only ? 2 : 0) |
                              (v.params.explain ? 4 : 0) | (v.score_threshold ? 8 : 0)));
  out.u32(v.limit);
  if (v.score_threshold) out.f32(*v.score_threshold);
  encode(v.with_payload, out);
  encode(v.with_vector, out);
}

Result<SearchRequest> decode_search_request(ByteReader& in) {
  SearchRequest v;
  v.vector_name = std::string(in.blob());
  v.vector = std::string(in.blob());
  RHUMB_TRY(decode_optional(in, v.filter));
  v.params.ef = in.u32();
  v.params.oversampling = in.f32();
  const uint8_t flags = in.u8();
  v.params.exact = (flags & 1) != 0;
  v.params.indexed_only = (flags & 2) != 0;
  v.params.explain = (flags & 4) != 0;
  v.limit = in.u32();
  if ((flags & 8) != 0) v.score_threshold = in.f32();
  RHUMB_TRY(decode_selectors(in, v.with_payload, v.with_vector));
  return v;
}

void encode(const Record& v, ByteWriter& out) {
  out.blob(v.id.key());
  out.u64(v.version);
  out.f32(v.score);
  out.blob(v.payload);
  out.u32(static_cast<uint32_t>(v.vectors.size()));
  for (const NamedVector& n : v.vectors) {
    out.blob(n.name);
    out.blob(n.bytes);
  }
}

Result<Record> decode_record(ByteReader& in) {
  Record v;
  const std::string_view key = in.blob();
  if (in.failed()) return base::cut_short("record");
  RHUMB_ASSIGN(v.id, PointId::from_key(key));
  v.version = in.u64();
  v.score = in.f32();
  v.payload = std::string(in.blob());
  v.vectors.resize(in.count(8));
  for (NamedVector& n : v.vectors) {
    n.name = std::string(in.blob());
    n.bytes = std::string(in.blob());
  }
  if (in.failed()) return base::cut_short("record");
  return v;
}

void encode(const SearchResult& v, ByteWriter& out) {
  out.u32(static_cast<uint32_t>(v.points.size()));
  for (const Record& r : v.points) encode(r, out);
  out.u32(static_cast<uint32_t>(v.plan.size()));
  for (const SegmentPlan& p : v.plan) encode(p, out);
}

Result<SearchResult> decode_search_result(ByteReader& in) {
  SearchResult v;
  const uint32_t points = in.count(25);
  for (uint32_t i = 0; i < points; ++i) {
    RHUMB_ASSIGN(Record r, decode_record(in));
    v.points.push_back(std::move(r));
  }
  const uint32_t plans = in.count(60);
  for (uint32_t i = 0; i < plans; ++i) v.plan.push_back(decode_plan(in));
  if (in.failed()) return base::cut_short("search result");
  return v;
}

void encode(const GetRequest& v, ByteWriter& out) {
  out.u32(static_cast<uint32_t>(v.ids.size()));
  for (const PointId& id : v.ids) out.blob(id.key());
  encode(v.with_payload, out);
  encode(v.with_vector, out);
}

Result<GetRequest> decode_get_request(ByteReader& in) {
  GetRequest v;
  v.ids.resize(in.count(5));
  for (PointId& id : v.ids) {
    RHUMB_ASSIGN(id, PointId::from_key(in.blob()));
  }
  RHUMB_TRY(decode_selectors(in, v.with_payload, v.with_vector));
  return v;
}

void encode(const ScrollRequest& v, ByteWriter& out) {
  out.blob(v.offset ? std::string_view(v.offset->key()) : std::string_view());
  out.u32(v.limit);
  encode_optional(v.filter, out);
  encode(v.with_payload, out);
  encode(v.with_vector, out);
}

Result<ScrollRequest> decode_scroll_request(ByteReader& in) {
  ScrollRequest v;
  const std::string_view offset = in.blob();
  if (!offset.empty()) {
    RHUMB_ASSIGN(v.offset, PointId::from_key(offset));
  }
  v.limit = in.u32();
  RHUMB_TRY(decode_optional(in, v.filter));
  RHUMB_TRY(decode_selectors(in, v.with_payload, v.with_vector));
  return v;
}

void encode(const CountRequest& v, ByteWriter& out) {
  encode_optional(v.filter, out);
  out.u8(v.exact ? 1 : 0);
}

Result<CountRequest> decode_count_request(ByteReader& in) {
  CountRequest v;
  RHUMB_TRY(decode_optional(in, v.filter));
  v.exact = in.u8() != 0;
  if (in.failed()) return base::cut_short("count");
  return v;
}

namespace {

void encode(const IndexState& v, ByteWriter& out) {
  for (const uint64_t n : {v.segment, v.rows, v.queries, v.ef, v.doubtful, v.clipped_rows})
    out.u64(n);
  out.f64(v.recall);
  for (const std::string* s : {&v.vector, &v.engine, &v.codes, &v.why, &v.warning, &v.renewing})
    out.blob(*s);
}

IndexState decode_index_state(ByteReader& in) {
  IndexState v;
  for (uint64_t* n : {&v.segment, &v.rows, &v.queries, &v.ef, &v.doubtful, &v.clipped_rows})
    *n = in.u64();
  v.recall = in.f64();
  for (std::string* s : {&v.vector, &v.engine, &v.codes, &v.why, &v.warning, &v.renewing})
    *s = std::string(in.blob());
  return v;
}

}  // namespace

void encode(const ShardState& v, ByteWriter& out) {
  for (const uint64_t n :
       {v.shard, v.applied_index, v.points, v.segments, v.indexed_vectors, v.vectors, v.tail_rows})
    out.u64(n);
  out.u8(v.green ? 1 : 0);
  out.blob(v.warning);
  out.fixed(v.content_hash);
  out.u32(static_cast<uint32_t>(v.index_points.size()));
  for (const auto& [field, points] : v.index_points) {
    out.blob(field);
    out.u64(points);
  }
  out.u32(static_cast<uint32_t>(v.wanted_indexes.size()));
  for (const auto& [field, types] : v.wanted_indexes) {
    out.blob(field);
    out.blob(types);
  }
  out.u32(static_cast<uint32_t>(v.indexes.size()));
  for (const IndexState& index : v.indexes) encode(index, out);
}

Result<ShardState> decode_shard_state(ByteReader& in) {
  ShardState v;
  for (uint64_t* n : {&v.shard, &v.applied_index, &v.points, &v.segments, &v.indexed_vectors,
                      &v.vectors, &v.tail_rows})
    *n = in.u64();
  v.green = in.u8() != 0;
  v.warning = std::string(in.blob());
  v.content_hash = in.fixed<std::array<uint8_t, 16>>();
  v.index_points.resize(in.count(12));
  for (auto& [field, points] : v.index_points) {
    field = std::string(in.blob());
    points = in.u64();
  }
  v.wanted_indexes.resize(in.count(8));
  for (auto& [field, types] : v.wanted_indexes) {
    field = std::string(in.blob());
    types = std::string(in.blob());
  }
  constexpr uint32_t kIndexStateBytes = 7 * 8 + 6 * 4;  // bytes of an encoded state, at least
  for (uint32_t i = in.count(kIndexStateBytes); i > 0 && !in.failed(); --i)
    v.indexes.push_back(decode_index_state(in));
  if (in.failed()) return base::cut_short("shard state");
  return v;
}

}  // namespace rhumb::model
