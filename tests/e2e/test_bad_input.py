"""Bad input of every kind is a clear 4xx that names field, value and limit, and changes nothing."""
import json

import pytest

GOOD = [0.5, 0.5, 0.5, 0.5]
P = "/collections/bad/points"


@pytest.fixture(scope="module")
def bad(server):
    server.ok(
        "PUT", "/collections/bad", {"vectors": {"size": 4, "distance": "Cosine"}, "shard_number": 2}
    )
    server.ok(
        "PUT", "/collections/bad/index?wait=true", {"field_name": "n", "field_schema": "integer"}
    )
    server.ok(
        "PUT",
        P + "?wait=true",
        {"points": [{"id": i, "vector": [1, i, 0, 0], "payload": {"n": i}} for i in range(20)]},
    )
    yield server
    server.ok("DELETE", "/collections/bad")


def point(**changes):
    p = {"id": 1, "vector": GOOD, "payload": {"n": 1}}
    p.update(changes)
    return {"points": [{"id": 2, "vector": GOOD}, {k: v for k, v in p.items() if v is not ...}]}


def filtered(*conditions):
    return {"filter": {"must": list(conditions)}}


def deep(n):
    return '{"filter":' + '{"must":[' * n + '{"key":"n","match":{"value":1}}' + "]}" * n + "}"


PREFIXES = (
    "Wrong input: ",
    "Format error in JSON body: ",
    "Validation error in JSON body: ",
    "Deserialize error in query parameters: ",
    "Not found: ",
    "Not implemented: ",
    "Bad request: ",
)

