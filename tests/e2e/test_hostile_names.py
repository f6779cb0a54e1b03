"""Names made to escape the data directory: nothing leaves it, and the server goes on."""
import json
import os
import pathlib

from attack import ask
from rhumbd import raw_request

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


def requests_with(path):
    """Requests with the name, encoded, in their path."""
    return [
        ("PUT", f"/collections/{path}", json.dumps({"vectors": {"size": 4, "distance": "Dot"}})),
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
    ]


def requests_about(quoted):
    """Requests with the name as a JSON string in their body."""
    return [
        (
            "POST",
            "/collections/aliases",
            '{"actions":[{"create_alias":{"collection_name":"dot","alias_name":' + quoted + "}}]}",
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
    ]


def test_no_name_leaves_the_data_directory(hostile):
    outside = hostile.data.parent
    before = [p for p in everything_below(outside) if not p.startswith(str(hostile.data))]
    made, asked = [], 0
    for name in ESCAPES:
        quoted = json.dumps(name)
        for path in encodings(name):
            for method, target, body in requests_with(path):
                asked += 1
                reply = ask(
                    hostile, method, target, body, codes=[200, 400, 404, 405, 414, 422, 431, 501]
                )
                if method == "PUT" and isinstance(reply, dict) and reply.get("result") is True:
                    made.append(target)
                    assert raw_request(hostile, "DELETE", target, None)[0] == 200
        for method, target, body in requests_about(quoted):
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
