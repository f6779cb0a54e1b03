"""All paths of the protocol (53 in the OpenAPI of 1.19), older ones, and Rhumb's own: each works,
or is refused with a 501 that names it."""
import pytest

C = "/collections/{c}"
S = C + "/shards/0/snapshots"
VECTOR = [0.1, 0.2, 0.3, 0.4]

# method, path, body, a check of the result; None = must be a 501, a number = must be that status
PATHS = [
    (
        "/",
        "GET",
        None,
        lambda r: r["version"].startswith("1.19.") and r["title"].startswith("rhumb"),
    ),
    ("/healthz", "GET", None, lambda r: "passed" in r),
    ("/livez", "GET", None, lambda r: "passed" in r),
    ("/readyz", "GET", None, lambda r: r == "all shards are ready"),
    ("/metrics", "GET", None, lambda r: "# TYPE" in r),
    ("/telemetry", "GET", None, lambda r: r["app"]["name"] == "rhumb"),
    ("/issues", "GET", None, lambda r: r == {"issues": []}),
    ("/issues", "DELETE", None, lambda r: r is True),
    ("/cluster", "GET", None, lambda r: r == {"status": "disabled"}),
    ("/cluster/telemetry", "GET", None, None),
    ("/cluster/recover", "POST", None, None),
    ("/cluster/peer/7", "DELETE", None, None),
    ("/quotas", "GET", None, None),
    ("/quotas", "PUT", {}, None),
    ("/collections", "GET", None, lambda r: {"name": "paths"} in r["collections"]),
    (C, "GET", None, lambda r: r["points_count"] == 3),
    (C, "PATCH", {"metadata": {"k": 1}}, lambda r: r is True),
    (C + "/exists", "GET", None, lambda r: r == {"exists": True}),
    (
        "/collections/aliases",
        "POST",
        {"actions": [{"create_alias": {"collection_name": "paths", "alias_name": "paths_alias"}}]},
        lambda r: r is True,
    ),
    (
        "/aliases",
        "GET",
        None,
        lambda r: {"alias_name": "paths_alias", "collection_name": "paths"} in r["aliases"],
    ),
    (
        C + "/aliases",
        "GET",
        None,
        lambda r: r["aliases"] == [{"alias_name": "paths_alias", "collection_name": "paths"}],
    ),
    (
        C + "/index?wait=true",
        "PUT",
        {"field_name": "k", "field_schema": "keyword"},
        lambda r: r["status"] == "completed",
    ),
    (C + "/index/k?wait=true", "DELETE", None, lambda r: r["status"] == "completed"),
    (C + "/vectors/new", "PUT", {"dense": {"size": 4, "distance": "Dot"}}, None),
    (C + "/vectors/new", "DELETE", None, None),
    (
        C + "/cluster",
        "GET",
        None,
        lambda r: r["shard_count"] == 1 and r["local_shards"][0]["state"] == "Active",
    ),
    (
        C + "/cluster",
        "POST",
        {"move_shard": {"shard_id": 0, "from_peer_id": 1, "to_peer_id": 2}},
        None,
    ),
    (
        C + "/optimizations",
        "GET",
        None,
        lambda r: r["running"] == [] and r["summary"]["queued_optimizations"] == 0,
    ),
    (C + "/shards", "GET", None, None),
    (C + "/shards", "PUT", {"shard_key": "a"}, None),
    (C + "/shards/delete", "POST", {"shard_key": "a"}, None),
    (C + "/snapshots", "GET", None, lambda r: r == []),
    (C + "/snapshots", "POST", {}, lambda r: r["name"].endswith(".snapshot")),
    (C + "/snapshots/s", "GET", None, 404),
    (C + "/snapshots/s", "DELETE", None, 404),
    (C + "/snapshots/recover", "PUT", {"location": "file:///x"}, 400),
    (C + "/snapshots/upload", "POST", None, 400),
    (S, "GET", None, lambda r: r == []),
    (S, "POST", {}, lambda r: r["name"].endswith(".snapshot")),
    (S + "/s", "GET", None, 404),
    (S + "/s", "DELETE", None, 404),
    (S + "/recover", "PUT", {"location": "file:///x"}, 400),
    (S + "/upload", "POST", None, 400),
    (C + "/shards/0/snapshot", "GET", None, None),
    ("/snapshots", "GET", None, lambda r: r == []),
    ("/snapshots", "POST", {}, lambda r: r["name"].endswith(".snapshot")),
    ("/snapshots/s", "GET", None, 404),
    ("/snapshots/s", "DELETE", None, 404),
    (
        C + "/points?wait=true",
        "PUT",
        {"points": [{"id": 9, "vector": VECTOR}]},
        lambda r: r["status"] == "completed",
    ),
    (C + "/points", "POST", {"ids": [9]}, lambda r: [p["id"] for p in r] == [9]),
    (C + "/points/9", "GET", None, lambda r: r["id"] == 9 and len(r["vector"]) == 4),
    (
        C + "/points/payload?wait=true",
        "POST",
        {"payload": {"a": 1}, "points": [9]},
        lambda r: r["status"] == "completed",
    ),
    (
        C + "/points/payload?wait=true",
        "PUT",
        {"payload": {"b": 1}, "points": [9]},
        lambda r: r["status"] == "completed",
    ),
    (
        C + "/points/payload/delete?wait=true",
        "POST",
        {"keys": ["b"], "points": [9]},
        lambda r: r["status"] == "completed",
    ),
    (
        C + "/points/payload/clear?wait=true",
        "POST",
        {"points": [9]},
        lambda r: r["status"] == "completed",
    ),
    (
        C + "/points/vectors?wait=true",
        "PUT",
        {"points": [{"id": 9, "vector": VECTOR}]},
        lambda r: r["status"] == "completed",
    ),
    (
        C + "/points/vectors/delete?wait=true",
        "POST",
        {"points": [9], "vector": [""]},
        lambda r: r["status"] == "completed",
    ),
    (
        C + "/points/batch?wait=true",
        "POST",
        {"operations": [{"delete": {"points": [9]}}]},
        lambda r: [x["status"] for x in r] == ["completed"],
    ),
    (C + "/points/delete?wait=true", "POST", {"points": [9]}, lambda r: r["status"] == "completed"),
    (
        C + "/points/scroll",
        "POST",
        {"limit": 2},
        lambda r: [p["id"] for p in r["points"]] == [1, 2] and r["next_page_offset"] == 3,
    ),
    (C + "/points/count", "POST", {"exact": True}, lambda r: r == {"count": 3}),
    (C + "/facet", "POST", {"key": "n"}, None),
    (
        C + "/points/query",
        "POST",
        {"query": VECTOR, "limit": 2},
        lambda r: len(r["points"]) == 2 and "version" in r["points"][0],
    ),
    (C + "/points/query", "POST", {"limit": 2}, lambda r: [p["id"] for p in r["points"]] == [1, 2]),
    (
        C + "/points/query/batch",
        "POST",
        {"searches": [{"query": VECTOR}, {"query": 1}]},
        lambda r: [len(x["points"]) for x in r] == [3, 2],
    ),
    (C + "/points/query/groups", "POST", {"query": VECTOR, "group_by": "n"}, None),
    (C + "/points/search/matrix/pairs", "POST", {}, None),
    (C + "/points/search/matrix/offsets", "POST", {}, None),
    # Older than 1.19.
    (C + "/points/search", "POST", {"vector": VECTOR, "limit": 2}, lambda r: len(r) == 2),
    (
        C + "/points/search",
        "POST",
        {"vector": {"name": "", "vector": VECTOR}, "limit": 2},
        lambda r: len(r) == 2,
    ),
    (
        C + "/points/search/batch",
        "POST",
        {"searches": [{"vector": VECTOR, "limit": 1}]},
        lambda r: [len(x) for x in r] == [1],
    ),
    (C + "/points/search/groups", "POST", {}, None),
    (C + "/points/recommend", "POST", {"positive": [1]}, None),
    (C + "/points/recommend/batch", "POST", {}, None),
    (C + "/points/recommend/groups", "POST", {}, None),
    (C + "/points/discover", "POST", {}, None),
    (C + "/points/discover/batch", "POST", {}, None),
    # Rhumb's own.
    (
        "/plugins",
        "GET",
        None,
        lambda r: {"consensus_raft", "index_hnsw", "storage_wal"}
        <= {p["id"] for p in r["plugins"]},
    ),
    ("/plugins/index_hnsw", "GET", None, lambda r: r["status"] == "loaded"),
    (C + "/verify", "GET", None, lambda r: r["ok"] is True and r["points"] == 3),
    (
        C + "/contract",
        "GET",
        None,
        lambda r: r["asked"]["recall"] is None and r["measured"]["samples"] == 0,
    ),
    (C + "/import", "POST", '{"id": 3, "vector": [1, 0, 0, 0]}\n', lambda r: r["points"] == 1),
    (C + "/export", "GET", None, lambda r: r.count("\n") == 3),
    ("/auth/register", "POST", {}, None),
    ("/auth/keys", "GET", None, None),
    ("/openapi.json", "GET", None, None),
    ("/docs", "GET", None, None),
]