# method, path, body, words that the error must contain
CASES = [
    ("PUT", P, "{", ["JSON"]),
    ("PUT", P, "", ["JSON"]),
    ("PUT", P, "[]", ["object"]),
    ("PUT", P, '{"points": [{"id": 1, "vector": [1,2,3,NaN]}]}', ["JSON"]),
    ("PUT", P, '{"points": [{"id": 1, "vector": [1,2,3,1e999]}]}', ["JSON"]),
    ("PUT", P, '{"points": [{"id": 1, "vector": [1,2,3,1e39]}]}', ["points[0].vector", "float32"]),
    (
        "PUT",
        P,
        '{"points": [{"id": 1, "vector": [1,2,3,4], "payload": {"n": 18446744073709551616}}]}',
        ["JSON"],
    ),
    (
        "PUT",
        P,
        b'{"points": [{"id": 1, "vector": [1,2,3,4], "payload": {"s": "\xff\xfe"}}]}',
        ["JSON"],
    ),
    ("PUT", P, "[" * 200000, ["JSON"]),
    (
        "PUT",
        P,
        '{"points": [{"id": 1, "vector": [1,2,3,4], "payload": '
        + '{"a":' * 200
        + "1"
        + "}" * 200
        + "}]}",
        ["128"],
    ),
    ("PUT", P, {}, ["points"]),
    ("PUT", P, {"points": 7}, ["points", "array"]),
    ("PUT", P, {"points": [7]}, ["points[0]", "object"]),
    ("PUT", P, point(id=...), ["points[1]", "id"]),
    ("PUT", P, point(id=-1), ["points[1].id"]),
    ("PUT", P, point(id=1.5), ["points[1].id"]),
    ("PUT", P, point(id="17"), ["points[1].id", "17"]),
    ("PUT", P, point(id=""), ["points[1].id", "256"]),
    ("PUT", P, point(id="x" * 257), ["points[1].id", "256", "257"]),
    ("PUT", P, point(id=[1]), ["points[1].id", "array"]),
    ("PUT", P, point(vector=...), ["points[1]", "vector"]),
    ("PUT", P, point(vector=[]), ["expected dim: 4, got 0", "points[1].vector"]),
    ("PUT", P, point(vector=[1, 2, 3]), ["expected dim: 4, got 3", "points[1].vector"]),
    ("PUT", P, point(vector=[1, 2, 3, 4, 5]), ["expected dim: 4, got 5"]),
    ("PUT", P, point(vector=[1, 2, "x", 4]), ["points[1].vector[2]", "string"]),
    ("PUT", P, point(vector=[1, 2, None, 4]), ["points[1].vector[2]", "null"]),
    ("PUT", P, point(vector="x"), ["points[1].vector"]),
    ("PUT", P, point(vector={"other": GOOD}), ["Not existing vector name error: other"]),
    ("PUT", P, point(vector={"vector_b64": "@@"}), ["points[1].vector.vector_b64", "base64"]),
    ("PUT", P, point(vector={"vector_b64": "AAAA"}), ["points[1].vector.vector_b64"]),
    ("PUT", P, point(payload=[1]), ["points[1].payload", "object"]),
    ("PUT", P, point(payload={"x": "y" * 5_000_000}), ["points[1].payload", "4194304"]),
    (
        "PUT",
        P,
        {"points": [{"id": 1, "vector": GOOD}], "update_mode": "sometimes"},
        ["update_mode", "sometimes"],
    ),
    ("PUT", P, {"batch": {"ids": [1, 2], "vectors": [GOOD]}}, ["batch.vectors", "1", "2"]),
    (
        "PUT",
        P,
        {"batch": {"ids": [1], "vectors": [GOOD], "payloads": [{}, {}]}},
        ["batch.payloads"],
    ),
    ("PUT", P + "?wait=maybe", point(), ["wait", "maybe"]),
    ("PUT", P + "?ordering=total", point(), ["ordering", "total"]),
    ("PUT", P + "?timeout=0", point(), ["timeout", "0"]),
    ("PUT", P + "?timeout=x", point(), ["timeout", "x"]),
    ("POST", P + "/delete", {}, ["points", "filter"]),
    ("POST", P + "/delete", {"points": [-5]}, ["points[0]"]),
    (
        "POST",
        P + "/delete",
        {"filter": {"must": [{"key": "n", "match": {"value": 1.5}}]}},
        ["filter.must[0].match.value"],
    ),
    ("POST", P + "/delete", {"filter": {"musst": []}}, ["filter", "musst"]),
    ("POST", P + "/payload", {"points": [1]}, ["payload"]),
    ("POST", P + "/payload", {"payload": {"a": 1}}, ["points", "filter"]),
    ("POST", P + "/payload", {"payload": {"a": 1}, "points": [1], "key": "a..b"}, ["key", "a..b"]),
    ("POST", P + "/payload/delete", {"points": [1]}, ["keys"]),
    ("POST", P + "/payload/delete", {"keys": ["a["], "points": [1]}, ["keys[0]"]),
    ("PUT", P + "/vectors", {"points": [{"id": 1}]}, ["points[0]", "vector"]),
    ("POST", P + "/vectors/delete", {"points": [1], "vector": ["nope"]}, ["nope"]),
    ("POST", P + "/vectors/delete", {"points": [1], "vector": []}, ["vector"]),
    (
        "POST",
        P + "/batch",
        {"operations": [{"delete": {"points": [0]}}, {"upsert": point(vector=[1])}]},
        ["operations[1].upsert.points[1].vector"],
    ),
    ("POST", P + "/batch", {"operations": [{"explode": {}}]}, ["operations[0]", "explode"]),
    ("POST", P + "/batch", {}, ["operations"]),
    ("POST", P, {}, ["ids"]),
    ("POST", P + "/scroll", {"limit": 0}, ["limit", "0"]),
    ("POST", P + "/scroll", {"limit": 1.5}, ["limit"]),
    ("POST", P + "/scroll", {"offset": {"x": 1}}, ["offset"]),
    ("POST", P + "/scroll", {"with_payload": {"includes": []}}, ["with_payload", "includes"]),
    ("POST", P + "/scroll", {"with_vector": 7}, ["with_vector"]),
    (
        "POST",
        P + "/count",
        filtered({"key": "n", "range": {"lt": "soon"}}),
        ["filter.must[0].range.lt", "soon"],
    ),
    (
        "POST",
        P + "/count",
        filtered({"key": "n", "range": {"lt": 1, "gt": "2024-01-01"}}),
        ["filter.must[0].range"],
    ),
    ("POST", P + "/count", filtered({"key": "n"}), ["filter.must[0]"]),
    ("POST", P + "/count", filtered({"key": "n", "matches": {"value": 1}}), ["matches"]),
    ("POST", P + "/count", filtered({"key": "n", "match": {}}), ["filter.must[0].match"]),
    (
        "POST",
        P + "/count",
        filtered({"key": "n", "match": {"any": [1, "a"]}}),
        ["filter.must[0].match.any[1]"],
    ),
    (
        "POST",
        P + "/count",
        filtered({"key": "a..b", "match": {"value": 1}}),
        ["filter.must[0].key"],
    ),
    ("POST", P + "/count", filtered({"has_id": [-3]}), ["filter.must[0].has_id[0]"]),
    ("POST", P + "/count", filtered({"nested": {"key": "a"}}), ["filter.must[0].nested"]),
    ("POST", P + "/count", {"filter": {"min_should": {"conditions": []}}}, ["min_should"]),
    ("POST", P + "/count", filtered({"key": "t", "values_count": {"gt": -1}}), ["values_count.gt"]),
    ("POST", P + "/count", deep(40), ["32"]),
    ("POST", P + "/count", deep(2000), ["128"]),
    (
        "POST",
        P + "/count",
        {"filter": {"must": [{"key": "n", "match": {"value": i}} for i in range(5000)]}},
        ["4096"],
    ),
    ("POST", P + "/count", filtered({"key": "n", "match": {"any": list(range(70000))}}), ["65536"]),
    ("POST", P + "/query", {"query": [1, 2]}, ["expected dim: 4, got 2"]),
    ("POST", P + "/query", {"query": GOOD, "limit": -1}, ["limit"]),
    ("POST", P + "/query", {"query": GOOD, "offset": -1}, ["offset"]),
    (
        "POST",
        P + "/query",
        {"query": GOOD, "params": {"hnsw_ef": 1_000_000_000}},
        ["params.hnsw_ef", "1000000000"],
    ),
    ("POST", P + "/query", {"query": GOOD, "params": {"hnsw_ef": 0}}, ["params.hnsw_ef"]),
    ("POST", P + "/query", {"query": GOOD, "params": {"exact": "yes"}}, ["params.exact"]),
    (
        "POST",
        P + "/query",
        {"query": GOOD, "params": {"quantization": {"oversampling": 0.5}}},
        ["params.quantization.oversampling"],
    ),
    (
        "POST",
        P + "/query",
        {"query": GOOD, "using": "nope"},
        ["Not existing vector name error: nope"],
    ),
    ("POST", P + "/query", {"query": GOOD, "score_threshold": "high"}, ["score_threshold"]),
    ("POST", P + "/query", {"score_threshold": 0.5}, ["score_threshold"]),
    ("POST", P + "/query", {"prefetch": [{"query": GOOD}]}, ["prefetch"]),
    ("POST", P + "/query", {"query": 99999}, ["99999"]),
    ("POST", P + "/query?consistency=sometimes", {"query": GOOD}, ["consistency", "sometimes"]),
    ("POST", P + "/query?consistency=0", {"query": GOOD}, ["consistency"]),
    ("POST", P + "/query/batch", {"searches": [{"query": GOOD}] * 2000}, ["searches", "1024"]),
    (
        "POST",
        P + "/query/batch",
        {"searches": [{"query": GOOD}, {"query": [1]}]},
        ["searches[1].query", "got 1"],
    ),
    ("POST", P + "/search", {"limit": 3}, ["vector"]),
    ("GET", P + "/" + "x" * 300, None, ["256"]),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 0, "distance": "Dot"}},
        ["vectors.size", "0", "65536"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 65537, "distance": "Dot"}},
        ["vectors.size", "65537", "65536"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 4, "distance": "Far"}},
        ["vectors.distance", "Far"],
    ),
    ("PUT", "/collections/new", {"vectors": {"size": 4}}, ["distance"]),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"a": {"size": 4, "distance": "Dot", "datatype": "float64"}}},
        ["vectors.a.datatype", "float64"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {f"v{i}": {"size": 4, "distance": "Dot"} for i in range(65)}},
        ["vectors", "65", "64"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 4, "distance": "Dot"}, "shard_number": 0},
        ["shard_number", "0"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 4, "distance": "Dot"}, "shard_number": 100000},
        ["shard_number", "256"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 4, "distance": "Dot"}, "hnsw_config": {"ef_construct": 3}},
        ["hnsw_config.ef_construct", "3", "4"],
    ),
    (
        "PUT",
        "/collections/new",
        {
            "vectors": {"size": 4, "distance": "Dot"},
            "optimizers_config": {"vacuum_min_vector_number": 5},
        },
        ["optimizers_config.vacuum_min_vector_number", "100"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 4, "distance": "Dot"}, "quantization_config": {"cubic": {}}},
        ["quantization_config", "cubic"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 4, "distance": "Dot"}, "metadata": {"x": "y" * 70000}},
        ["metadata", "65536"],
    ),
    (
        "PUT",
        "/collections/" + "n" * 256,
        {"vectors": {"size": 4, "distance": "Dot"}},
        ["collection_name", "255"],
    ),
    ("PUT", "/collections/a%2Fb", {"vectors": {"size": 4, "distance": "Dot"}}, ["collection_name"]),
    (
        "PUT",
        "/collections/%2e%2e",
        {"vectors": {"size": 4, "distance": "Dot"}},
        ["collection_name"],
    ),
    ("PUT", "/collections/a%00b", {"vectors": {"size": 4, "distance": "Dot"}}, ["collection_name"]),
    ("PATCH", "/collections/bad", {"vectors": {"nope": {}}}, ["nope"]),
    (
        "PUT",
        "/collections/bad/index",
        {"field_name": "x", "field_schema": "colour"},
        ["field_schema", "colour"],
    ),
    ("PUT", "/collections/bad/index", {"field_schema": "keyword"}, ["field_name"]),
    (
        "PUT",
        "/collections/bad/index",
        {"field_name": "a..b", "field_schema": "keyword"},
        ["field_name"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 4, "distance": "Dot"}, "contract": {"recall": 0.95, "latency": 5}},
        ["contract", "latency"],
    ),
    (
        "PUT",
        "/collections/new",
        '{"vectors": {"size": 4, "distance": "Dot"}, "shard_number": 1, "shard_number": 2}',
        ["shard_number"],
    ),
    (
        "POST",
        "/collections/aliases",
        {"actions": [{"create_alias": {"alias_name": "x"}}]},
        ["actions[0]", "collection_name"],
    ),
    (
        "POST",
        "/collections/aliases",
        {"actions": [{"create_alias": {"collection_name": "none", "alias_name": "x"}}]},
        ["none"],
    ),
    (
        "POST",
        "/collections/aliases",
        {
            "actions": [
                {"create_alias": {"collection_name": "bad", "alias_name": "y"}},
                {"delete_alias": {"alias_name": "none"}},
            ]
        },
        ["none"],
    ),
]

