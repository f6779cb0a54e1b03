#include "host/http/rest/shapes.h"

namespace rhumb::http::rest {
namespace {

using enum Holds;

constexpr Forms form(unsigned n) { return Forms{1} << n; }

// Filters.
extern const Shape kCondition;

constexpr Member kMatchMembers[] = {{.name = "value", .forms = form(0)},     {.name = "any", .forms = form(1)},    {.name = "except", .forms = form(2)},
                                    {.name = "text", .forms = form(3)},      {.name = "text_any", .forms = form(4)}, {.name = "phrase", .forms = form(5)},
                                    {.name = "prefix", .forms = form(6)},    {.name = "substring", .forms = form(7)}};
constexpr Shape kMatch{Unknown::kRefused, kMatchMembers};

constexpr Member kBoundsMembers[] = {{.name = "lt"}, {.name = "lte"}, {.name = "gt"}, {.name = "gte"}};
constexpr Shape kBounds{Unknown::kRefused, kBoundsMembers};

constexpr Member kGeoPointMembers[] = {{.name = "lon"}, {.name = "lat"}};
constexpr Shape kGeoPoint{Unknown::kRefused, kGeoPointMembers};
constexpr Member kGeoLineMembers[] = {{"points", kOneOrMore, &kGeoPoint}};
constexpr Shape kGeoLine{Unknown::kRefused, kGeoLineMembers};
constexpr Member kGeoBoxMembers[] = {{"top_left", kObject, &kGeoPoint}, {"bottom_right", kObject, &kGeoPoint}};
constexpr Shape kGeoBox{Unknown::kRefused, kGeoBoxMembers};
constexpr Member kGeoRadiusMembers[] = {{"center", kObject, &kGeoPoint}, {.name = "radius"}};
constexpr Shape kGeoRadius{Unknown::kRefused, kGeoRadiusMembers};
constexpr Member kGeoPolygonMembers[] = {{"exterior", kObject, &kGeoLine}, {"interiors", kOneOrMore, &kGeoLine}};
constexpr Shape kGeoPolygon{Unknown::kRefused, kGeoPolygonMembers};

constexpr Member kKeyedMembers[] = {{.name = "key"}};
constexpr Shape kKeyed{Unknown::kRefused, kKeyedMembers};
constexpr Member kNestedMembers[] = {{.name = "key"}, {"filter", kObject, &kFilter}};
constexpr Shape kNested{Unknown::kRefused, kNestedMembers};
constexpr Member kSliceMembers[] = {{.name = "total"}, {.name = "index"}};
constexpr Shape kSlice{Unknown::kRefused, kSliceMembers};

constexpr Member kMinShouldMembers[] = {{"conditions", kOneOrMore, &kCondition}, {.name = "min_count"}};
constexpr Shape kMinShould{Unknown::kRefused, kMinShouldMembers};

// A condition is a key with one test, or one of the tests without a key, or a filter.
constexpr Forms kKeyMatch = form(0), kKeyRange = form(1), kKeyCount = form(2), kKeyBox = form(3), kKeyRadius = form(4), kKeyPolygon = form(5),
                kKeyEmpty = form(6), kKeyNull = form(7), kEmpty = form(8), kNull = form(9), kIds = form(10), kVector = form(11), kInside = form(12),
                kPart = form(13), kSubFilter = form(14);
constexpr Forms kWithKey = kKeyMatch | kKeyRange | kKeyCount | kKeyBox | kKeyRadius | kKeyPolygon | kKeyEmpty | kKeyNull;
constexpr Member kConditionMembers[] = {{.name = "key", .forms = kWithKey},
                                        {"match", kObject, &kMatch, kKeyMatch},
                                        {"range", kObject, &kBounds, kKeyRange},
                                        {"values_count", kObject, &kBounds, kKeyCount},
                                        {"geo_bounding_box", kObject, &kGeoBox, kKeyBox},
                                        {"geo_radius", kObject, &kGeoRadius, kKeyRadius},
                                        {"geo_polygon", kObject, &kGeoPolygon, kKeyPolygon},
                                        {"is_empty", kObject, &kKeyed, kKeyEmpty | kEmpty},
                                        {"is_null", kObject, &kKeyed, kKeyNull | kNull},
                                        {.name = "has_id", .forms = kIds},
                                        {.name = "has_vector", .forms = kVector},
                                        {"nested", kObject, &kNested, kInside},
                                        {"slice", kObject, &kSlice, kPart},
                                        {"must", kOneOrMore, &kCondition, kSubFilter},
                                        {"should", kOneOrMore, &kCondition, kSubFilter},
                                        {"must_not", kOneOrMore, &kCondition, kSubFilter},
                                        {"min_should", kObject, &kMinShould, kSubFilter}};
constexpr Shape kCondition{Unknown::kRefused, kConditionMembers};
constexpr Member kFilterMembers[] = {{"must", kOneOrMore, &kCondition}, {"should", kOneOrMore, &kCondition}, {"must_not", kOneOrMore, &kCondition},
                                     {"min_should", kObject, &kMinShould}};

// Vectors that are objects.
constexpr Forms kBase64 = form(0), kSparse = form(1), kText = form(2), kImage = form(3), kInput = form(4);
constexpr Member kVectorFormMembers[] = {{.name = "vector_b64", .forms = kBase64}, {.name = "indices", .forms = kSparse},
                                         {.name = "values", .forms = kSparse},     {.name = "text", .forms = kText},
                                         {.name = "image", .forms = kImage},       {.name = "object", .forms = kInput},
                                         {.name = "model", .forms = kText | kImage | kInput}, {.name = "options", .forms = kText | kImage | kInput}};

// Queries.
constexpr Forms kNearest = form(5), kRecommend = form(6), kDiscover = form(7), kContext = form(8), kOrderBy = form(9), kFusion = form(10), kRrf = form(11),
                kFormula = form(12), kSample = form(13), kFeedback = form(14), kWords = form(15);
constexpr Member kQueryVariantMembers[] = {{"nearest", kObject, &kVectorForm, kNearest},
                                           {.name = "mmr", .forms = kNearest},
                                           {.name = "recommend", .forms = kRecommend},
                                           {.name = "discover", .forms = kDiscover},
                                           {.name = "context", .forms = kContext},
                                           {.name = "order_by", .forms = kOrderBy},
                                           {.name = "fusion", .forms = kFusion},
                                           {.name = "rrf", .forms = kRrf},
                                           {.name = "formula", .forms = kFormula},
                                           {.name = "defaults", .forms = kFormula},
                                           {.name = "sample", .forms = kSample},
                                           {.name = "relevance_feedback", .forms = kFeedback},
                                           {.name = "vector_b64", .forms = kBase64},
                                           {.name = "indices", .forms = kSparse},
                                           {.name = "values", .forms = kSparse},
                                           {.name = "text", .forms = kText | kWords},
                                           {.name = "image", .forms = kImage},
                                           {.name = "object", .forms = kInput},
                                           {.name = "model", .forms = kText | kImage | kInput},
                                           {.name = "options", .forms = kText | kImage | kInput}};
constexpr Shape kQueryVariant{Unknown::kRefused, kQueryVariantMembers};

constexpr Member kQuantizationParamsMembers[] = {{.name = "ignore"}, {.name = "rescore"}, {.name = "oversampling"}};
constexpr Shape kQuantizationParams{Unknown::kRefused, kQuantizationParamsMembers};
constexpr Member kAcornMembers[] = {{.name = "enable"}, {.name = "max_selectivity"}};
constexpr Shape kAcorn{Unknown::kRefused, kAcornMembers};
constexpr Member kIdfMembers[] = {{"corpus", kObject, &kFilter}};
constexpr Shape kIdf{Unknown::kRefused, kIdfMembers};
constexpr Member kParamsMembers[] = {{.name = "hnsw_ef"}, {.name = "exact"},  {.name = "indexed_only"}, {.name = "explain"},
                                     {"quantization", kObject, &kQuantizationParams}, {"acorn", kObject, &kAcorn}, {"idf", kObject, &kIdf}};
constexpr Shape kParams{Unknown::kRefused, kParamsMembers};

constexpr Member kPayloadSelectorMembers[] = {{.name = "include", .forms = form(0)}, {.name = "exclude", .forms = form(1)}};
constexpr Shape kPayloadSelector{Unknown::kRefused, kPayloadSelectorMembers};
constexpr Member kLookupMembers[] = {{.name = "collection"}, {.name = "vector"}, {.name = "shard_key"}};
constexpr Shape kLookup{Unknown::kIgnored, kLookupMembers};
constexpr Member kScrollOrderMembers[] = {{.name = "key"}, {.name = "direction"}, {.name = "start_from"}};
constexpr Shape kScrollOrder{Unknown::kIgnored, kScrollOrderMembers};

// Members that many bodies have.
constexpr Member kWithPayload{"with_payload", kObject, &kPayloadSelector};
constexpr Member kWithVector{.name = "with_vector"}, kWithVectors{.name = "with_vectors", .same_as_before = true};
constexpr Member kShardKey{.name = "shard_key"};
constexpr Member kOnlyFilter{"filter", kObject, &kFilter};
constexpr Member kByIds{.name = "points", .forms = form(0)}, kByFilter{"filter", kObject, &kFilter, form(1)};  // which points

extern const Shape kPrefetch;
constexpr Member kPrefetches{"prefetch", kOneOrMore, &kPrefetch}, kQueryMember{"query", kObject, &kQueryVariant}, kParamsMember{"params", kObject, &kParams},
    kLookupFrom{"lookup_from", kObject, &kLookup};
constexpr Member kLimit{.name = "limit"}, kTop{.name = "top", .same_as_before = true}, kUsing{.name = "using"}, kThreshold{.name = "score_threshold"};
constexpr Member kPrefetchMembers[] = {kPrefetches, kQueryMember, kUsing, kOnlyFilter, kParamsMember, kThreshold, kLimit, kLookupFrom};
constexpr Shape kPrefetch{Unknown::kIgnored, kPrefetchMembers};
constexpr Member kQueryMembers[] = {kPrefetches, kQueryMember, kUsing,       kOnlyFilter,  kParamsMember, kThreshold,   kLimit,
                                    kTop,        kLookupFrom,  {.name = "offset"}, kWithPayload, kWithVector,   kWithVectors, kShardKey};
constexpr Member kQueryBatchMembers[] = {{"searches", kOneOrMore, &kQueryBody}};

// points/search of before 1.19: the vector may be named.
constexpr Forms kNamed = form(5);
constexpr Member kSearchVectorMembers[] = {{.name = "name", .forms = kNamed},        {"vector", kObject, &kVectorForm, kNamed},
                                           {.name = "vector_b64", .forms = kBase64}, {.name = "indices", .forms = kSparse},
                                           {.name = "values", .forms = kSparse}};
constexpr Shape kSearchVector{Unknown::kRefused, kSearchVectorMembers};
constexpr Member kSearchMembers[] = {{"vector", kObject, &kSearchVector}, kOnlyFilter, kParamsMember, kThreshold, kLimit, kTop, kLookupFrom,
                                     {.name = "offset"}, kWithPayload, kWithVector, kWithVectors, kShardKey};
constexpr Member kSearchBatchMembers[] = {{"searches", kOneOrMore, &kSearchBody}};

// Reads.
constexpr Member kGetMembers[] = {{.name = "ids"}, kWithPayload, kWithVector, kWithVectors, kShardKey};
constexpr Member kScrollMembers[] = {kOnlyFilter, kLimit, {.name = "offset"}, kWithPayload, kWithVector, kWithVectors, {"order_by", kObject, &kScrollOrder}, kShardKey};
constexpr Member kCountMembers[] = {kOnlyFilter, {.name = "exact"}, kShardKey};

// Writes. A point may have its vector as base64: that is ours.
constexpr Member kPointMembers[] = {{.name = "id"}, {.name = "vector", .forms = form(0)}, {.name = "vector_b64", .forms = form(1)}, {.name = "payload"}};
constexpr Member kPointVectorsMembers[] = {{.name = "id"}, {.name = "vector", .forms = form(0)}, {.name = "vector_b64", .forms = form(1)}};
constexpr Shape kPointVectors{Unknown::kIgnored, kPointVectorsMembers};
constexpr Member kColumnsMembers[] = {{.name = "ids"}, {.name = "vectors"}, {.name = "payloads"}, kShardKey};
constexpr Shape kColumns{Unknown::kIgnored, kColumnsMembers};
constexpr Member kUpdateFilter{"update_filter", kObject, &kFilter};
constexpr Member kUpsertMembers[] = {{"points", kOneOrMore, &kPoint, form(0)}, {"batch", kObject, &kColumns, form(1)}, kUpdateFilter, {.name = "update_mode"}, kShardKey};
constexpr Member kUpdateVectorsMembers[] = {{"points", kOneOrMore, &kPointVectors}, kUpdateFilter, kShardKey};
constexpr Member kDeletePointsMembers[] = {kByIds, kByFilter, kShardKey};
constexpr Member kDeleteVectorsMembers[] = {kByIds, kByFilter, {.name = "vector"}, {.name = "vectors", .same_as_before = true}, kShardKey};
constexpr Member kSetPayloadMembers[] = {kByIds, kByFilter, {.name = "payload"}, {.name = "key"}, kShardKey};
constexpr Member kDeletePayloadMembers[] = {kByIds, kByFilter, {.name = "keys"}, kShardKey};
constexpr Member kOperationMembers[] = {{"upsert", kObject, &kUpsertBody, form(0)},
                                        {"delete", kObject, &kDeletePointsBody, form(1)},
                                        {"delete_points", kObject, &kDeletePointsBody, form(2)},
                                        {"update_vectors", kObject, &kUpdateVectorsBody, form(3)},
                                        {"delete_vectors", kObject, &kDeleteVectorsBody, form(4)},
                                        {"set_payload", kObject, &kSetPayloadBody, form(5)},
                                        {"overwrite_payload", kObject, &kSetPayloadBody, form(6)},
                                        {"delete_payload", kObject, &kDeletePayloadBody, form(7)},
                                        {"clear_payload", kObject, &kDeletePointsBody, form(8)}};
constexpr Shape kOperation{Unknown::kRefused, kOperationMembers};
constexpr Member kBatchMembers[] = {{"operations", kOneOrMore, &kOperation}};

// Collections.
constexpr Member kMemory{.name = "memory"}, kOnDisk{.name = "on_disk"};
constexpr Member kStorageMembers[] = {kMemory};
constexpr Shape kStorage{Unknown::kIgnored, kStorageMembers};
constexpr Member kHnswMembers[] = {{.name = "m"}, {.name = "ef_construct"}, {.name = "full_scan_threshold"}, {.name = "max_indexing_threads"}, {.name = "payload_m"},
                                   {.name = "inline_storage"}, kOnDisk, kMemory};
constexpr Shape kHnsw{Unknown::kIgnored, kHnswMembers};

constexpr Member kAlwaysRam{.name = "always_ram"};
constexpr Member kScalarMembers[] = {{.name = "type"}, {.name = "quantile"}, kAlwaysRam, kMemory};
constexpr Shape kScalar{Unknown::kIgnored, kScalarMembers};
constexpr Member kProductMembers[] = {{.name = "compression"}, kAlwaysRam, kMemory};
constexpr Shape kProduct{Unknown::kIgnored, kProductMembers};
constexpr Member kBinaryMembers[] = {{.name = "encoding"}, {.name = "query_encoding"}, kAlwaysRam, kMemory};
constexpr Shape kBinary{Unknown::kIgnored, kBinaryMembers};
constexpr Member kTurboMembers[] = {{.name = "bits"}, kAlwaysRam, kMemory};
constexpr Shape kTurbo{Unknown::kIgnored, kTurboMembers};
constexpr Member kQuantizationMembers[] = {{"scalar", kObject, &kScalar, form(0)}, {"product", kObject, &kProduct, form(1)},
                                           {"binary", kObject, &kBinary, form(2)}, {"turbo", kObject, &kTurbo, form(3)}};
constexpr Shape kQuantization{Unknown::kRefused, kQuantizationMembers};
constexpr Member kQuantizationConfig{"quantization_config", kObject, &kQuantization},
    kQuantizationAlias{.name = "quantization", .holds = kObject, .shape = &kQuantization, .same_as_before = true};

constexpr Member kMultivectorMembers[] = {{.name = "comparator"}};
constexpr Shape kMultivector{Unknown::kIgnored, kMultivectorMembers};
constexpr Member kHnswConfig{"hnsw_config", kObject, &kHnsw};
constexpr Member kVectorParamsMembers[] = {{.name = "size"}, {.name = "distance"}, {.name = "datatype"}, {"multivector_config", kObject, &kMultivector},
                                           kHnswConfig, kQuantizationConfig, kQuantizationAlias, kOnDisk, kMemory};
constexpr Shape kVectorParams{Unknown::kIgnored, kVectorParamsMembers};
constexpr Member kVectorDiffMembers[] = {kHnswConfig, kQuantizationConfig, kQuantizationAlias, kOnDisk, kMemory};
constexpr Shape kVectorDiff{Unknown::kIgnored, kVectorDiffMembers};
constexpr Member kSparseIndexMembers[] = {{.name = "full_scan_threshold"}, {.name = "datatype"}, kOnDisk, kMemory};
constexpr Shape kSparseIndex{Unknown::kIgnored, kSparseIndexMembers};
constexpr Member kSparseMembers[] = {{"index", kObject, &kSparseIndex}, {.name = "modifier"}};
constexpr Shape kSparseParams{Unknown::kIgnored, kSparseMembers};

constexpr Member kOptimizersMembers[] = {{.name = "deleted_threshold"}, {.name = "vacuum_min_vector_number"}, {.name = "default_segment_number"},
                                         {.name = "max_segment_size"},  {.name = "memmap_threshold"},         {.name = "indexing_threshold"},
                                         {.name = "flush_interval_sec"}, {.name = "max_optimization_threads"}, {.name = "prevent_unoptimized"}};
constexpr Shape kOptimizers{Unknown::kIgnored, kOptimizersMembers};
constexpr Member kWalMembers[] = {{.name = "wal_capacity_mb"}, {.name = "wal_segments_ahead"}, {.name = "wal_retain_closed"}};
constexpr Shape kWal{Unknown::kIgnored, kWalMembers};
constexpr Member kStrictModeMembers[] = {
    {.name = "enabled"}, {.name = "max_query_limit"}, {.name = "max_timeout"}, {.name = "unindexed_filtering_retrieve"}, {.name = "unindexed_filtering_update"},
    {.name = "search_max_hnsw_ef"}, {.name = "search_allow_exact"}, {.name = "search_max_oversampling"}, {.name = "upsert_max_batchsize"},
    {.name = "search_max_batchsize"}, {.name = "max_collection_vector_size_bytes"}, {.name = "read_rate_limit"}, {.name = "write_rate_limit"},
    {.name = "max_collection_payload_size_bytes"}, {.name = "max_points_count"}, {.name = "filter_max_conditions"}, {.name = "condition_max_size"},
    {.name = "multivector_config"}, {.name = "sparse_config"}, {.name = "max_payload_index_count"}, {.name = "max_resident_memory_percent"}};
constexpr Shape kStrictMode{Unknown::kIgnored, kStrictModeMembers};
constexpr Member kContractMembers[] = {{.name = "recall"}, {.name = "p99_ms"}, {.name = "consistency"}};
constexpr Shape kContract{Unknown::kRefused, kContractMembers};

constexpr Member kReplication{.name = "replication_factor"}, kWriteConsistency{.name = "write_consistency_factor"}, kOnDiskPayload{.name = "on_disk_payload"},
    kPayloadStorage{"payload", kObject, &kStorage}, kIdTracker{"id_tracker", kObject, &kStorage}, kOptimizersConfig{"optimizers_config", kObject, &kOptimizers},
    kOptimizersAlias{.name = "optimizer_config", .holds = kObject, .shape = &kOptimizers, .same_as_before = true},
    kWalConfig{"wal_config", kObject, &kWal}, kStrictModeConfig{"strict_mode_config", kObject, &kStrictMode}, kMetadata{.name = "metadata"},
    kContractMember{"contract", kObject, &kContract}, kSparseVectors{"sparse_vectors", kMap, &kSparseParams};
constexpr Member kCreateCollectionMembers[] = {{"vectors", kOneOrNamed, &kVectorParams}, kSparseVectors, {.name = "shard_number"}, {.name = "sharding_method"}, kReplication,
                                               kWriteConsistency, kOnDiskPayload, kPayloadStorage, kIdTracker, kHnswConfig, kOptimizersConfig, kOptimizersAlias,
                                               kWalConfig, kQuantizationConfig, kQuantizationAlias, kStrictModeConfig, kMetadata, kContractMember};
constexpr Member kCollectionParamsMembers[] = {kReplication, kWriteConsistency, {.name = "read_fan_out_factor"}, {.name = "read_fan_out_delay_ms"}, kOnDiskPayload,
                                               kPayloadStorage, kIdTracker};
constexpr Shape kCollectionParams{Unknown::kIgnored, kCollectionParamsMembers};
constexpr Member kUpdateCollectionMembers[] = {{"vectors", kMap, &kVectorDiff}, kSparseVectors, {"params", kObject, &kCollectionParams}, kHnswConfig, kOptimizersConfig,
                                               kOptimizersAlias, kWalConfig, kQuantizationConfig, kQuantizationAlias, kStrictModeConfig, kMetadata, kContractMember};

constexpr Member kCreateAliasMembers[] = {{.name = "collection_name"}, {.name = "alias_name"}};
constexpr Shape kCreateAlias{Unknown::kIgnored, kCreateAliasMembers};
constexpr Member kDeleteAliasMembers[] = {{.name = "alias_name"}};
constexpr Shape kDeleteAlias{Unknown::kIgnored, kDeleteAliasMembers};
constexpr Member kRenameAliasMembers[] = {{.name = "old_alias_name"}, {.name = "new_alias_name"}};
constexpr Shape kRenameAlias{Unknown::kIgnored, kRenameAliasMembers};
constexpr Member kAliasActionMembers[] = {
    {"create_alias", kObject, &kCreateAlias, form(0)}, {"delete_alias", kObject, &kDeleteAlias, form(1)}, {"rename_alias", kObject, &kRenameAlias, form(2)}};
constexpr Shape kAliasAction{Unknown::kRefused, kAliasActionMembers};
constexpr Member kAliasesMembers[] = {{"actions", kOneOrMore, &kAliasAction}};

// The parameters of all types of payload indexes.
constexpr Member kIndexParamsMembers[] = {
    {.name = "type"}, {.name = "is_tenant"}, {.name = "is_principal"}, {.name = "lookup"}, {.name = "range"}, {.name = "enable_hnsw"}, {.name = "prefix"},
    {.name = "nested"}, {.name = "tokenizer"}, {.name = "min_token_len"}, {.name = "max_token_len"}, {.name = "lowercase"}, {.name = "ascii_folding"},
    {.name = "phrase_matching"}, {.name = "stopwords"}, {.name = "stemmer"}, {.name = "scoring"}, kOnDisk, kMemory};
constexpr Shape kIndexParams{Unknown::kIgnored, kIndexParamsMembers};
constexpr Member kCreateIndexMembers[] = {{.name = "field_name"}, {"field_schema", kObject, &kIndexParams},
                                          {.name = "field_type", .holds = kObject, .shape = &kIndexParams, .same_as_before = true}};

}  // namespace

constexpr Shape kFilter{Unknown::kRefused, kFilterMembers};
constexpr Shape kVectorForm{Unknown::kRefused, kVectorFormMembers};
constexpr Shape kPoint{Unknown::kIgnored, kPointMembers};
constexpr Shape kUpsertBody{Unknown::kIgnored, kUpsertMembers};
constexpr Shape kDeletePointsBody{Unknown::kRefused, kDeletePointsMembers};  // a selector of points and nothing else
constexpr Shape kUpdateVectorsBody{Unknown::kIgnored, kUpdateVectorsMembers};
constexpr Shape kDeleteVectorsBody{Unknown::kIgnored, kDeleteVectorsMembers};
constexpr Shape kSetPayloadBody{Unknown::kIgnored, kSetPayloadMembers};
constexpr Shape kDeletePayloadBody{Unknown::kIgnored, kDeletePayloadMembers};
constexpr Shape kBatchBody{Unknown::kIgnored, kBatchMembers};
constexpr Shape kGetBody{Unknown::kIgnored, kGetMembers};
constexpr Shape kScrollBody{Unknown::kIgnored, kScrollMembers};
constexpr Shape kCountBody{Unknown::kIgnored, kCountMembers};
constexpr Shape kQueryBody{Unknown::kIgnored, kQueryMembers};
constexpr Shape kQueryBatchBody{Unknown::kIgnored, kQueryBatchMembers};
constexpr Shape kSearchBody{Unknown::kIgnored, kSearchMembers};
constexpr Shape kSearchBatchBody{Unknown::kIgnored, kSearchBatchMembers};
constexpr Shape kCreateCollectionBody{Unknown::kIgnored, kCreateCollectionMembers};
constexpr Shape kUpdateCollectionBody{Unknown::kIgnored, kUpdateCollectionMembers};
constexpr Shape kAliasesBody{Unknown::kIgnored, kAliasesMembers};
constexpr Shape kCreateIndexBody{Unknown::kIgnored, kCreateIndexMembers};

const Member* Shape::find(std::string_view name) const {
  for (const Member& m : members) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

}  // namespace rhumb::http::rest
