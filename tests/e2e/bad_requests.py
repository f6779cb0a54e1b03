"""Requests that must be refused, each as method, path, body, and the words that the error must
contain. They are meant for the collection `bad` of test_bad_input.py."""

GOOD = [0.5, 0.5, 0.5, 0.5]
P = "/collections/bad/points"
INDEX = "/collections/bad/index"
NEW = "/collections/new"
ALIASES = "/collections/aliases"


def point(**changes):
    p = {"id": 1, "vector": GOOD, "payload": {"n": 1}}
    p.update(changes)
    return {"points": [{"id": 2, "vector": GOOD}, {k: v for k, v in p.items() if v is not ...}]}


def filtered(*conditions):
    return {"filter": {"must": list(conditions)}}


def deep(n):
    return '{"filter":' + '{"must":[' * n + '{"key":"n","match":{"value":1}}' + "]}" * n + "}"


def collection(**options):
    return {"vectors": {"size": 4, "distance": "Dot"}, **options}


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
    ("PUT", NEW, {"vectors": {"size": 0, "distance": "Dot"}}, ["vectors.size", "0", "65536"]),
    (
        "PUT",
        NEW,
        {"vectors": {"size": 65537, "distance": "Dot"}},
        ["vectors.size", "65537", "65536"],
    ),
    ("PUT", NEW, {"vectors": {"size": 4, "distance": "Far"}}, ["vectors.distance", "Far"]),
    ("PUT", NEW, {"vectors": {"size": 4}}, ["distance"]),
    (
        "PUT",
        NEW,
        {"vectors": {"a": {"size": 4, "distance": "Dot", "datatype": "float64"}}},
        ["vectors.a.datatype", "float64"],
    ),
    (
        "PUT",
        NEW,
        {"vectors": {f"v{i}": {"size": 4, "distance": "Dot"} for i in range(65)}},
        ["vectors", "65", "64"],
    ),
    ("PUT", NEW, collection(shard_number=0), ["shard_number", "0"]),
    ("PUT", NEW, collection(shard_number=100000), ["shard_number", "256"]),
    (
        "PUT",
        NEW,
        collection(hnsw_config={"ef_construct": 3}),
        ["hnsw_config.ef_construct", "3", "4"],
    ),
    (
        "PUT",
        NEW,
        collection(optimizers_config={"vacuum_min_vector_number": 5}),
        ["optimizers_config.vacuum_min_vector_number", "100"],
    ),
    ("PUT", NEW, collection(quantization_config={"cubic": {}}), ["quantization_config", "cubic"]),
    ("PUT", NEW, collection(metadata={"x": "y" * 70000}), ["metadata", "65536"]),
    ("PUT", "/collections/" + "n" * 256, collection(), ["collection_name", "255"]),
    ("PUT", "/collections/a%2Fb", collection(), ["collection_name"]),
    ("PUT", "/collections/%2e%2e", collection(), ["collection_name"]),
    ("PUT", "/collections/a%00b", collection(), ["collection_name"]),
    ("PATCH", "/collections/bad", {"vectors": {"nope": {}}}, ["nope"]),
    ("PUT", INDEX, {"field_name": "x", "field_schema": "colour"}, ["field_schema", "colour"]),
    ("PUT", INDEX, {"field_schema": "keyword"}, ["field_name"]),
    ("PUT", INDEX, {"field_name": "a..b", "field_schema": "keyword"}, ["field_name"]),
    ("PUT", NEW, collection(contract={"recall": 0.95, "latency": 5}), ["contract", "latency"]),
    (
        "PUT",
        NEW,
        '{"vectors": {"size": 4, "distance": "Dot"}, "shard_number": 1, "shard_number": 2}',
        ["shard_number"],
    ),
    (
        "POST",
        ALIASES,
        {"actions": [{"create_alias": {"alias_name": "x"}}]},
        ["actions[0]", "collection_name"],
    ),
    (
        "POST",
        ALIASES,
        {"actions": [{"create_alias": {"collection_name": "none", "alias_name": "x"}}]},
        ["none"],
    ),
    (
        "POST",
        ALIASES,
        {
            "actions": [
                {"create_alias": {"collection_name": "bad", "alias_name": "y"}},
                {"delete_alias": {"alias_name": "none"}},
            ]
        },
        ["none"],
    ),
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
        NEW,
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


def with_filter(f, word):
    """Each way to a filter. A filter that is not read completely answers another question, or
    changes other points."""
    cases = [
        ("POST", P + route, {"filter": f}, [word])
        for route in ("/delete", "/payload/clear", "/scroll", "/count")
    ]
    cases += [
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
    return cases


for typo, misspelt in TYPOS:
    CASES += with_filter(filtered(typo)["filter"], misspelt)