# A filter that is not read completely answers another question, or changes other points. Each way
# to a filter is tested.
TYPOS = [
    ({"key": "n", "range": {"over": 3}}, "over"),
    ({"key": "n", "range": {"gte": 3, "less": 5}}, "less"),
    ({"key": "n", "values_count": {"exactly": 1}}, "exactly"),
    ({"key": "n", "match": {"value": 3, "except": [3]}}, "except"),
    ({"key": "n", "match": {"value": 3}, "values_count": {"gt": 0}}, "values_count"),
    ({"has_id": [1], "must": [{"has_id": [2]}]}, "must"),
    ({"is_empty": {"key": "n"}, "has_id": [1]}, "has_id"),
    ({"is_null": {"key": "n", "value": True}}, "value"),
    ({"nested": {"key": "n", "filter": {}, "must": []}}, "must"),
    ({"min_should": {"conditions": [], "min_count": 0, "min": 3}}, "min"),
    ({"range": {"gte": 3}}, "range"),
    ({"must": [{"should": {"key": "n", "rang": {"gte": 3}}}]}, "rang"),
    ({"key": "n", "geo_radius": {"centre": {}, "radius": 1}}, "centre"),
    ({"has_id": None}, "has_id"),
    ({"key": None, "match": {"value": 1}}, "key"),
    ({"nested": None}, "nested"),
]
for typo, word in TYPOS:
    f = filtered(typo)["filter"]
    CASES += [
        ("POST", P + route, {"filter": f}, [word])
        for route in ("/delete", "/payload/clear", "/scroll", "/count")
    ]
    CASES += [
        ("POST", P + "/payload", {"filter": f, "payload": {"x": 1}}, [word]),
        ("PUT", P + "/payload", {"filter": f, "payload": {}}, [word]),
        ("POST", P + "/payload/delete", {"filter": f, "keys": ["n"]}, [word]),
        ("POST", P + "/vectors/delete", {"filter": f, "vector": [""]}, [word]),
        ("PUT", P, {"points": [{"id": 1, "vector": GOOD}], "update_filter": f}, [word]),
        (
            "POST",
            P + "/batch",
            {"operations": [{"clear_payload": {"points": [3]}}, {"delete": {"filter": f}}]},
            ["operations[1].delete.filter", word],
        ),
        ("POST", P + "/query", {"query": GOOD, "filter": f}, [word]),
        ("POST", P + "/query", {"filter": f}, [word]),
        (
            "POST",
            P + "/query/batch",
            {"searches": [{"query": GOOD}, {"query": GOOD, "filter": f}]},
            ["searches[1].filter", word],
        ),
        ("POST", P + "/search", {"vector": GOOD, "filter": f}, [word]),
        ("POST", P + "/search/batch", {"searches": [{"vector": GOOD, "filter": f}]}, [word]),
    ]
