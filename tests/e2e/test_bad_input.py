"""Bad input of every kind is a clear 4xx that names field, value and limit, and changes nothing."""
import json

import pytest

GOOD = [0.5, 0.5, 0.5, 0.5]
P = "/collections/bad/points"


@pytest.fixture(scope="module")
def bad(server):
    server.ok("PUT", "/collections/bad", {"vectors": {"size": 4, "distance": "Cosine"}, "shard_number": 2})
    server.ok("PUT", "/collections/bad/index?wait=true", {"field_name": "n", "field_schema": "integer"})
    server.ok("PUT", P + "?wait=true", {"points": [{"id": i, "vector": [1, i, 0, 0], "payload": {"n": i}} for i in range(20)]})
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


# method, path, body, words that the error must hold
CASES = [
    ("PUT", P, "{", ["JSON"]),
    ("PUT", P, "", ["JSON"]),
    ("PUT", P, "[]", ["object"]),
    ("PUT", P, '{"points": [{"id": 1, "vector": [1,2,3,NaN]}]}', ["JSON"]),
    ("PUT", P, '{"points": [{"id": 1, "vector": [1,2,3,1e999]}]}', ["JSON"]),
    ("PUT", P, '{"points": [{"id": 1, "vector": [1,2,3,1e39]}]}', ["points[0].vector", "float32"]),
    ("PUT", P, '{"points": [{"id": 1, "vector": [1,2,3,4], "payload": {"n": 18446744073709551616}}]}', ["JSON"]),
    ("PUT", P, b'{"points": [{"id": 1, "vector": [1,2,3,4], "payload": {"s": "\xff\xfe"}}]}', ["JSON"]),
    ("PUT", P, "[" * 200000, ["JSON"]),
    ("PUT", P, '{"points": [{"id": 1, "vector": [1,2,3,4], "payload": ' + '{"a":' * 200 + "1" + "}" * 200 + "}]}", ["128"]),
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
    ("PUT", P, {"points": [{"id": 1, "vector": GOOD}], "update_mode": "sometimes"}, ["update_mode", "sometimes"]),
    ("PUT", P, {"batch": {"ids": [1, 2], "vectors": [GOOD]}}, ["batch.vectors", "1", "2"]),
    ("PUT", P, {"batch": {"ids": [1], "vectors": [GOOD], "payloads": [{}, {}]}}, ["batch.payloads"]),
    ("PUT", P + "?wait=maybe", point(), ["wait", "maybe"]),
    ("PUT", P + "?ordering=total", point(), ["ordering", "total"]),
    ("PUT", P + "?timeout=0", point(), ["timeout", "0"]),
    ("PUT", P + "?timeout=x", point(), ["timeout", "x"]),
    ("POST", P + "/delete", {}, ["points", "filter"]),
    ("POST", P + "/delete", {"points": [-5]}, ["points[0]"]),
    ("POST", P + "/delete", {"filter": {"must": [{"key": "n", "match": {"value": 1.5}}]}}, ["filter.must[0].match.value"]),
    ("POST", P + "/delete", {"filter": {"musst": []}}, ["filter", "musst"]),
    ("POST", P + "/payload", {"points": [1]}, ["payload"]),
    ("POST", P + "/payload", {"payload": {"a": 1}}, ["points", "filter"]),
    ("POST", P + "/payload", {"payload": {"a": 1}, "points": [1], "key": "a..b"}, ["key", "a..b"]),
    ("POST", P + "/payload/delete", {"points": [1]}, ["keys"]),
    ("POST", P + "/payload/delete", {"keys": ["a["], "points": [1]}, ["keys[0]"]),
    ("PUT", P + "/vectors", {"points": [{"id": 1}]}, ["points[0]", "vector"]),
    ("POST", P + "/vectors/delete", {"points": [1], "vector": ["nope"]}, ["nope"]),
    ("POST", P + "/vectors/delete", {"points": [1], "vector": []}, ["vector"]),
    ("POST", P + "/batch", {"operations": [{"delete": {"points": [0]}}, {"upsert": point(vector=[1])}]}, ["operations[1].upsert.points[1].vector"]),
    ("POST", P + "/batch", {"operations": [{"explode": {}}]}, ["operations[0].explode"]),
    ("POST", P + "/batch", {}, ["operations"]),
    ("POST", P, {}, ["ids"]),
    ("POST", P + "/scroll", {"limit": 0}, ["limit", "0"]),
    ("POST", P + "/scroll", {"limit": 1.5}, ["limit"]),
    ("POST", P + "/scroll", {"offset": {"x": 1}}, ["offset"]),
    ("POST", P + "/scroll", {"with_payload": {"includes": []}}, ["with_payload", "includes"]),
    ("POST", P + "/scroll", {"with_vector": 7}, ["with_vector"]),
    ("POST", P + "/count", filtered({"key": "n", "range": {"lt": "soon"}}), ["filter.must[0].range.lt", "soon"]),
    ("POST", P + "/count", filtered({"key": "n", "range": {"lt": 1, "gt": "2024-01-01"}}), ["filter.must[0].range"]),
    ("POST", P + "/count", filtered({"key": "n"}), ["filter.must[0]"]),
    ("POST", P + "/count", filtered({"key": "n", "matches": {"value": 1}}), ["matches"]),
    ("POST", P + "/count", filtered({"key": "n", "match": {}}), ["filter.must[0].match"]),
    ("POST", P + "/count", filtered({"key": "n", "match": {"any": [1, "a"]}}), ["filter.must[0].match.any[1]"]),
    ("POST", P + "/count", filtered({"key": "a..b", "match": {"value": 1}}), ["filter.must[0].key"]),
    ("POST", P + "/count", filtered({"has_id": [-3]}), ["filter.must[0].has_id[0]"]),
    ("POST", P + "/count", filtered({"nested": {"key": "a"}}), ["filter.must[0].nested"]),
    ("POST", P + "/count", {"filter": {"min_should": {"conditions": []}}}, ["min_should"]),
    ("POST", P + "/count", filtered({"key": "t", "values_count": {"gt": -1}}), ["values_count.gt"]),
    ("POST", P + "/count", deep(40), ["32"]),
    ("POST", P + "/count", deep(2000), ["128"]),
    ("POST", P + "/count", {"filter": {"must": [{"key": "n", "match": {"value": i}} for i in range(5000)]}}, ["4096"]),
    ("POST", P + "/count", filtered({"key": "n", "match": {"any": list(range(70000))}}), ["65536"]),
    ("POST", P + "/query", {"query": [1, 2]}, ["expected dim: 4, got 2"]),
    ("POST", P + "/query", {"query": GOOD, "limit": -1}, ["limit"]),
    ("POST", P + "/query", {"query": GOOD, "offset": -1}, ["offset"]),
    ("POST", P + "/query", {"query": GOOD, "params": {"hnsw_ef": 1_000_000_000}}, ["params.hnsw_ef", "1000000000"]),
    ("POST", P + "/query", {"query": GOOD, "params": {"hnsw_ef": 0}}, ["params.hnsw_ef"]),
    ("POST", P + "/query", {"query": GOOD, "params": {"exact": "yes"}}, ["params.exact"]),
    ("POST", P + "/query", {"query": GOOD, "params": {"quantization": {"oversampling": 0.5}}}, ["params.quantization.oversampling"]),
    ("POST", P + "/query", {"query": GOOD, "using": "nope"}, ["Not existing vector name error: nope"]),
    ("POST", P + "/query", {"query": GOOD, "score_threshold": "high"}, ["score_threshold"]),
    ("POST", P + "/query", {"score_threshold": 0.5}, ["score_threshold"]),
    ("POST", P + "/query", {"prefetch": [{"query": GOOD}]}, ["prefetch"]),
    ("POST", P + "/query", {"query": 99999}, ["99999"]),
    ("POST", P + "/query?consistency=sometimes", {"query": GOOD}, ["consistency", "sometimes"]),
    ("POST", P + "/query?consistency=0", {"query": GOOD}, ["consistency"]),
    ("POST", P + "/query/batch", {"searches": [{"query": GOOD}] * 2000}, ["searches", "1024"]),
    ("POST", P + "/query/batch", {"searches": [{"query": GOOD}, {"query": [1]}]}, ["searches[1].query", "got 1"]),
    ("POST", P + "/search", {"limit": 3}, ["vector"]),
    ("GET", P + "/" + "x" * 300, None, ["256"]),
    ("PUT", "/collections/new", {"vectors": {"size": 0, "distance": "Dot"}}, ["vectors.size", "0", "65536"]),
    ("PUT", "/collections/new", {"vectors": {"size": 65537, "distance": "Dot"}}, ["vectors.size", "65537", "65536"]),
    ("PUT", "/collections/new", {"vectors": {"size": 4, "distance": "Far"}}, ["vectors.distance", "Far"]),
    ("PUT", "/collections/new", {"vectors": {"size": 4}}, ["distance"]),
    ("PUT", "/collections/new", {"vectors": {"a": {"size": 4, "distance": "Dot", "datatype": "float64"}}}, ["vectors.a.datatype", "float64"]),
    ("PUT", "/collections/new", {"vectors": {f"v{i}": {"size": 4, "distance": "Dot"} for i in range(65)}}, ["vectors", "65", "64"]),
    ("PUT", "/collections/new", {"vectors": {"size": 4, "distance": "Dot"}, "shard_number": 0}, ["shard_number", "0"]),
    ("PUT", "/collections/new", {"vectors": {"size": 4, "distance": "Dot"}, "shard_number": 100000}, ["shard_number", "256"]),
    ("PUT", "/collections/new", {"vectors": {"size": 4, "distance": "Dot"}, "hnsw_config": {"ef_construct": 3}}, ["hnsw_config.ef_construct", "3", "4"]),
    ("PUT", "/collections/new", {"vectors": {"size": 4, "distance": "Dot"}, "optimizers_config": {"vacuum_min_vector_number": 5}}, ["optimizers_config.vacuum_min_vector_number", "100"]),
    ("PUT", "/collections/new", {"vectors": {"size": 4, "distance": "Dot"}, "quantization_config": {"cubic": {}}}, ["quantization_config", "cubic"]),
    ("PUT", "/collections/new", {"vectors": {"size": 4, "distance": "Dot"}, "metadata": {"x": "y" * 70000}}, ["metadata", "65536"]),
    ("PUT", "/collections/" + "n" * 256, {"vectors": {"size": 4, "distance": "Dot"}}, ["collection_name", "255"]),
    ("PUT", "/collections/a%2Fb", {"vectors": {"size": 4, "distance": "Dot"}}, ["collection_name"]),
    ("PUT", "/collections/%2e%2e", {"vectors": {"size": 4, "distance": "Dot"}}, ["collection_name"]),
    ("PUT", "/collections/a%00b", {"vectors": {"size": 4, "distance": "Dot"}}, ["collection_name"]),
    ("PATCH", "/collections/bad", {"vectors": {"nope": {}}}, ["nope"]),
    ("PUT", "/collections/bad/index", {"field_name": "x", "field_schema": "colour"}, ["field_schema", "colour"]),
    ("PUT", "/collections/bad/index", {"field_schema": "keyword"}, ["field_name"]),
    ("PUT", "/collections/bad/index", {"field_name": "a..b", "field_schema": "keyword"}, ["field_name"]),
    ("POST", "/collections/aliases", {"actions": [{"create_alias": {"alias_name": "x"}}]}, ["actions[0]", "collection_name"]),
    ("POST", "/collections/aliases", {"actions": [{"create_alias": {"collection_name": "none", "alias_name": "x"}}]}, ["none"]),
    ("POST", "/collections/aliases", {"actions": [{"create_alias": {"collection_name": "bad", "alias_name": "y"}}, {"delete_alias": {"alias_name": "none"}}]}, ["none"]),
]