@pytest.fixture(scope="module")
def paths(server):
    server.ok("PUT", "/collections/paths", {"vectors": {"size": 4, "distance": "Cosine"}})
    server.ok(
        "PUT",
        "/collections/paths/points?wait=true",
        {"points": [{"id": i, "vector": [i, 1, 0, 0], "payload": {"n": i}} for i in (1, 2, 3)]},
    )
    yield server
    assert server.ok("DELETE", "/collections/paths") is True


def test_every_path_works_or_names_itself(paths):
    for path, method, body, check in PATHS:
        path = path.replace("{c}", "paths")
        status, reply, _ = paths.request(method, path, body)
        where = f"{method} {path} -> {status} {reply}"
        if check is None:
            assert status == 501 and "Not implemented: " in reply["status"]["error"], where
        elif isinstance(check, int):
            assert status == check, where
        else:
            assert status == 200, where
            enveloped = isinstance(reply, dict) and "result" in reply
            assert check(reply["result"] if enveloped else reply), where


def test_the_list_has_the_53_paths_of_the_protocol():
    """The list above covers the OpenAPI's 53 paths, with parameters replaced, queries cut off, and
    without the older paths and Rhumb's own."""
    ours = (
        "/plugins",
        "/auth",
        "/openapi",
        "/docs",
        C + "/verify",
        C + "/contract",
        C + "/import",
        C + "/export",
    )
    older = (
        C + "/points/recommend",
        C + "/points/discover",
        C + "/points/search/groups",
        C + "/points/search/batch",
    )
    names = {p.split("?")[0] for p, *_ in PATHS}
    protocol = {p for p in names if not p.startswith(ours + older) and p != C + "/points/search"}
    assert len(protocol) == 53, sorted(protocol)


