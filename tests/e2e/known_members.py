"""The places in a request body where an object of the official client's models occurs."""

from bad_requests import ALIASES, GOOD, INDEX, P

QUERIES = """
    NearestQuery RecommendQuery DiscoverQuery ContextQuery OrderByQuery FusionQuery RrfQuery
    FormulaQuery SampleQuery RelevanceFeedbackQuery SparseVector Document Image InferenceObject
""".split()
CONDITIONS = """
    FieldCondition IsEmptyCondition IsNullCondition HasIdCondition HasVectorCondition
    NestedCondition Filter SliceCondition
""".split()
MATCHES = """
    MatchValue MatchAny MatchExcept MatchText MatchTextAny MatchPhrase MatchPrefix
    MatchSubstring
""".split()


def query(**options):
    return ("POST", P + "/query", {"query": GOOD, **options})


def alias_action(o):
    return ("POST", ALIASES, {"actions": [o]})


def condition(o):
    return ("POST", P + "/count", {"filter": {"must": [o]}})


def created(o):
    return ("PUT", "/collections/known", {"vectors": {"size": 4, "distance": "Dot"}, **o})


KNOWN = {
    "QueryRequest": lambda o: ("POST", P + "/query", o),
    "Prefetch": lambda o: ("POST", P + "/query", {"prefetch": [o]}),
    "SearchParams": lambda o: query(params=o),
    "QuantizationSearchParams": lambda o: query(params={"quantization": o}),
    "AcornSearchParams": lambda o: query(params={"acorn": o}),
    "LookupLocation": lambda o: query(lookup_from=o),
    **{q: lambda o: ("POST", P + "/query", {"query": o}) for q in QUERIES},
    "ScrollRequest": lambda o: ("POST", P + "/scroll", o),
    "CountRequest": lambda o: ("POST", P + "/count", o),
    "PointRequest": lambda o: ("POST", P, o),
    "OrderBy": lambda o: ("POST", P + "/scroll", {"order_by": o}),
    "PayloadSelectorInclude": lambda o: ("POST", P + "/scroll", {"with_payload": o}),
    "PayloadSelectorExclude": lambda o: ("POST", P + "/scroll", {"with_payload": o}),
    "PointsList": lambda o: ("PUT", P, o),
    "PointsBatch": lambda o: ("PUT", P, o),
    "Batch": lambda o: ("PUT", P, {"batch": o}),
    "PointStruct": lambda o: ("PUT", P, {"points": [o]}),
    "PointVectors": lambda o: ("PUT", P + "/vectors", {"points": [o]}),
    "UpdateVectors": lambda o: ("PUT", P + "/vectors", o),
    "DeleteVectors": lambda o: ("POST", P + "/vectors/delete", o),
    "SetPayload": lambda o: ("POST", P + "/payload", o),
    "DeletePayload": lambda o: ("POST", P + "/payload/delete", o),
    "FilterSelector": lambda o: ("POST", P + "/delete", o),
    "PointIdsList": lambda o: ("POST", P + "/payload/clear", o),
    "Filter": lambda o: ("POST", P + "/count", {"filter": o}),
    "MinShould": lambda o: ("POST", P + "/count", {"filter": {"min_should": o}}),
    **{c: condition for c in CONDITIONS},
    "Nested": lambda o: condition({"nested": o}),
    "PayloadField": lambda o: condition({"is_empty": o}),
    "Slice": lambda o: condition({"slice": o}),
    **{m: lambda o: condition({"key": "n", "match": o}) for m in MATCHES},
    "Range": lambda o: condition({"key": "n", "range": o}),
    "DatetimeRange": lambda o: condition({"key": "n", "range": o}),
    "ValuesCount": lambda o: condition({"key": "n", "values_count": o}),
    "GeoRadius": lambda o: condition({"key": "n", "geo_radius": o}),
    "GeoBoundingBox": lambda o: condition({"key": "n", "geo_bounding_box": o}),
    "GeoPolygon": lambda o: condition({"key": "n", "geo_polygon": o}),
    "GeoLineString": lambda o: condition({"key": "n", "geo_polygon": {"exterior": o}}),
    "GeoPoint": lambda o: condition({"key": "n", "geo_radius": {"center": o}}),
    "CreateCollection": created,
    "UpdateCollection": lambda o: ("PATCH", "/collections/bad", o),
    "CollectionParamsDiff": lambda o: ("PATCH", "/collections/bad", {"params": o}),
    "VectorParamsDiff": lambda o: ("PATCH", "/collections/bad", {"vectors": {"": o}}),
    "VectorParams": lambda o: ("PUT", "/collections/known", {"vectors": {"a": o}}),
    "SparseVectorParams": lambda o: created({"sparse_vectors": {"s": o}}),
    "SparseIndexParams": lambda o: created({"sparse_vectors": {"s": {"index": o}}}),
    "HnswConfigDiff": lambda o: created({"hnsw_config": o}),
    "OptimizersConfigDiff": lambda o: created({"optimizers_config": o}),
    "WalConfigDiff": lambda o: created({"wal_config": o}),
    "StrictModeConfig": lambda o: created({"strict_mode_config": o}),
    "PayloadStorageParams": lambda o: created({"payload": o}),
    "IdTrackerParams": lambda o: created({"id_tracker": o}),
    **{
        k + "Quantization": lambda o: created({"quantization_config": o})
        for k in "Scalar Product Binary Turbo".split()
    },
    **{
        k + "QuantizationConfig": lambda o, k=k: created({"quantization_config": {k.lower(): o}})
        for k in "Scalar Product Binary".split()
    },
    "TurboQuantQuantizationConfig": lambda o: created({"quantization_config": {"turbo": o}}),
    "MultiVectorConfig": lambda o: created(
        {"vectors": {"size": 4, "distance": "Dot", "multivector_config": o}}
    ),
    "CreateFieldIndex": lambda o: ("PUT", INDEX, o),
    **{
        t + "IndexParams": lambda o: ("PUT", INDEX, {"field_name": "x", "field_schema": o})
        for t in "Keyword Integer Float Bool Datetime Uuid Text Geo".split()
    },
    "ChangeAliasesOperation": lambda o: ("POST", ALIASES, o),
    "CreateAlias": lambda o: alias_action({"create_alias": o}),
    "DeleteAlias": lambda o: alias_action({"delete_alias": o}),
    "RenameAlias": lambda o: alias_action({"rename_alias": o}),
}
