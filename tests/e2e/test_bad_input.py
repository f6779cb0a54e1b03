"""Bad input of every kind is a clear 4xx that names field, value and limit, and changes nothing."""
import http.client
import json

import pytest

from bad_requests import CASES, GOOD, P
from known_members import KNOWN
from rhumbd import raw_request

PREFIXES = (
    "Wrong input: ",
    "Format error in JSON body: ",
    "Validation error in JSON body: ",
    "Deserialize error in query parameters: ",
    "Not found: ",
    "Not implemented: ",
    "Bad request: ",
)


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
    payload = (
        '{"f":1e5,"i":18446744073709551615,"m":-9223372036854775808,'
        '"d":1,"d":2,"s":"\\u00e9\\n"}'
    )
    text = '{"points":[{"id":902,"vector":[1,0,0,0],"payload":' + payload + "}]}"
    assert raw_request(bad, "PUT", P + "?wait=true", text)[0] == 200
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