CASES += [
    ("POST", P + "/delete", {"points": [1], "filter": {}}, ["points", "filter"]),
    ("POST", P + "/payload/clear", {"filter": {}, "points": [1]}, ["points", "filter"]),
    ("POST", P + "/delete", {"filter": {}, "filters": {}}, ["filters"]),
    (
        "POST",
        P + "/payload",
        {"payload": {"x": 1}, "fillter": {}},
        ["`points` or `filter`", "fillter"],
    ),
    ("PUT", P, {"pionts": []}, ["missing field `points`", "pionts"]),
    (
        "PUT",
        P,
        {"points": [{"id": 1, "vectro": GOOD}]},
        ["points[0]: missing field `vector`", "vectro"],
    ),
    (
        "PUT",
        "/collections/new",
        {"vectors": {"size": 4, "metric": "Dot"}},
        ["vectors: missing field `distance`", "metric"],
    ),
    (
        "POST",
        P + "/delete",
        '{"filter": {"must": {"key": "n", "match": {"value": 99}}}, "filter": {}}',
        ["filter", "twice"],
    ),
    ("POST", P + "/query", {"query": GOOD, "params": {"ef": 10}}, ["params", "ef"]),
    ("POST", P + "/query", {"query": {"nearest": GOOD, "order_by": "n"}}, ["nearest", "order_by"]),
    (
        "POST",
        P + "/query",
        {"query": GOOD, "params": {"quantization": {"resocre": True}}},
        ["params.quantization", "resocre"],
    ),
    (
        "POST",
        P + "/scroll",
        {"with_payload": {"include": ["a"], "exclude": ["b"]}},
        ["include", "exclude"],
    ),
    (
        "PUT",
        P,
        {"points": [{"id": 1, "vector": GOOD, "vector_b64": "AAAA"}]},
        ["points[0]", "vector_b64"],
    ),
    (
        "POST",
        "/collections/bad/import",
        '{"id": 1, "vector": [1, 1, 1, 1], "id": 2}',
        ["line 1", "id"],
    ),
]


