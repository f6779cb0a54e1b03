// Reads: the requests to a shard and its answers. Pure data with binary codecs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/bytes.h"
#include "host/base/status.h"
#include "host/model/filter.h"
#include "host/model/id.h"
#include "host/model/operation.h"
#include "host/model/search_params.h"

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

// One nearest-neighbour search of one shard. The query vector has the collection's final bits, like
// a stored vector.
struct SearchRequest {
  std::string vector_name;
  std::string vector;  // bytes of one row, or of several rows for a multivector
  std::optional<Filter> filter;
  SearchParams params;
  // The k that each shard is asked for. The gateway adds its offset.
  uint32_t limit = 10;
  std::optional<float> score_threshold;
  PayloadSelector with_payload;
  VectorSelector with_vector;
};
uint64_t memory_bytes(const SearchRequest& request);  // about how much memory a copy takes

// `payload` holds the selected members as JSON text. It is empty when it was not asked for or the
// point has no payload.
struct Record {
  PointId id;
  uint64_t version = 0;
  // The score of a search. For cosine and dot larger is better; for euclid and manhattan it is the
  // distance itself.
  float score = 0;
  std::string payload;
  std::vector<NamedVector> vectors;
};

// What tells one content of a point from another (host/shard/state/content_hash.h).
struct PointHash {
  PointId id;
  std::array<uint8_t, 16> hash{};
};

// About how many of the kMaxReplyBytes a record takes. The estimate is for text, in which a
// component of a vector is long.
uint64_t text_bytes(const Record& record);
base::Status too_large();  // kTooLarge, for an answer of more than kMaxReplyBytes

// How one segment answered. `strategy` is "scan", "graph", "filtered_graph", "filter_scan" or
// "index_scan". rows_examined counts the payloads or index entries that were examined for the
// filter; `distances` counts the vectors that were compared.
struct SegmentPlan {
  uint64_t segment = 0;
  // `state` is "growing" or "sealed". `index` is the field whose index served the filter; if it is
  // empty, the filter was evaluated on payloads.
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
  // The gateway asks for one more point than the page holds, so that it knows the next offset.
  uint32_t limit = 10;
  std::optional<Filter> filter;
  PayloadSelector with_payload;
  VectorSelector with_vector;
};
struct CountRequest {
  std::optional<Filter> filter;
  bool exact = true;
};

// The state of one vector's index in one segment, as its engine reports it. It is part of the state
// of a shard replica, which serves collection info, health and verification.
struct IndexState {
  uint64_t segment = 0, rows = 0;  // `rows` counts the rows that the index covers
  std::string vector, engine;
  std::string codes, why, warning;  // each is empty if the engine reports nothing
  std::string renewing;             // why a new index is being built beside this one
  uint64_t queries = 0, ef = 0;  // `queries` searches measured the recall at `ef`; 0: not measured
  double recall = 0;
  uint64_t doubtful = 0, clipped_rows = 0;
};

struct ShardState {
  uint64_t shard = 0, applied_index = 0;
  uint64_t points = 0, segments = 0, indexed_vectors = 0, vectors = 0, tail_rows = 0;
  bool green = true;
  std::string warning;  // for example why an index cannot be built
  std::array<uint8_t, 16> content_hash{};
  // The field of each payload index and the number of points that the index holds.
  std::vector<std::pair<std::string, uint64_t>> index_points;
  // Fields that filters used without an index, and the index types that would serve them.
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
