// Reads: what a shard is asked and what it answers. Pure data with binary codecs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/bytes.h"
#include "host/base/status.h"
#include "host/model/filter.h"
#include "host/model/id.h"
#include "host/model/operation.h"

namespace rhumb::model {

struct PayloadSelector {
  enum class Mode : uint8_t { kNone = 0, kAll = 1, kInclude = 2, kExclude = 3 };
  Mode mode = Mode::kNone;
  std::vector<std::string> keys;  // JSON paths
};
struct VectorSelector {
  enum class Mode : uint8_t { kNone = 0, kAll = 1, kNames = 2 };
  Mode mode = Mode::kNone;
  std::vector<std::string> names;
};

struct SearchParams {
  uint32_t ef = 0;         // 0 = the collection's
  float oversampling = 0;  // as in rhumb_query_t
  bool exact = false, indexed_only = false, explain = false;
};

// One nearest-neighbour search of one shard. The query vector has the collection's final bits, like
// a stored one.
struct SearchRequest {
  std::string vector_name;
  std::string vector;  // row bytes; of a multivector several rows
  std::optional<Filter> filter;
  SearchParams params;
  uint32_t limit = 10;  // k asked of each shard (the gateway adds its offset)
  std::optional<float> score_threshold;
  PayloadSelector with_payload;
  VectorSelector with_vector;
};

// payload: selected members as JSON text; empty when not asked for or the point has none
// (has_payload tells).
struct Record {
  PointId id;
  uint64_t version = 0;
  // of a search: cosine and dot larger is better, euclid and manhattan the distance itself
  float score = 0;
  std::string payload;
  std::vector<NamedVector> vectors;
};

// About what a record takes of kMaxReplyBytes: as text, in which a component is long.
uint64_t text_bytes(const Record& record);
base::Status too_large();  // kTooLarge: an answer of more than kMaxReplyBytes

// How one segment answered: strategy "scan", "graph", "filtered_graph", "filter_scan",
// "index_scan"; rows_examined counts payloads or index entries looked at for the filter, distances
// the vectors compared.
struct SegmentPlan {
  uint64_t segment = 0;
  // state: growing | sealed; index: field that served the filter, empty = full evaluation
  std::string state, strategy, index;
  uint64_t rows = 0, rows_examined = 0, passed = 0, distances = 0, tail = 0;
};

struct SearchResult {
  std::vector<Record> points;     // best first
  std::vector<SegmentPlan> plan;  // only with params.explain
};

struct GetRequest {
  std::vector<PointId> ids;
  PayloadSelector with_payload;
  VectorSelector with_vector;
};
struct ScrollRequest {
  std::optional<PointId> offset;  // first id to show
  // the gateway asks one more than the page, to know the next offset
  uint32_t limit = 10;
  std::optional<Filter> filter;
  PayloadSelector with_payload;
  VectorSelector with_vector;
};
struct CountRequest {
  std::optional<Filter> filter;
  bool exact = true;
};

// State of one shard replica, for collection info, health and verification.
// The index of one vector in one segment, as its engine sees it.
struct IndexState {
  uint64_t segment = 0, rows = 0;  // rows that it covers
  std::string vector, engine;
  std::string codes, why, warning;  // empty: nothing is known, nothing to say
  std::string renewing;             // why a new one is being built beside it
  uint64_t queries = 0, ef = 0;     // measured by so many; 0: not measured
  double recall = 0;
  uint64_t doubtful = 0, clipped_rows = 0;
};

struct ShardState {
  uint64_t shard = 0, applied_index = 0;
  uint64_t points = 0, segments = 0, indexed_vectors = 0, vectors = 0, tail_rows = 0;
  bool green = true;
  std::string warning;  // e.g. why an index cannot be built
  std::array<uint8_t, 16> content_hash{};
  // payload index field -> points it holds
  std::vector<std::pair<std::string, uint64_t>> index_points;
  // fields that filters asked for without one -> types that would serve
  std::vector<std::pair<std::string, std::string>> wanted_indexes;
  std::vector<IndexState> indexes;  // at most kMaxIndexStates
};

void encode(const SearchRequest& v, base::ByteWriter& out);
void encode(const SearchResult& v, base::ByteWriter& out);
void encode(const Record& v, base::ByteWriter& out);
void encode(const GetRequest& v, base::ByteWriter& out);
void encode(const ScrollRequest& v, base::ByteWriter& out);
void encode(const CountRequest& v, base::ByteWriter& out);
void encode(const ShardState& v, base::ByteWriter& out);
base::Result<SearchRequest> decode_search_request(base::ByteReader& in);
base::Result<SearchResult> decode_search_result(base::ByteReader& in);
base::Result<Record> decode_record(base::ByteReader& in);
base::Result<GetRequest> decode_get_request(base::ByteReader& in);
base::Result<ScrollRequest> decode_scroll_request(base::ByteReader& in);
base::Result<CountRequest> decode_count_request(base::ByteReader& in);
base::Result<ShardState> decode_shard_state(base::ByteReader& in);

}  // namespace rhumb::model