def state(server):
    return (
        server.ok("GET", "/collections/bad/verify")["shards"],
        server.ok("GET", "/collections"),
        server.ok("GET", "/aliases"),
        server.ok("GET", "/collections/bad")["config"],
    )


def test_each_bad_request_is_refused_and_changes_nothing(bad):
    before = state(bad)
    for shard in before[0]:
        shard.pop("applied_index")
    for method, path, body, words in CASES:
        raw = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
        connection_path = path  # already percent-encoded where necessary
        status, reply, _ = raw_request(bad, method, connection_path, raw)
        shown = f"{method} {path[:80]} {str(raw)[:120]!r} -> {status} {str(reply)[:300]}"
        assert 400 <= status < 500, shown
        text = reply["status"]["error"] if isinstance(reply, dict) else reply
        told = text + "".join(reply.get("warnings", [])) if isinstance(reply, dict) else reply
        for word in words:
            assert word in told, f"{word!r} is missing: {shown}"
        assert sum(text.count(prefix) for prefix in PREFIXES) == 1, f"not one prefix: {shown}"
    after = state(bad)
    for shard in after[0]:
        shard.pop("applied_index")
    assert after == before


def test_other_unknown_members_are_ignored_and_named(bad):
    def warned(method, path, body):
        status, reply, _ = bad.request(method, path, body)
        assert status == 200, reply
        return reply.get("warnings")

    def lines(*points):
        return "".join(json.dumps(p) + "\n" for p in points)

    vector = {"id": 903, "vector": GOOD}
    assert warned("PUT", P + "?wait=true", {"points": [{**vector, "payloads": {"n": 1}}]}) == [
        "Unknown member 'payloads' of points[0] was ignored"
    ]
    assert warned("PUT", P + "?wait=true", {"points": [vector]}) is None
    assert warned("POST", P + "/query", {"query": GOOD, "filtr": {}}) == [
        "Unknown member 'filtr' of the request body was ignored"
    ]
    assert warned("POST", P + "/count", {"exact": True, "Filter": {}}) == [
        "Unknown member 'Filter' of the request body was ignored"
    ]
    assert warned(
        "POST",
        "/collections/bad/import",
        lines(vector, {**vector, "meta": {}}, {**vector, "meta": {}}),
    ) == ["Unknown member 'meta' of line 2 was ignored; 1 more object has it"]
    made = warned(
        "PUT",
        "/collections/warned",
        {
            "vectors": {"size": 4, "distance": "Dot", "index": "hnsw"},
            "optimizers_config": {"threads": 2},
        },
    )
    assert made == [
        "Unknown member 'index' of vectors was ignored",
        "Unknown member 'threads' of optimizers_config was ignored",
    ]
    shown = bad.ok("GET", "/collections/warned")["config"]
    assert "threads" not in shown["optimizer_config"] and "index" not in shown["params"]["vectors"]
    bad.ok("DELETE", "/collections/warned")
    bad.ok("POST", P + "/delete?wait=true", {"points": [903]})


