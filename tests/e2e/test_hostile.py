"""Requests of an attacker: invalid vectors, JSON made to explode, names made to escape the data
directory, and queries made to take all memory. Each is answered at once and clearly, memory stays
bounded, nothing leaves the data directory, and the server goes on."""
import base64
import json
import os
import pathlib
import struct
import time

import pytest
from rhumbd import Rhumbd

from test_bad_input import raw_request

# Over all requests of a module: a body has at most 32 MB, and its parse takes some ten times as
# much.
RSS_GROWTH_MAX_MB = 1500
ANSWER_MAX_S = 20  # generous for a busy machine; each takes well under a second when it runs alone

VECTOR_KINDS = {
    "cosine": {"size": 4, "distance": "Cosine"},
    "euclid": {"size": 4, "distance": "Euclid"},
    "dot": {"size": 4, "distance": "Dot"},
    "half": {"size": 4, "distance": "Dot", "datatype": "float16"},
    "bytes": {"size": 4, "distance": "Manhattan", "datatype": "uint8"},
}


def memory_mb(server, field):
    with open(f"/proc/{server.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field)) / 1024


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    running = Rhumbd(tmp_path_factory.mktemp("hostile") / "data").start()
    try:
        for kind, vectors in VECTOR_KINDS.items():
            running.ok("PUT", f"/collections/{kind}", {"vectors": vectors})
            running.ok(
                "PUT",
                f"/collections/{kind}/points?wait=true",
                {"points": [{"id": 1, "vector": [1, 2, 3, 4], "payload": {"n": 1}}]},
            )
        before = memory_mb(running, "VmRSS")
        yield running
        grown = memory_mb(running, "VmHWM") - before
        print(f"resident memory grew from {before:.0f} MB by {grown:.0f} MB at most")
        assert grown < RSS_GROWTH_MAX_MB
    finally:
        code = running.stop()
    assert code == 0, running.log_tail()


def ask(server, method, path, body, words=(), codes=range(400, 500)):
    """Sends the raw body. The answer must have one of the codes and contain the words."""
    started = time.monotonic()
    status, reply, _ = raw_request(server, method, path, body)
    took = time.monotonic() - started
    text = (
        reply["status"]["error"]
        if isinstance(reply, dict) and isinstance(reply.get("status"), dict)
        else str(reply)
    )
    shown = f"{method} {path[:100]} {str(body)[:100]!r} -> {status} {text[:300]} in {took:.1f} s"
    assert status in codes, shown
    assert took < ANSWER_MAX_S, shown
    for word in words:
        assert word in text, f"{word!r} is missing: {shown}"
    return reply


# --- vectors ---

NO_JSON = [
    "NaN",
    "-NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "1e999",
    "-1e999",
    "1e",
    "01",
    ".5",
    "1.",
    "+1",
    "0x10",
    "1_0",
    "--1",
    "1e+",
    "",
    "'1'",
    "1f",
    "1" * 400,
]
NO_NUMBER = ['"1"', '"NaN"', '""', "null", "true", "{}", '{"a":1}']
NO_FLOAT32 = ["1e39", "-1e39", "3.5e38", "-3.5e38", "1e308"]
NO_FLOAT16 = ["65520", "-65520", "1e6", "3.4e38"]
NO_BYTE = ["-1", "256", "1.5", "1e3", "-0.1", "3e38"]
NO_VECTOR = [
    "[]",
    "[1]",
    "[1,2,3]",
    "[1,2,3,4,5]",
    "[[1,2,3,4]]",
    "[[[[1]]]]",
    "[[],[],[],[]]",
    '"[1,2,3,4]"',
    "7",
    "null",
    "true",
    '{"x":[1,2,3,4]}',
    "[" + ",".join(["0"] * 65536) + "]",
    "[" + ",".join(["0"] * 65537) + "]",
    "[" + ",".join(["1"] * 1_000_000) + "]",
]
FINE = {
    "cosine": [
        "0",
        "-0.0",
        "1e-45",
        "1e-310",
        "5e-324",
        "1e-999",
        "3.4028234e38",
        "-3.4e38",
        "1e38",
        "1e19",
        "0.1e1",
        "9007199254740993",
    ],
    "euclid": [
        "0",
        "-0.0",
        "1e-45",
        "1e-310",
        "1e18",
        "-1e18",
        "2e19",
        "-1e30",
        "3.4028234e38",
        "-3.4e38",
    ],
    "dot": [
        "0",
        "-0.0",
        "1e-45",
        "1e-310",
        "1e18",
        "-1e18",
        "2e19",
        "-1e30",
        "3.4028234e38",
        "-3.4e38",
    ],
    "half": ["0", "-0.0", "1e-8", "65504", "-65504", "65519"],
    "bytes": ["0", "255", "-0.0", "1e2", "128.0"],
}


def vector_with(component):
    return f"[1,2,{component},4]"


def vector_cases():
    for kind in VECTOR_KINDS:
        for component in NO_JSON:
            yield kind, vector_with(component), ["JSON"]
        for component in NO_NUMBER:
            yield kind, vector_with(component), ["vector[2]", "expected a number"]
        for component in NO_FLOAT32:
            yield kind, vector_with(component), [
                "vector",
                "float32" if kind != "bytes" or component in NO_FLOAT32 else "0 to 255",
            ]
        yield kind, "[[1,2,3,4],[1,2,3,4]]", ["Conversion between multi and regular"]
    for component in NO_FLOAT16:
        yield "half", vector_with(component), ["vector", "float16"]
    for component in NO_BYTE:
        yield "bytes", vector_with(component), ["vector", "0 to 255"]
    for vector in NO_VECTOR:
        yield "cosine", vector, None
    for n, floats in enumerate(
        [
            (1, 2, 3),
            (1, 2, 3, 4, 5),
            (float("nan"), 0, 0, 1),
            (float("inf"), 0, 0, 1),
            (float("-inf"), 0, 0, 1),
        ]
    ):
        text = base64.b64encode(struct.pack(f"<{len(floats)}f", *floats)).decode()
        yield "euclid", json.dumps({"vector_b64": text}), ["vector"] if n > 1 else [
            "expected dim: 4"
        ]


def test_hostile_vectors(hostile):
    """More than sixty vectors, each sent where a point is written, a vector is replaced, and a
    search is made."""
    cases = list(vector_cases())
    assert len(cases) >= 60
    for kind, vector, words in cases:
        codes = [400, 422, 501] if words is None else range(400, 500)
        p = f"/collections/{kind}/points"
        point = f'{{"points":[{{"id":1,"vector":{vector}}}]}}'
        ask(hostile, "PUT", p, point, words or (), codes)
        ask(hostile, "PUT", p + "/vectors", point, words or (), codes)
        # These are a point's id, or invalid.
        if vector not in ("7", "null", '"[1,2,3,4]"', "true"):
            said = [w.replace("vector", "query") for w in words or ()]
            ask(hostile, "POST", p + "/query", f'{{"query":{vector}}}', said, codes)
    for kind in VECTOR_KINDS:
        assert hostile.ok("POST", f"/collections/{kind}/points/count", {})["count"] == 1
        assert hostile.ok("GET", f"/collections/{kind}/points/1")["payload"] == {"n": 1}
        assert hostile.ok("GET", f"/collections/{kind}/verify")["ok"] is True


def test_unusual_valid_vectors_give_scores_that_are_numbers(hostile):
    """A value that the type can hold is accepted, and its scores are numbers and not null."""
    for kind, components in FINE.items():
        p = f"/collections/{kind}/points"
        for n, component in enumerate(components):
            ask(
                hostile,
                "PUT",
                p + "?wait=true",
                f'{{"points":[{{"id":{100 + n},"vector":{vector_with(component)}}}]}}',
                codes=[200],
            )
            for exact in ("true", "false"):
                found = ask(
                    hostile,
                    "POST",
                    p + "/query",
                    f'{{"query":{vector_with(component)},"limit":100,"params":{{"exact":{exact}'
                    f"}}}}",
                    codes=[200],
                )
                points = found["result"]["points"]
                assert len(points) == n + 2, (kind, component)
                for hit in points:
                    assert isinstance(hit["score"], (int, float)), (kind, component, hit)
            vector = hostile.ok("GET", f"{p}/{100 + n}")["vector"]
            assert all(isinstance(x, (int, float)) for x in vector), (kind, component, vector)
            if kind == "cosine":
                assert sum(x * x for x in vector) == pytest.approx(1, abs=1e-3), (component, vector)
        hostile.ok(
            "POST", p + "/delete?wait=true", {"points": [100 + n for n in range(len(components))]}
        )


def test_vectors_of_any_length_have_a_direction(hostile):
    """Normalising vectors whose components are all huge or all denormal gives a unit vector."""
    hostile.ok(
        "PUT",
        "/collections/turned",
        {
            "vectors": {
                "full": {"size": 4, "distance": "Cosine"},
                "half": {"size": 4, "distance": "Cosine", "datatype": "float16"},
            }
        },
    )
    try:
        for n, scale in enumerate([3.4e38, 1e30, 1e-30, 1e-40, 2e-44]):
            vector = [scale, -scale, scale, scale]
            hostile.ok(
                "PUT",
                "/collections/turned/points?wait=true",
                {"points": [{"id": n, "vector": {"full": vector, "half": vector}}]},
            )
            stored = hostile.ok("GET", f"/collections/turned/points/{n}")["vector"]
            for name in ("full", "half"):
                assert stored[name] == pytest.approx([0.5, -0.5, 0.5, 0.5], abs=1e-3), (scale, name)
                found = hostile.ok(
                    "POST",
                    "/collections/turned/points/query",
                    {"query": vector, "using": name, "limit": 10},
                )["points"]
                assert len(found) == n + 1 and all(
                    p["score"] == pytest.approx(1, abs=1e-3) for p in found
                ), (scale, found)
    finally:
        hostile.ok("DELETE", "/collections/turned")


def scored(points):
    return [(p["id"], p["score"]) for p in points]


FARTHEST = 3.4028234663852886e38
# distance, vectors (ids from 1), query, expected answer
BEYOND_FLOAT32 = [
    (
        "Dot",
        [[1, 1], [3.2e38, 3.2e38], [3e38, -3e38], [-3e38, 3e38]],
        [5, -5],
        [(3, FARTHEST), (1, 0), (2, 0), (4, -FARTHEST)],
    ),
    (
        "Euclid",
        [[0, 3e20], [1, 0], [4e25, 3e25], [2.5e38, 0], [0, -6e22]],
        [0, 0],
        [(2, 1), (1, 3e20), (5, 6e22), (3, 5e25), (4, 2.5e38)],
    ),
    (
        "Euclid",
        [[0, 3e-30], [1, 0], [4e-35, 3e-35], [0, 0]],
        [0, 0],
        [(4, 0), (3, 5e-35), (1, 3e-30), (2, 1)],
    ),
    (
        "Manhattan",
        [[3e38, 3e38], [1e38, -1e38], [-3e38, -3e38], [2, 3]],
        [0, 0],
        [(4, 5), (2, 2e38), (1, FARTHEST), (3, FARTHEST)],
    ),
]


@pytest.mark.parametrize("distance, vectors, query, right", BEYOND_FLOAT32)
def test_scores_are_right_where_sums_in_float32_would_be_wrong(
    hostile, distance, vectors, query, right
):
    """By every route of a search, and also as rows of one multivector each."""
    p = "/collections/beyond/points"
    for multivector in (False, True):
        rows = [[v] for v in vectors] if multivector else vectors
        config = {
            "size": len(query),
            "distance": distance,
            **({"multivector_config": {"comparator": "max_sim"}} if multivector else {}),
        }
        hostile.ok("PUT", "/collections/beyond", {"vectors": config})
        try:
            hostile.ok(
                "PUT",
                p + "?wait=true",
                {"points": [{"id": i + 1, "vector": v} for i, v in enumerate(rows)]},
            )
            asked = {"query": [query] if multivector else query, "limit": 10}
            answers = [
                hostile.ok("POST", p + "/query", {**asked, **more})["points"]
                for more in (
                    {},
                    {"params": {"exact": True}},
                    {"filter": {"must_not": [{"has_id": [77]}]}},
                )
            ]
            answers += [
                a["points"]
                for a in hostile.ok("POST", p + "/query/batch", {"searches": [asked, asked]})
            ]
            if not multivector:
                answers.append(hostile.ok("POST", p + "/search", {"vector": query, "limit": 10}))
            for points in answers:
                assert [i for i, _ in scored(points)] == [i for i, _ in right], points
                assert [s for _, s in scored(points)] == pytest.approx(
                    [s for _, s in right], rel=2e-6
                ), points
            like = hostile.ok("POST", p + "/query", {"query": right[0][0], "limit": 10})["points"]
            assert len(like) == len(vectors) - 1 and all(
                isinstance(s, float) for _, s in scored(like)
            )
            reached = hostile.ok(
                "POST", p + "/query", {**asked, "score_threshold": right[1][1] * (1 + 1e-6)}
            )["points"]
            assert {i for i, _ in right[:2]} <= {i for i, _ in scored(reached)} and right[-1][
                0
            ] not in [i for i, _ in scored(reached)], reached
        finally:
            hostile.ok("DELETE", "/collections/beyond")


# --- JSON bombs ---


def body_with_payload(payload):
    return '{"points":[{"id":5,"vector":[1,2,3,4],"payload":' + payload + "}]}"


def test_json_bombs(hostile):
    p = "/collections/dot/points"
    million_keys = "{" + ",".join(f'"k{i}":1' for i in range(1_000_000)) + "}"
    refused = [
        ("[" * 5_000_000, ["JSON"]),
        ('{"a":' * 1_000_000, ["JSON"]),
        ('{"points":' + "[" * 129 + "]" * 129 + "}", ["128"]),
        (body_with_payload('{"a":' * 127 + "1" + "}" * 127), ["128"]),
        (body_with_payload(million_keys), ["points[0].payload", "4194304"]),
        (body_with_payload('{"n":' + "1" * 1_000_000 + "}"), ["JSON"]),
        (body_with_payload('{"n":1e' + "9" * 1_000_000 + "}"), ["JSON"]),
        (body_with_payload('{"s":"' + "x" * 20_000_000 + '"}'), ["points[0].payload", "4194304"]),
        (
            body_with_payload('{"s":"' + "\\u0001" * 1_000_000 + '"}'),
            ["points[0].payload", "4194304"],
        ),
        (body_with_payload('{"s":"\\ud800"}'), ["JSON"]),
        (body_with_payload('{"s":"\\udc00\\ud800"}'), ["JSON"]),
        (body_with_payload('{"s":"\\x41"}'), ["JSON"]),
        (body_with_payload('{"s":"\\u12"}'), ["JSON"]),
        (body_with_payload('{"s":"a\nb"}'), ["JSON"]),
        (body_with_payload('{"s":"\0"}'), ["JSON"]),
        (body_with_payload('{"s":1,}'), ["JSON"]),
        (body_with_payload('{"s":1}}'), ["JSON"]),
        (body_with_payload("{'s':1}"), ["JSON"]),
        (body_with_payload('{"s":1 /* c */}'), ["JSON"]),
        (body_with_payload("{}") + "x", ["JSON"]),
        (body_with_payload("{}") + body_with_payload("{}"), ["JSON"]),
        ("\ufeff" * 2 + body_with_payload("{}"), ["JSON"]),
    ]
    for bad in (
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe\xff",
    ):
        refused.append((body_with_payload('{"s":"@"}').encode().replace(b"@", bad), ["JSON"]))
        refused.append((body_with_payload('{"@":1}').encode().replace(b"@", bad), ["JSON"]))
    for body, words in refused:
        raw = body.encode() if isinstance(body, str) else body
        ask(hostile, "PUT", p, raw, words)
        ask(hostile, "POST", p + "/batch", raw)
        if words == ["JSON"]:  # otherwise it is valid JSON, and a query ignores unknown members
            ask(hostile, "POST", p + "/query", raw)
            ask(hostile, "POST", p + "/scroll", raw)
    ask(hostile, "PUT", "/collections/never", "[" * 1_000_000)
    ask(hostile, "PUT", "/collections/never", '{"a":' * 200_000)
    ask(
        hostile,
        "PUT",
        "/collections/never",
        '{"vectors":{"size":4,"distance":"Dot"},"metadata":'
        + '{"a":' * 200
        + "1"
        + "}" * 200
        + "}",
    )
    ask(hostile, "PATCH", "/collections/dot", '{"metadata":' + "[" * 100_000)
    ask(hostile, "POST", "/collections/aliases", '{"actions":' + "[" * 100_000)
    assert hostile.ok("POST", p + "/count", {})["count"] == 1


def test_large_valid_json_is_accepted(hostile):
    p = "/collections/dot/points"
    ask(
        hostile,
        "PUT",
        p + "?wait=true",
        body_with_payload("{" + '"a":1,' * 1_000_000 + '"a":2}'),
        codes=[200],
    )
    assert hostile.ok("GET", p + "/5")["payload"] == {"a": 2}
    ask(
        hostile,
        "PUT",
        p + "?wait=true",
        body_with_payload('{"a":' * 120 + "1" + "}" * 120),
        codes=[200],
    )
    ask(
        hostile,
        "PUT",
        p + "?wait=true",
        body_with_payload(
            '{"s":"a\\u0000b","\\u0000":"\\ud83d\\ude00","f":0.' + "0" * 100_000 + "1}"
        ),
        codes=[200],
    )
    got = hostile.ok("GET", p + "/5")["payload"]
    assert got["s"] == "a\0b" and got["\0"] == "\U0001f600"
    assert (
        hostile.ok(
            "POST", p + "/count", {"filter": {"must": [{"key": "s", "match": {"value": "a\0b"}}]}}
        )["count"]
        == 1
    )
    assert (
        hostile.ok(
            "POST", p + "/count", {"filter": {"must": [{"key": "s", "match": {"value": "a"}}]}}
        )["count"]
        == 0
    )
    hostile.ok("POST", p + "/delete?wait=true", {"points": [5]})


# --- names ---

ESCAPES = [
    "..",
    "../..",
    "../../../../tmp/rhumb_escape",
    "/tmp/rhumb_escape",
    "a/../../b",
    "....//....//tmp/rhumb_escape",
    "..\\..\\x",
    "a\0b",
    "\0",
    "a/b",
    "./x",
    "~/x",
    "file:///tmp/rhumb_escape",
    "a\nb",
    "a\r\nX-Injected: 1",
    "%2e%2e%2f%2e%2e%2fx",
    "%252e%252e%252fx",
    "..%c0%af..%c0%afx",
    "..%252f..%252fx",
    "$(touch /tmp/rhumb_escape)",
    "`touch /tmp/rhumb_escape`",
    "; DROP TABLE points; --",
    "' OR '1'='1",
    "x" * 10_000,
    "",
]


def encodings(name):
    """The name as it is (if a path can contain it), percent-encoded once and twice, and with each
    byte encoded."""
    raw = name.encode()
    once = "".join(chr(b) if chr(b).isalnum() else f"%{b:02x}" for b in raw)
    yield once
    yield once.replace("%", "%25")
    yield "".join(f"%{b:02X}" for b in raw)
    if all(32 < b < 127 and b not in b"#?" for b in raw):
        yield name


def everything_below(directory):
    return sorted(str(p) for p in pathlib.Path(directory).rglob("*"))


def test_no_name_leaves_the_data_directory(hostile):
    outside = hostile.data.parent
    before = [p for p in everything_below(outside) if not p.startswith(str(hostile.data))]
    config = json.dumps({"vectors": {"size": 4, "distance": "Dot"}})
    made, asked = [], 0
    for name in ESCAPES:
        quoted = json.dumps(name)
        for path in encodings(name):
            for method, target, body in [
                ("PUT", f"/collections/{path}", config),
                ("GET", f"/collections/{path}", None),
                ("DELETE", f"/collections/{path}", None),
                ("GET", f"/collections/dot/snapshots/{path}", None),
                ("DELETE", f"/collections/dot/snapshots/{path}", None),
                ("GET", f"/snapshots/{path}", None),
                ("GET", f"/collections/dot/shards/{path}/snapshots", None),
                ("GET", f"/collections/dot/points/{path}", None),
                ("DELETE", f"/collections/dot/index/{path}", None),
                ("GET", f"/{path}", None),
                ("GET", f"/dashboard/{path}", None),
            ]:
                asked += 1
                reply = ask(
                    hostile, method, target, body, codes=[200, 400, 404, 405, 414, 422, 431, 501]
                )
                if method == "PUT" and isinstance(reply, dict) and reply.get("result") is True:
                    made.append(target)
                    hostile_delete = raw_request(hostile, "DELETE", target, None)
                    assert hostile_delete[0] == 200
        for method, target, body in [
            (
                "POST",
                "/collections/aliases",
                f'{{"actions":[{{"create_alias":{{"collection_name":"dot","alias_name":{quoted}'
                f"}}}}]}}",
            ),
            ("PUT", "/collections/v", f'{{"vectors":{{{quoted}:{{"size":4,"distance":"Dot"}}}}}}'),
            (
                "PUT",
                "/collections/dot/index?wait=true",
                f'{{"field_name":{quoted},"field_schema":"keyword"}}',
            ),
            ("PUT", "/collections/dot/snapshots/recover", f'{{"location":{quoted}}}'),
            ("PUT", "/collections/dot/shards", f'{{"shard_key":{quoted}}}'),
            (
                "PUT",
                "/collections/dot/points",
                f'{{"points":[{{"id":1,"vector":[1,2,3,4]}}],"shard_key":{quoted}}}',
            ),
        ]:
            asked += 1
            ask(hostile, method, target, body, codes=[200, 400, 404, 413, 422, 501])
            raw_request(hostile, "DELETE", "/collections/v", None)
            raw_request(
                hostile,
                "POST",
                "/collections/aliases",
                f'{{"actions":[{{"delete_alias":{{"alias_name":{quoted}}}}}]}}',
            )
            raw_request(
                hostile,
                "DELETE",
                "/collections/dot/index/" + next(encodings(name)) + "?wait=true",
                None,
            )
    assert asked > 200
    after = [p for p in everything_below(outside) if not p.startswith(str(hostile.data))]
    assert after == before
    assert not os.path.exists("/tmp/rhumb_escape")
    for path in made:  # a valid name has no slash, is not only dots, and has no line break
        assert not any(bad in path.lower() for bad in ("%2f..", "%00", "%0a", "%0d")), path
    for path in everything_below(hostile.data):
        below = path[len(str(hostile.data)) :]
        assert ".." not in below and "%" not in below and "escape" not in below, path
    assert hostile.ok("GET", "/collections/dot/points/1")["id"] == 1


# --- queries ---


def test_query_bombs(hostile):
    p = "/collections/dot/points"
    one = '{"key":"n","match":{"value":1}}'
    nested = '{"must":[' * 10_000 + one + "]}" * 10_000
    wide = '{"must":[' + ",".join(['{"should":[' + one + "]}"] * 10_000) + "]}"
    ids = ",".join(map(str, range(100_000)))
    bombs = [
        (
            "/query",
            '{"query":[1,2,3,4],"params":{"hnsw_ef":1000000000}}',
            ["params.hnsw_ef", "1000000000", "65536"],
        ),
        ("/count", f'{{"filter":{nested}}}', ["128"]),
        ("/query", f'{{"query":[1,2,3,4],"filter":{nested}}}', ["128"]),
        ("/delete", f'{{"filter":{nested}}}', ["128"]),
        ("/count", f'{{"filter":{wide}}}', ["4096"]),
        (
            "/count",
            f'{{"filter":{{"must":[{{"has_id":[{ids}]}}]}}}}',
            ["has_id", "100000", "65536"],
        ),
        (
            "/count",
            f'{{"filter":{{"must":[{{"key":"n","match":{{"any":[{ids}]}}}}]}}}}',
            ["match.any", "100000", "65536"],
        ),
        (
            "/count",
            f'{{"filter":{{"must":[{{"key":"n","match":{{"except":[{ids}]}}}}]}}}}',
            ["match.except", "100000", "65536"],
        ),
        ("", f'{{"ids":[{ids}]}}', ["ids", "100000", "65536"]),
        ("/delete", f'{{"points":[{ids}]}}', ["points", "100000", "65536"]),
        (
            "/query/batch",
            '{"searches":[' + ",".join(['{"query":[1,2,3,4]}'] * 5000) + "]}",
            ["searches", "5000", "1024"],
        ),
        (
            "/batch",
            '{"operations":[' + ",".join(['{"delete":{"points":[9]}}'] * 5000) + "]}",
            ["operations", "5000", "1024"],
        ),
        (
            "/count",
            '{"filter":{"must":[{"key":"' + "a." * 300 + 'b","match":{"value":1}}]}}',
            ["filter.must[0].key", "512"],
        ),
        (
            "/count",
            '{"filter":{"must":[{"key":"' + "a[0]" * 100 + '","match":{"value":1}}]}}',
            ["filter.must[0].key"],
        ),
        ("/payload/delete", '{"points":[1],"keys":["' + "[" * 500 + '"]}', ["keys[0]"]),
    ]
    for path, body, words in bombs:
        ask(hostile, "POST", p + path, body, words)
    # A limit above the number of points returns all of them, and an offset above it returns
    # nothing.
    total = hostile.ok("POST", p + "/count", {})["count"]
    for body in (
        '{"query":[1,2,3,4],"limit":1000000000}',
        '{"query":[1,2,3,4],"limit":18446744073709551615}',
        '{"limit":18446744073709551615}',
    ):
        assert (
            len(ask(hostile, "POST", p + "/query", body, codes=[200])["result"]["points"]) == total
        )
    for body in (
        '{"query":[1,2,3,4],"offset":1000000000}',
        '{"offset":18446744073709551615,"limit":18446744073709551615}',
    ):
        assert ask(hostile, "POST", p + "/query", body, codes=[200])["result"]["points"] == []
    assert (
        len(
            ask(hostile, "POST", p + "/scroll", '{"limit":1000000000}', codes=[200])["result"][
                "points"
            ]
        )
        == total
    )
    # A request within the limits is answered, however large it is.
    most = ",".join(map(str, range(65_536)))
    for condition in (
        f'{{"has_id":[{most}]}}',
        f'{{"key":"n","match":{{"any":[{most}]}}}}',
        one + ("," + one) * 4095,
    ):
        reply = ask(
            hostile, "POST", p + "/count", f'{{"filter":{{"must":[{condition}]}}}}', codes=[200]
        )
        assert reply["result"]["count"] == 1


def test_the_size_of_an_answer_is_bounded(hostile):
    """1,024 queries for everything with vectors would return gigabytes. They are refused with the
    limit, and are not gathered until memory ends."""
    hostile.ok("PUT", "/collections/big", {"vectors": {"size": 512, "distance": "Dot"}})
    for first in range(0, 2000, 250):
        hostile.ok(
            "PUT",
            "/collections/big/points?wait=true",
            {
                "points": [
                    {"id": first + i, "vector": [0.001 * (first + i + d % 7) for d in range(512)]}
                    for i in range(250)
                ]
            },
        )
    query = json.dumps({"query": [1] * 512, "limit": 2000, "with_vector": True})
    ask(
        hostile,
        "POST",
        "/collections/big/points/query/batch",
        '{"searches":[' + ",".join([query] * 1024) + "]}",
        ["bytes"],
        [400, 413],
    )
    assert (
        len(hostile.ok("POST", "/collections/big/points/query", json.loads(query))["points"])
        == 2000
    )
    hostile.ok("DELETE", "/collections/big")


def test_a_page_ends_at_its_limit_of_bytes(hostile):
    """Points of 4 MB each: no page has more than 64 MB, and the pages together show every point
    once, over two shards."""
    count, large = 90, "x" * 4_000_000
    hostile.ok(
        "PUT", "/collections/large", {"vectors": {"size": 4, "distance": "Dot"}, "shard_number": 2}
    )
    p = "/collections/large/points"
    for i in range(0, count, 6):
        hostile.ok(
            "PUT",
            p + "?wait=true",
            {
                "points": [
                    {"id": i + k, "vector": [1, 2, 3, 4], "payload": {"large": large}}
                    for k in range(6)
                ]
            },
        )
    ask(
        hostile,
        "POST",
        p,
        json.dumps({"ids": list(range(count)), "with_payload": True}),
        ["67108864", "fewer"],
        [413],
    )
    ask(
        hostile,
        "POST",
        p + "/query",
        json.dumps({"query": [1, 2, 3, 4], "limit": count, "with_payload": True}),
        ["67108864", "fewer"],
        [413],
    )
    seen, pages, offset = [], 0, None
    while pages == 0 or offset is not None:
        page = hostile.ok(
            "POST", p + "/scroll", {"limit": count, "offset": offset, "with_payload": True}
        )
        assert page["points"]
        seen += [point["id"] for point in page["points"]]
        pages, offset = pages + 1, page["next_page_offset"]
    assert seen == list(range(count))
    assert pages > 1
    hostile.ok("DELETE", "/collections/large")