def test_unknown_paths_and_methods(paths):
    assert paths.request("GET", "/nothing/here")[0] == 404
    status, _, headers = paths.request("DELETE", "/collections/paths/points/scroll")
    assert status == 405 and "POST" in headers["Allow"] and "DELETE" not in headers["Allow"]
    assert paths.request("GET", "/collections/paths/")[0] == 200, "a trailing slash is trimmed"
    status, reply, _ = paths.request("GET", "/collections/none")
    assert (
        status == 404 and reply["status"]["error"] == "Not found: Collection `none` doesn't exist!"
    )
    status, reply, _ = paths.request("GET", "/collections/paths/points/77")
    assert (
        status == 404 and reply["status"]["error"] == "Not found: Point with id 77 does not exists!"
    )


UNSERVED_BODIES = [
    (
        "PUT",
        "/collections/unserved",
        {"vectors": {}, "sparse_vectors": {"s": {}}},
        "sparse vectors",
    ),
    (
        "PUT",
        "/collections/unserved",
        {"vectors": {"size": 4, "distance": "Dot"}, "sharding_method": "custom"},
        "custom sharding",
    ),
    ("PUT", "/collections/paths/index", {"field_name": "t", "field_schema": "text"}, "text index"),
    (
        "PUT",
        "/collections/paths/points",
        {"points": [{"id": 1, "vector": {"indices": [1], "values": [1.0]}}]},
        "sparse vectors",
    ),
    (
        "PUT",
        "/collections/paths/points",
        {"points": [{"id": 1, "vector": {"text": "x", "model": "m"}}]},
        "inference",
    ),
    ("POST", "/collections/paths/points/scroll", {"order_by": "n"}, "order_by"),
    (
        "POST",
        "/collections/paths/points/query",
        {"prefetch": [{"query": VECTOR}], "query": {"fusion": "rrf"}},
        "prefetch",
    ),
    ("POST", "/collections/paths/points/query", {"query": {"fusion": "rrf"}}, "fusion"),
    (
        "POST",
        "/collections/paths/points/query",
        {"query": {"recommend": {"positive": [1]}}},
        "recommend",
    ),
    ("POST", "/collections/paths/points/query", {"query": {"nearest": VECTOR, "mmr": {}}}, "mmr"),
    ("POST", "/collections/paths/points/query", {"query": {"sample": "random"}}, "sample"),
    (
        "POST",
        "/collections/paths/points/query",
        {"query": VECTOR, "lookup_from": {"collection": "paths"}},
        "lookup_from",
    ),
    (
        "POST",
        "/collections/paths/points/count",
        {"filter": {"must": [{"key": "t", "match": {"text": "x"}}]}},
        "full-text",
    ),
    (
        "POST",
        "/collections/paths/points/count",
        {
            "filter": {
                "must": [{"key": "g", "geo_radius": {"center": {"lon": 1, "lat": 1}, "radius": 5}}]
            }
        },
        "geo",
    ),
    (
        "POST",
        "/collections/paths/points/count",
        {"filter": {"must": [{"slice": {"total": 2, "index": 0}}]}},
        "slice",
    ),
]


@pytest.mark.parametrize(
    "method, path, body, feature",
    UNSERVED_BODIES,
    ids=[f[3] + str(i) for i, f in enumerate(UNSERVED_BODIES)],
)
def test_body_features_name_themselves(paths, method, path, body, feature):
    status, reply, _ = paths.request(method, path, body)
    assert status == 501 and feature in reply["status"]["error"], (status, reply)