def condition(o):
    return ("POST", P + "/count", {"filter": {"must": [o]}})


def created(o):
    return ("PUT", "/collections/known", {"vectors": {"size": 4, "distance": "Dot"}, **o})


# The places in a request body where an object of the official client's models occurs.
KNOWN = {
    "QueryRequest": lambda o: ("POST", P + "/query", o),
    "Prefetch": lambda o: ("POST", P + "/query", {"prefetch": [o]}),
    "SearchParams": lambda o: ("POST", P + "/query", {"query": GOOD, "params": o}),
    "QuantizationSearchParams": lambda o: (
        "POST",
        P + "/query",
        {"query": GOOD, "params": {"quantization": o}},
    ),
    "AcornSearchParams": lambda o: ("POST", P + "/query", {"query": GOOD, "params": {"acorn": o}}),
    "LookupLocation": lambda o: ("POST", P + "/query", {"query": GOOD, "lookup_from": o}),
    **{
        q: lambda o: ("POST", P + "/query", {"query": o})
        for q in (
            "NearestQuery",
            "RecommendQuery",
            "DiscoverQuery",
            "ContextQuery",
            "OrderByQuery",
            "FusionQuery",
            "RrfQuery",
            "FormulaQuery",
            "SampleQuery",
            "RelevanceFeedbackQuery",
            "SparseVector",
            "Document",
            "Image",
            "InferenceObject",
        )
    },
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
    **{
        c: condition
        for c in (
            "FieldCondition",
            "IsEmptyCondition",
            "IsNullCondition",
            "HasIdCondition",
            "HasVectorCondition",
            "NestedCondition",
            "Filter",
            "SliceCondition",
        )
    },
    "Nested": lambda o: condition({"nested": o}),
    "PayloadField": lambda o: condition({"is_empty": o}),
    "Slice": lambda o: condition({"slice": o}),
    **{
        m: lambda o: condition({"key": "n", "match": o})
        for m in (
            "MatchValue",
            "MatchAny",
            "MatchExcept",
            "MatchText",
            "MatchTextAny",
            "MatchPhrase",
            "MatchPrefix",
            "MatchSubstring",
        )
    },
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
        for k in ("Scalar", "Product", "Binary", "Turbo")
    },
    **{
        k + "QuantizationConfig": lambda o, k=k: created({"quantization_config": {k.lower(): o}})
        for k in ("Scalar", "Product", "Binary")
    },
    "TurboQuantQuantizationConfig": lambda o: created({"quantization_config": {"turbo": o}}),
    "MultiVectorConfig": lambda o: (
        "PUT",
        "/collections/known",
        {"vectors": {"size": 4, "distance": "Dot", "multivector_config": o}},
    ),
    "CreateFieldIndex": lambda o: ("PUT", "/collections/bad/index", o),
    **{
        t
        + "IndexParams": lambda o: (
            "PUT",
            "/collections/bad/index",
            {"field_name": "x", "field_schema": o},
        )
        for t in ("Keyword", "Integer", "Float", "Bool", "Datetime", "Uuid", "Text", "Geo")
    },
    "ChangeAliasesOperation": lambda o: ("POST", "/collections/aliases", o),
    "CreateAlias": lambda o: ("POST", "/collections/aliases", {"actions": [{"create_alias": o}]}),
    "DeleteAlias": lambda o: ("POST", "/collections/aliases", {"actions": [{"delete_alias": o}]}),
    "RenameAlias": lambda o: ("POST", "/collections/aliases", {"actions": [{"rename_alias": o}]}),
}