def state(server):
    return (server.ok("GET", "/collections/bad/verify")["shards"], server.ok("GET", "/collections"), server.ok("GET", "/aliases"),
            server.ok("GET", "/collections/bad")["config"])


def test_each_is_refused_and_changes_nothing(bad):
    before = state(bad)
    for shard in before[0]:
        shard.pop("applied_index")
    for method, path, body, words in CASES:
        raw = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
        connection_path = path  # already percent-encoded where it matters
        status, reply, _ = raw_request(bad, method, connection_path, raw)
        shown = f"{method} {path[:80]} {str(raw)[:120]!r} -> {status} {str(reply)[:300]}"
        assert 400 <= status < 500, shown
        text = reply["status"]["error"] if isinstance(reply, dict) else reply
        for word in words:
            assert word in text, f"{word!r} is missing: {shown}"
    after = state(bad)
    for shard in after[0]:
        shard.pop("applied_index")
    assert after == before


def raw_request(server, method, path, body):
    """Without the helper's quoting."""
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


def test_duplicate_ids_the_last_wins(bad):
    bad.ok("PUT", P + "?wait=true", {"points": [{"id": 900, "vector": GOOD, "payload": {"n": i}} for i in (1, 2, 3)]})
    assert bad.ok("GET", P + "/900")["payload"] == {"n": 3}
    bad.ok("POST", P + "/delete?wait=true", {"points": [900]})


