#include "host/http/rest/parse/shapes.h"

namespace rhumb::http::rest {
namespace {

using enum Holds;

constexpr Forms form(unsigned n) { return Forms{1} << n; }
constexpr Member value(std::string_view name, Forms forms = kEveryForm) {
  return {.name = name, .forms = forms};
}

// Filters.
extern const Shape kCondition;

constexpr Member kMatchMembers[] = {value("value", form(0)),    value("any", form(1)),
                                    value("except", form(2)),   value("text", form(3)),
                                    value("text_any", form(4)), value("phrase", form(5)),
                                    value("prefix", form(6)),   value("substring", form(7))};
constexpr Shape kMatch{Unknown::kRefused, kMatchMembers};

constexpr Member kBoundsMembers[] = {value("lt"), value("lte"), value("gt"), value("gte")};
constexpr Shape kBounds{Unknown::kRefused, kBoundsMembers};

constexpr Member kGeoPointMembers[] = {value("lon"), value("lat")};
constexpr Shape kGeoPoint{Unknown::kRefused, kGeoPointMembers};
constexpr Member kGeoLineMembers[] = {{"points", kOneOrMore, &kGeoPoint}};
constexpr Shape kGeoLine{Unknown::kRefused, kGeoLineMembers};
constexpr Member kGeoBoxMembers[] = {{"top_left", kObject, &kGeoPoint},
                                     {"bottom_right", kObject, &kGeoPoint}};
constexpr Shape kGeoBox{Unknown::kRefused, kGeoBoxMembers};
constexpr Member kGeoRadiusMembers[] = {{"center", kObject, &kGeoPoint}, value("radius")};
constexpr Shape kGeoRadius{Unknown::kRefused, kGeoRadiusMembers};
constexpr Member kGeoPolygonMembers[] = {{"exterior", kObject, &kGeoLine},
                                         {"interiors", kOneOrMore, &kGeoLine}};
constexpr Shape kGeoPolygon{Unknown::kRefused, kGeoPolygonMembers};

constexpr Member kKeyedMembers[] = {value("key")};
constexpr Shape kKeyed{Unknown::kRefused, kKeyedMembers};
constexpr Member kNestedMembers[] = {value("key"), {"filter", kObject, &kFilter}};
constexpr Shape kNested{Unknown::kRefused, kNestedMembers};
constexpr Member kSliceMembers[] = {value("total"), value("index")};
constexpr Shape kSlice{Unknown::kRefused, kSliceMembers};

constexpr Member kMinShouldMembers[] = {{"conditions", kOneOrMore, &kCondition},
                                        value("min_count")};
constexpr Shape kMinShould{Unknown::kRefused, kMinShouldMembers};

// A condition is a key with one test, a test without a key, or a filter.
constexpr Forms kKeyMatch = form(0), kKeyRange = form(1), kKeyCount = form(2), kKeyBox = form(3),
                kKeyRadius = form(4), kKeyPolygon = form(5), kKeyEmpty = form(6),
                kKeyNull = form(7), kEmpty = form(8), kNull = form(9), kIds = form(10),
                kVector = form(11), kInside = form(12), kPart = form(13), kSubFilter = form(14);
constexpr Forms kWithKey =
    kKeyMatch | kKeyRange | kKeyCount | kKeyBox | kKeyRadius | kKeyPolygon | kKeyEmpty | kKeyNull;
constexpr Member kConditionMembers[] = {value("key", kWithKey),
                                        {"match", kObject, &kMatch, kKeyMatch},
                                        {"range", kObject, &kBounds, kKeyRange},
                                        {"values_count", kObject, &kBounds, kKeyCount},
                                        {"geo_bounding_box", kObject, &kGeoBox, kKeyBox},
                                        {"geo_radius", kObject, &kGeoRadius, kKeyRadius},
                                        {"geo_polygon", kObject, &kGeoPolygon, kKeyPolygon},
                                        {"is_empty", kObject, &kKeyed, kKeyEmpty | kEmpty},
                                        {"is_null", kObject, &kKeyed, kKeyNull | kNull},
                                        value("has_id", kIds),
                                        value("has_vector", kVector),
                                        {"nested", kObject, &kNested, kInside},
                                        {"slice", kObject, &kSlice, kPart},
                                        {"must", kOneOrMore, &kCondition, kSubFilter},
                                        {"should", kOneOrMore, &kCondition, kSubFilter},
                                        {"must_not", kOneOrMore, &kCondition, kSubFilter},
                                        {"min_should", kObject, &kMinShould, kSubFilter}};
constexpr Shape kCondition{Unknown::kRefused, kConditionMembers};
constexpr Member kFilterMembers[] = {{"must", kOneOrMore, &kCondition},
                                     {"should", kOneOrMore, &kCondition},
                                     {"must_not", kOneOrMore, &kCondition},
                                     {"min_should", kObject, &kMinShould}};

// Vectors that are objects.
constexpr Forms kBase64 = form(0), kSparse = form(1), kText = form(2), kImage = form(3),
                kInput = form(4);
constexpr Member kVectorFormMembers[] = {value("vector_b64", kBase64),
                                         value("indices", kSparse),
                                         value("values", kSparse),
                                         value("text", kText),
                                         value("image", kImage),
                                         value("object", kInput),
                                         value("model", kText | kImage | kInput),
                                         value("options", kText | kImage | kInput)};

// Queries.
constexpr Forms kNearest = form(5), kRecommend = form(6), kDiscover = form(7), kContext = form(8),
                kOrderBy = form(9), kFusion = form(10), kRrf = form(11), kFormula = form(12),
                kSample = form(13), kFeedback = form(14), kWords = form(15);
constexpr Member kQueryVariantMembers[] = {{"nearest", kObject, &kVectorForm, kNearest},
                                           value("mmr", kNearest),
                                           value("recommend", kRecommend),
                                           value("discover", kDiscover),
                                           value("context", kContext),
                                           value("order_by", kOrderBy),
                                           value("fusion", kFusion),
                                           value("rrf", kRrf),
                                           value("formula", kFormula),
                                           value("defaults", kFormula),
                                           value("sample", kSample),
                                           value("relevance_feedback", kFeedback),
                                           value("vector_b64", kBase64),
                                           value("indices", kSparse),
                                           value("values", kSparse),
                                           value("text", kText | kWords),
                                           value("image", kImage),
                                           value("object", kInput),
                                           value("model", kText | kImage | kInput),
                                           value("options", kText | kImage | kInput)};
constexpr Shape kQueryVariant{Unknown::kRefused, kQueryVariantMembers};

constexpr Member kQuantizationParamsMembers[] = {value("ignore"), value("rescore"),
                                                 value("oversampling")};
constexpr Shape kQuantizationParams{Unknown::kRefused, kQuantizationParamsMembers};
constexpr Member kAcornMembers[] = {value("enable"), value("max_selectivity")};
constexpr Shape kAcorn{Unknown::kRefused, kAcornMembers};
constexpr Member kIdfMembers[] = {{"corpus", kObject, &kFilter}};
constexpr Shape kIdf{Unknown::kRefused, kIdfMembers};
constexpr Member kParamsMembers[] = {value("hnsw_ef"),
                                     value("exact"),
                                     value("indexed_only"),
                                     value("explain"),
                                     {"quantization", kObject, &kQuantizationParams},
                                     {"acorn", kObject, &kAcorn},
                                     {"idf", kObject, &kIdf}};
constexpr Shape kParams{Unknown::kRefused, kParamsMembers};

constexpr Member kPayloadSelectorMembers[] = {value("include", form(0)), value("exclude", form(1))};
constexpr Shape kPayloadSelector{Unknown::kRefused, kPayloadSelectorMembers};
constexpr Member kLookupMembers[] = {value("collection"), value("vector"), value("shard_key")};
constexpr Shape kLookup{Unknown::kIgnored, kLookupMembers};
constexpr Member kScrollOrderMembers[] = {value("key"), value("direction"), value("start_from")};
constexpr Shape kScrollOrder{Unknown::kIgnored, kScrollOrderMembers};

// Members that many bodies share.
constexpr Member kWithPayload{"with_payload", kObject, &kPayloadSelector};
constexpr Member kWithVector = value("with_vector"),
                 kWithVectors{.name = "with_vectors", .same_as_before = true};
constexpr Member kShardKey = value("shard_key");
constexpr Member kOnlyFilter{"filter", kObject, &kFilter};
// These members select points.
constexpr Member kByIds = value("points", form(0)), kByFilter{"filter", kObject, &kFilter, form(1)};

extern const Shape kPrefetch;
constexpr Member kPrefetches{"prefetch", kOneOrMore, &kPrefetch},
    kQueryMember{"query", kObject, &kQueryVariant}, kParamsMember{"params", kObject, &kParams},
    kLookupFrom{"lookup_from", kObject, &kLookup};
constexpr Member kLimit = value("limit"), kTop{.name = "top", .same_as_before = true},
                 kUsing = value("using"), kThreshold = value("score_threshold");
constexpr Member kPrefetchMembers[] = {kPrefetches,   kQueryMember, kUsing, kOnlyFilter,
                                       kParamsMember, kThreshold,   kLimit, kLookupFrom};
constexpr Shape kPrefetch{Unknown::kIgnored, kPrefetchMembers};
constexpr Member kQueryMembers[] = {kPrefetches,   kQueryMember,    kUsing,       kOnlyFilter,
                                    kParamsMember, kThreshold,      kLimit,       kTop,
                                    kLookupFrom,   value("offset"), kWithPayload, kWithVector,
                                    kWithVectors,  kShardKey};
constexpr Member kQueryBatchMembers[] = {{"searches", kOneOrMore, &kQueryBody}};

// points/search before version 1.19: the vector may be named.
constexpr Forms kNamed = form(5);
constexpr Member kSearchVectorMembers[] = {value("name", kNamed),
                                           {"vector", kObject, &kVectorForm, kNamed},
                                           value("vector_b64", kBase64),
                                           value("indices", kSparse),
                                           value("values", kSparse)};
constexpr Shape kSearchVector{Unknown::kRefused, kSearchVectorMembers};
constexpr Member kSearchMembers[] = {{"vector", kObject, &kSearchVector},
                                     kOnlyFilter,
                                     kParamsMember,
                                     kThreshold,
                                     kLimit,
                                     kTop,
                                     kLookupFrom,
                                     value("offset"),
                                     kWithPayload,
                                     kWithVector,
                                     kWithVectors,
                                     kShardKey};
constexpr Member kSearchBatchMembers[] = {{"searches", kOneOrMore, &kSearchBody}};

// Reads.
constexpr Member kGetMembers[] = {value("ids"), kWithPayload, kWithVector, kWithVectors, kShardKey};
constexpr Member kScrollMembers[] = {kOnlyFilter,
                                     kLimit,
                                     value("offset"),
                                     kWithPayload,
                                     kWithVector,
                                     kWithVectors,
                                     {"order_by", kObject, &kScrollOrder},
                                     kShardKey};
constexpr Member kCountMembers[] = {kOnlyFilter, value("exact"), kShardKey};

// Writes. A point may have its vector as base64, which is an extension of ours.
constexpr Member kPointMembers[] = {value("id"), value("vector", form(0)),
                                    value("vector_b64", form(1)), value("payload")};
constexpr Member kPointVectorsMembers[] = {value("id"), value("vector", form(0)),
                                           value("vector_b64", form(1))};
constexpr Shape kPointVectors{Unknown::kIgnored, kPointVectorsMembers};
constexpr Member kColumnsMembers[] = {value("ids"), value("vectors"), value("payloads"), kShardKey};
constexpr Shape kColumns{Unknown::kIgnored, kColumnsMembers};
constexpr Member kUpdateFilter{"update_filter", kObject, &kFilter};
constexpr Member kUpsertMembers[] = {{"points", kOneOrMore, &kPoint, form(0)},
                                     {"batch", kObject, &kColumns, form(1)},
                                     kUpdateFilter,
                                     value("update_mode"),
                                     kShardKey};
constexpr Member kUpdateVectorsMembers[] = {
    {"points", kOneOrMore, &kPointVectors}, kUpdateFilter, kShardKey};
constexpr Member kDeletePointsMembers[] = {kByIds, kByFilter, kShardKey};
constexpr Member kDeleteVectorsMembers[] = {
    kByIds, kByFilter, value("vector"), {.name = "vectors", .same_as_before = true}, kShardKey};
constexpr Member kSetPayloadMembers[] = {kByIds, kByFilter, value("payload"), value("key"),
                                         kShardKey};
constexpr Member kDeletePayloadMembers[] = {kByIds, kByFilter, value("keys"), kShardKey};
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
constexpr Member kMemory = value("memory"), kOnDisk = value("on_disk");
constexpr Member kStorageMembers[] = {kMemory};
constexpr Shape kStorage{Unknown::kIgnored, kStorageMembers};
constexpr Member kHnswMembers[] = {value("m"),
                                   value("ef_construct"),
                                   value("full_scan_threshold"),
                                   value("max_indexing_threads"),
                                   value("payload_m"),
                                   value("inline_storage"),
                                   kOnDisk,
                                   kMemory};
constexpr Shape kHnsw{Unknown::kIgnored, kHnswMembers};

constexpr Member kAlwaysRam = value("always_ram");
constexpr Member kScalarMembers[] = {value("type"), value("quantile"), kAlwaysRam, kMemory};
constexpr Shape kScalar{Unknown::kIgnored, kScalarMembers};
constexpr Member kProductMembers[] = {value("compression"), kAlwaysRam, kMemory};
constexpr Shape kProduct{Unknown::kIgnored, kProductMembers};
constexpr Member kBinaryMembers[] = {value("encoding"), value("query_encoding"), kAlwaysRam,
                                     kMemory};
constexpr Shape kBinary{Unknown::kIgnored, kBinaryMembers};
constexpr Member kTurboMembers[] = {value("bits"), kAlwaysRam, kMemory};
constexpr Shape kTurbo{Unknown::kIgnored, kTurboMembers};
constexpr Member kQuantizationMembers[] = {{"scalar", kObject, &kScalar, form(0)},
                                           {"product", kObject, &kProduct, form(1)},
                                           {"binary", kObject, &kBinary, form(2)},
                                           {"turbo", kObject, &kTurbo, form(3)}};
constexpr Shape kQuantization{Unknown::kRefused, kQuantizationMembers};
constexpr Member kQuantizationConfig{"quantization_config", kObject, &kQuantization},
    kQuantizationAlias{
        .name = "quantization", .holds = kObject, .shape = &kQuantization, .same_as_before = true};

constexpr Member kMultivectorMembers[] = {value("comparator")};
constexpr Shape kMultivector{Unknown::kIgnored, kMultivectorMembers};
constexpr Member kHnswConfig{"hnsw_config", kObject, &kHnsw};
constexpr Member kVectorParamsMembers[] = {value("size"),
                                           value("distance"),
                                           value("datatype"),
                                           {"multivector_config", kObject, &kMultivector},
                                           kHnswConfig,
                                           kQuantizationConfig,
                                           kQuantizationAlias,
                                           kOnDisk,
                                           kMemory};
constexpr Shape kVectorParams{Unknown::kIgnored, kVectorParamsMembers};
constexpr Member kVectorDiffMembers[] = {kHnswConfig, kQuantizationConfig, kQuantizationAlias,
                                         kOnDisk, kMemory};
constexpr Shape kVectorDiff{Unknown::kIgnored, kVectorDiffMembers};
constexpr Member kSparseIndexMembers[] = {value("full_scan_threshold"), value("datatype"), kOnDisk,
                                          kMemory};
constexpr Shape kSparseIndex{Unknown::kIgnored, kSparseIndexMembers};
constexpr Member kSparseMembers[] = {{"index", kObject, &kSparseIndex}, value("modifier")};
constexpr Shape kSparseParams{Unknown::kIgnored, kSparseMembers};

constexpr Member kOptimizersMembers[] = {
    value("deleted_threshold"),  value("vacuum_min_vector_number"), value("default_segment_number"),
    value("max_segment_size"),   value("memmap_threshold"),         value("indexing_threshold"),
    value("flush_interval_sec"), value("max_optimization_threads"), value("prevent_unoptimized")};
constexpr Shape kOptimizers{Unknown::kIgnored, kOptimizersMembers};
constexpr Member kWalMembers[] = {value("wal_capacity_mb"), value("wal_segments_ahead"),
                                  value("wal_retain_closed")};
constexpr Shape kWal{Unknown::kIgnored, kWalMembers};
constexpr Member kStrictModeMembers[] = {value("enabled"),
                                         value("max_query_limit"),
                                         value("max_timeout"),
                                         value("unindexed_filtering_retrieve"),
                                         value("unindexed_filtering_update"),
                                         value("search_max_hnsw_ef"),
                                         value("search_allow_exact"),
                                         value("search_max_oversampling"),
                                         value("upsert_max_batchsize"),
                                         value("search_max_batchsize"),
                                         value("max_collection_vector_size_bytes"),
                                         value("read_rate_limit"),
                                         value("write_rate_limit"),
                                         value("max_collection_payload_size_bytes"),
                                         value("max_points_count"),
                                         value("filter_max_conditions"),
                                         value("condition_max_size"),
                                         value("multivector_config"),
                                         value("sparse_config"),
                                         value("max_payload_index_count"),
                                         value("max_resident_memory_percent")};
constexpr Shape kStrictMode{Unknown::kIgnored, kStrictModeMembers};
constexpr Member kContractMembers[] = {value("recall"), value("p99_ms"), value("consistency")};
constexpr Shape kContract{Unknown::kRefused, kContractMembers};

constexpr Member kReplication = value("replication_factor"),
                 kWriteConsistency = value("write_consistency_factor"),
                 kOnDiskPayload = value("on_disk_payload"),
                 kPayloadStorage{"payload", kObject, &kStorage},
                 kIdTracker{"id_tracker", kObject, &kStorage},
                 kOptimizersConfig{"optimizers_config", kObject, &kOptimizers},
                 kOptimizersAlias{.name = "optimizer_config",
                                  .holds = kObject,
                                  .shape = &kOptimizers,
                                  .same_as_before = true},
                 kWalConfig{"wal_config", kObject, &kWal},
                 kStrictModeConfig{"strict_mode_config", kObject, &kStrictMode},
                 kMetadata = value("metadata"), kContractMember{"contract", kObject, &kContract},
                 kSparseVectors{"sparse_vectors", kMap, &kSparseParams};
constexpr Member kCreateCollectionMembers[] = {{"vectors", kOneOrNamed, &kVectorParams},
                                               kSparseVectors,
                                               value("shard_number"),
                                               value("sharding_method"),
                                               kReplication,
                                               kWriteConsistency,
                                               kOnDiskPayload,
                                               kPayloadStorage,
                                               kIdTracker,
                                               kHnswConfig,
                                               kOptimizersConfig,
                                               kOptimizersAlias,
                                               kWalConfig,
                                               kQuantizationConfig,
                                               kQuantizationAlias,
                                               kStrictModeConfig,
                                               kMetadata,
                                               kContractMember};
constexpr Member kCollectionParamsMembers[] = {kReplication,
                                               kWriteConsistency,
                                               value("read_fan_out_factor"),
                                               value("read_fan_out_delay_ms"),
                                               kOnDiskPayload,
                                               kPayloadStorage,
                                               kIdTracker};
constexpr Shape kCollectionParams{Unknown::kIgnored, kCollectionParamsMembers};
constexpr Member kUpdateCollectionMembers[] = {{"vectors", kMap, &kVectorDiff},
                                               kSparseVectors,
                                               {"params", kObject, &kCollectionParams},
                                               kHnswConfig,
                                               kOptimizersConfig,
                                               kOptimizersAlias,
                                               kWalConfig,
                                               kQuantizationConfig,
                                               kQuantizationAlias,
                                               kStrictModeConfig,
                                               kMetadata,
                                               kContractMember};

constexpr Member kCreateAliasMembers[] = {value("collection_name"), value("alias_name")};
constexpr Shape kCreateAlias{Unknown::kIgnored, kCreateAliasMembers};
constexpr Member kDeleteAliasMembers[] = {value("alias_name")};
constexpr Shape kDeleteAlias{Unknown::kIgnored, kDeleteAliasMembers};
constexpr Member kRenameAliasMembers[] = {value("old_alias_name"), value("new_alias_name")};
constexpr Shape kRenameAlias{Unknown::kIgnored, kRenameAliasMembers};
constexpr Member kAliasActionMembers[] = {{"create_alias", kObject, &kCreateAlias, form(0)},
                                          {"delete_alias", kObject, &kDeleteAlias, form(1)},
                                          {"rename_alias", kObject, &kRenameAlias, form(2)}};
constexpr Shape kAliasAction{Unknown::kRefused, kAliasActionMembers};
constexpr Member kAliasesMembers[] = {{"actions", kOneOrMore, &kAliasAction}};
constexpr Member kBranchMembers[] = {value("name")};
constexpr Member kRecoverMembers[] = {value("location"), value("priority"), value("checksum"),
                                      value("api_key")};

// The parameters of all types of payload indexes.
constexpr Member kIndexParamsMembers[] = {value("type"),
                                          value("is_tenant"),
                                          value("is_principal"),
                                          value("lookup"),
                                          value("range"),
                                          value("enable_hnsw"),
                                          value("prefix"),
                                          value("nested"),
                                          value("tokenizer"),
                                          value("min_token_len"),
                                          value("max_token_len"),
                                          value("lowercase"),
                                          value("ascii_folding"),
                                          value("phrase_matching"),
                                          value("stopwords"),
                                          value("stemmer"),
                                          value("scoring"),
                                          kOnDisk,
                                          kMemory};
constexpr Shape kIndexParams{Unknown::kIgnored, kIndexParamsMembers};
constexpr Member kCreateIndexMembers[] = {
    value("field_name"),
    {"field_schema", kObject, &kIndexParams},
    {.name = "field_type", .holds = kObject, .shape = &kIndexParams, .same_as_before = true}};

}  // namespace

constexpr Shape kFilter{Unknown::kRefused, kFilterMembers};
constexpr Shape kVectorForm{Unknown::kRefused, kVectorFormMembers};
constexpr Shape kPoint{Unknown::kIgnored, kPointMembers};
constexpr Shape kUpsertBody{Unknown::kIgnored, kUpsertMembers};
// A selector of points and nothing else.
constexpr Shape kDeletePointsBody{Unknown::kRefused, kDeletePointsMembers};
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
constexpr Shape kBranchBody{Unknown::kRefused, kBranchMembers};
constexpr Shape kRecoverBody{Unknown::kIgnored, kRecoverMembers};
constexpr Shape kAliasesBody{Unknown::kIgnored, kAliasesMembers};
constexpr Shape kCreateIndexBody{Unknown::kIgnored, kCreateIndexMembers};

const Member* Shape::find(std::string_view name) const {
  for (const Member& m : members) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

}  // namespace rhumb::http::rest