def test_every_member_of_the_official_clients_models_is_known(bad):
    from qdrant_client import models

    tried = 0
    for model, stands in KNOWN.items():
        if not hasattr(models, model):
            continue  # from a newer client
        for name, field in getattr(models, model).model_fields.items():
            method, path, body = stands({field.alias or name: None})
            status, reply, _ = bad.request(method, path, body)
            told = json.dumps(reply)
            assert status < 500 or status == 501, (model, name, reply)
            assert "unknown field" not in told and "Unknown member" not in told, (
                model,
                name,
                reply,
            )
            tried += 1
            if path.endswith("/known") and status == 200:
                bad.ok("DELETE", path)
    assert tried > 200


def test_an_empty_filter_matches_all_points_as_in_the_protocol(bad):
    everything = bad.ok("POST", P + "/count", {"filter": {}})["count"]
    assert everything == 20
    for legal in (
        {"must": None, "should": None},
        {"must": []},
        {"must": {"must_not": []}},
        {"must": [{"key": "n", "range": {"gte": 0, "lt": None}, "match": None}]},
    ):
        assert bad.ok("POST", P + "/count", {"filter": legal})["count"] == everything, legal


def raw_request(server, method, path, body):
    """Sends a request without the helper's quoting."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        text = reply.read().decode("utf-8", "replace")
        if reply.headers.get("Content-Type", "").startswith("application/json"):
            return reply.status, json.loads(text), reply.headers
        return reply.status, text, reply.headers
    finally:
        connection.close()


def test_too_large_a_body_is_413(bad):
    status, _, _ = raw_request(bad, "PUT", P, b" " * (33 * 1024 * 1024))
    assert status == 413


def test_of_duplicate_ids_the_last_point_wins(bad):
    bad.ok(
        "PUT",
        P + "?wait=true",
        {"points": [{"id": 900, "vector": GOOD, "payload": {"n": i}} for i in (1, 2, 3)]},
    )
    assert bad.ok("GET", P + "/900")["payload"] == {"n": 3}
    bad.ok("POST", P + "/delete?wait=true", {"points": [900]})


def test_a_zero_vector_with_cosine_is_stored_and_has_score_zero(bad):
    bad.ok("PUT", P + "?wait=true", {"points": [{"id": 901, "vector": [0, 0, 0, 0]}]})
    hits = bad.ok("POST", P + "/query", {"query": GOOD, "limit": 100})["points"]
    assert [h["score"] for h in hits if h["id"] == 901] == [0]
    bad.ok("POST", P + "/delete?wait=true", {"points": [901]})


def test_payloads_keep_the_kinds_of_their_numbers(bad):
    text = '{"points":[{"id":902,"vector":[1,0,0,0],"payload":{"f":1e5,"i":18446744073709551615,"m":-9223372036854775808,"d":1,"d":2,"s":"\\u00e9\\n"}}]}'
    assert raw_request(bad, "PUT", P + "?wait=true", text)[0] == 200
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", bad.port)
    connection.request("GET", P + "/902")
    raw = connection.getresponse().read().decode()
    assert (
        '"i":18446744073709551615' in raw
        and '"m":-9223372036854775808' in raw
        and '"d":2' in raw
        and '"d":1' not in raw
    )
    assert (
        isinstance(json.loads(raw)["result"]["payload"]["f"], float)
        and json.loads(raw)["result"]["payload"]["s"] == "é\n"
    )
    bad.ok("POST", P + "/delete?wait=true", {"points": [902]})