def test_zero_vector_with_cosine_is_kept_with_score_zero(bad):
    bad.ok("PUT", P + "?wait=true", {"points": [{"id": 901, "vector": [0, 0, 0, 0]}]})
    hits = bad.ok("POST", P + "/query", {"query": GOOD, "limit": 100})["points"]
    assert [h["score"] for h in hits if h["id"] == 901] == [0]
    bad.ok("POST", P + "/delete?wait=true", {"points": [901]})


def test_payload_text_keeps_kinds_of_numbers(bad):
    text = '{"points":[{"id":902,"vector":[1,0,0,0],"payload":{"f":1e5,"i":18446744073709551615,"m":-9223372036854775808,"d":1,"d":2,"s":"\\u00e9\\n"}}]}'
    assert raw_request(bad, "PUT", P + "?wait=true", text)[0] == 200
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", bad.port)
    connection.request("GET", P + "/902")
    raw = connection.getresponse().read().decode()
    assert '"i":18446744073709551615' in raw and '"m":-9223372036854775808' in raw and '"d":2' in raw and '"d":1' not in raw
    assert isinstance(json.loads(raw)["result"]["payload"]["f"], float) and json.loads(raw)["result"]["payload"]["s"] == "é\n"
    bad.ok("POST", P + "/delete?wait=true", {"points": [902]})
