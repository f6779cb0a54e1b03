"""The server does exactly what a request says: names and aliases, whole numbers, vectors of one id,
limits, stored settings."""
import threading
import time

import pytest

DOT2 = {"size": 2, "distance": "Dot"}


def make(server, collection, body):
    server.request("DELETE", f"/collections/{collection}")
    server.ok("PUT", f"/collections/{collection}", body)


def scroll_ids(server, collection, *conditions, limit=1000):
    page = server.ok(
        "POST",
        f"/collections/{collection}/points/scroll",
        {"limit": limit, "filter": {"must": list(conditions)}},
    )
    return [p["id"] for p in page["points"]]


def test_create_and_drop_take_no_alias_for_the_name(server):
    make(server, "real", {"vectors": DOT2, "shard_number": 2})
    server.ok(
        "PUT",
        "/collections/real/points?wait=true",
        {"points": [{"id": i, "vector": [1, i]} for i in range(12)]},
    )
    server.ok(
        "POST",
        "/collections/aliases",
        {"actions": [{"create_alias": {"collection_name": "real", "alias_name": "nick"}}]},
    )
    assert server.ok("DELETE", "/collections/nick") is False
    status, reply, _ = server.request("PUT", "/collections/nick", {"vectors": DOT2})
    assert status == 409 and "nick" in reply["status"]["error"], reply
    assert server.ok("POST", "/collections/nick/points/count", {})["count"] == 12
    assert server.ok("PATCH", "/collections/nick", {"metadata": {"via": "alias"}}) is True
    assert (
        server.ok(
            "PUT",
            "/collections/nick/index?wait=true",
            {"field_name": "a", "field_schema": "keyword"},
        )["status"]
        == "completed"
    )
    info = server.ok("GET", "/collections/real")
    assert info["config"]["metadata"] == {"via": "alias"} and "a" in info["payload_schema"]
    server.ok("DELETE", "/collections/nick/index/a?wait=true")
    assert server.ok("DELETE", "/collections/real") is True
    assert server.ok("GET", "/collections/nick/exists") == {"exists": False}


@pytest.mark.parametrize("index", [None, "integer", "float", "keyword"])
def test_whole_numbers_are_compared_exactly(server, index):
    make(server, "whole", {"vectors": DOT2, "shard_number": 2})
    base = 2**61 + 5
    values = [base - 1, base, base + 1, -base, -base - 1, 2**63 - 1, -(2**63), 2**64 - 1, 0]
    if index:
        server.ok(
            "PUT", "/collections/whole/index?wait=true", {"field_name": "n", "field_schema": index}
        )
        server.ok(
            "PUT",
            "/collections/whole/index?wait=true",
            {"field_name": "of[].n", "field_schema": index},
        )
    points = [
        {"id": i, "vector": [1, 1], "payload": {"n": v, "of": [{"n": v}, {"m": 1}]}}
        for i, v in enumerate(values)
    ]
    server.ok("PUT", "/collections/whole/points?wait=true", {"points": points})
    bounds = [*values, base + 0.5, 2.0**61, 1e19, 0.5]
    for bound in bounds:
        for name, test in (
            ("gt", lambda v: v > bound),
            ("gte", lambda v: v >= bound),
            ("lt", lambda v: v < bound),
            ("lte", lambda v: v <= bound),
        ):
            wanted = [i for i, v in enumerate(values) if test(v)]
            condition = {"key": "n", "range": {name: bound}}
            assert scroll_ids(server, "whole", condition) == wanted, condition
            assert (
                scroll_ids(
                    server, "whole", {"nested": {"key": "of", "filter": {"must": [condition]}}}
                )
                == wanted
            ), condition
    for i, v in enumerate(values):
        assert scroll_ids(server, "whole", {"key": "n", "match": {"value": v}}) == [i]
        assert scroll_ids(
            server, "whole", {"key": "n", "match": {"except": [w for w in values if w != v]}}
        ) == [i]
    stored = server.ok("POST", "/collections/whole/points", {"ids": list(range(len(values)))})
    assert [p["payload"]["n"] for p in stored] == values
    server.ok("DELETE", "/collections/whole")


@pytest.mark.parametrize("wait", ["true", "false"])
@pytest.mark.parametrize("batch", [False, True])
def test_vectors_of_one_id_in_several_entries(server, wait, batch):
    make(server, "models", {"vectors": {"a": DOT2, "b": DOT2, "c": DOT2}, "shard_number": 3})
    p = "/collections/models/points"
    server.ok(
        "PUT",
        p + "?wait=true",
        {"points": [{"id": i, "vector": {}, "payload": {"i": i}} for i in range(6)]},
    )

    def update(points, path=p + "/vectors"):
        body = {"points": points}
        if batch:
            return server.request(
                "POST", f"{p}/batch?wait={wait}", {"operations": [{"update_vectors": body}]}
            )
        return server.request("PUT", f"{path}?wait={wait}", body)

    status, reply, _ = update(
        [{"id": i, "vector": {n: [i, k]}} for k, n in enumerate("abc") for i in range(6)]
        + [{"id": 3, "vector": {"a": [9, 9]}}]
    )
    assert status == 200, reply
    # A read through this gateway sees what was acknowledged with wait=true. After wait=false this
    # write comes first.
    server.ok("POST", p + "/payload?wait=true", {"payload": {"done": 1}, "points": list(range(6))})
    for point in server.ok("POST", p, {"ids": list(range(6)), "with_vector": True}):
        i = point["id"]
        assert point["vector"] == {"a": [9, 9] if i == 3 else [i, 0], "b": [i, 1], "c": [i, 2]}
    status, reply, _ = update(
        [{"id": 2, "vector": {"a": [5, 5]}}, {"id": 4711, "vector": {"a": [5, 5]}}]
    )
    assert status == 404 and "4711" in reply["status"]["error"], reply
    assert server.ok("POST", p, {"ids": [2], "with_vector": ["a"]})[0]["vector"] == {
        "a": [2, 0]
    }, "nothing of it was done"
    assert server.ok("POST", p + "/count", {})["count"] == 6
    server.ok("DELETE", "/collections/models")


def test_a_batch_sees_its_own_points(server):
    make(server, "own", {"vectors": DOT2})
    server.ok(
        "POST",
        "/collections/own/points/batch?wait=true",
        {
            "operations": [
                {"upsert": {"points": [{"id": 1, "vector": [1, 1]}]}},
                {"update_vectors": {"points": [{"id": 1, "vector": [2, 2]}]}},
            ]
        },
    )
    assert server.ok("POST", "/collections/own/points", {"ids": [1], "with_vector": True})[0][
        "vector"
    ] == [2, 2]
    status, reply, _ = server.request(
        "POST",
        "/collections/own/points/batch?wait=true",
        {
            "operations": [
                {"delete": {"points": [1]}},
                {"update_vectors": {"points": [{"id": 1, "vector": [3, 3]}]}},
            ]
        },
    )
    assert status == 404, reply
    assert server.ok("POST", "/collections/own/points/count", {})["count"] == 1
    server.ok("DELETE", "/collections/own")


def test_settings_are_kept_and_shown(server):
    vectors = {
        "v": {
            **DOT2,
            "memory": "cold",
            "quantization": {"binary": {"memory": "pinned"}},
            "hnsw_config": {"m": 8, "memory": "cached"},
        }
    }
    make(
        server,
        "kept",
        {
            "vectors": vectors,
            "payload": {"memory": "cached"},
            "quantization": {"scalar": {"type": "int8"}},
            "metadata": {"a": 1, "b": {"c": None}},
        },
    )
    server.ok("PATCH", "/collections/kept", {"metadata": {"a": None, "d": [1]}})
    config = server.ok("GET", "/collections/kept")["config"]
    shown = config["params"]["vectors"]["v"]
    assert shown == {
        **DOT2,
        "memory": "cold",
        "quantization_config": {"binary": {"memory": "pinned"}},
        "hnsw_config": {"m": 8, "memory": "cached"},
    }
    assert config["params"]["payload"] == {"memory": "cached"}
    assert config["quantization_config"] == {"scalar": {"type": "int8"}}
    assert config["metadata"] == {"b": {"c": None}, "d": [1]}
    server.ok("DELETE", "/collections/kept")


def test_the_indexing_threshold_is_obeyed(server):
    """0 turns graphs off. 4 KB are 512 vectors of two floats, which are so few that the server
    would not begin a graph by itself."""
    points = {"points": [{"id": i, "vector": [i % 37, i % 11]} for i in range(2000)]}
    for threshold, indexed in ((0, False), (4, True), (None, False)):
        make(
            server,
            "early",
            {"vectors": DOT2, "optimizers_config": {"indexing_threshold": threshold}},
        )
        server.ok("PUT", "/collections/early/points?wait=true", points)
        info, end = server.ok("GET", "/collections/early"), time.monotonic() + 60
        while (
            info["status"] != "green" or (info["indexed_vectors_count"] >= 2000) != indexed
        ) and time.monotonic() < end:
            time.sleep(0.02)  # the server has no event for a finished graph
            info = server.ok("GET", "/collections/early")
        assert (info["indexed_vectors_count"] >= 2000) == indexed, (
            threshold,
            info["indexed_vectors_count"],
        )
        assert info["config"]["optimizer_config"]["indexing_threshold"] == (
            10000 if threshold is None else threshold
        )
    server.ok("DELETE", "/collections/early")


def test_filters_without_an_index_are_named(server):
    make(server, "shop", {"vectors": DOT2, "shard_number": 2})
    server.ok(
        "PUT",
        "/collections/shop/points?wait=true",
        {"points": [{"id": 1, "vector": [1, 1], "payload": {"price": 3, "tags": ["x"]}}]},
    )
    assert "warnings" not in server.ok("GET", "/collections/shop")
    condition = {
        "must": [{"key": "price", "range": {"gt": 1}}, {"key": "tags", "match": {"value": "x"}}]
    }
    assert server.ok(
        "POST", "/collections/shop/points/query", {"query": [1, 1], "filter": condition}
    )["points"]
    texts = [w["message"] for w in server.ok("GET", "/collections/shop")["warnings"]]
    assert (
        len(texts) == 2
        and "`price`" in texts[0]
        and "integer or float" in texts[0]
        and "`tags`" in texts[1]
        and "keyword" in texts[1]
    ), texts
    server.ok(
        "PUT", "/collections/shop/index?wait=true", {"field_name": "price", "field_schema": "float"}
    )
    texts = [w["message"] for w in server.ok("GET", "/collections/shop")["warnings"]]
    assert len(texts) == 1 and "`tags`" in texts[0], texts
    server.ok("DELETE", "/collections/shop")


def test_a_ready_server_stays_ready(server):
    stop, seen = threading.Event(), []

    def watch():
        while not stop.is_set():
            seen.append(server.request("GET", "/readyz")[0])

    watcher = threading.Thread(target=watch)
    watcher.start()
    for i in range(12):
        make(server, f"beside{i}", {"vectors": DOT2, "shard_number": 1 + i % 4})
    stop.set()
    watcher.join()
    for i in range(12):
        server.ok("DELETE", f"/collections/beside{i}")
    assert set(seen) == {200}, {code: seen.count(code) for code in set(seen)}


def test_points_without_vectors_in_every_form(server):
    make(server, "bare", {"vectors": None})
    server.ok(
        "PUT",
        "/collections/bare/points?wait=true",
        {"points": [{"id": 1, "vector": {}, "payload": {"k": 1}}]},
    )
    server.ok(
        "PUT",
        "/collections/bare/points?wait=true",
        {"batch": {"ids": [2], "vectors": {}, "payloads": [{"k": 2}]}},
    )
    assert scroll_ids(server, "bare", {"key": "k", "range": {"gte": 1}}) == [1, 2]
    server.ok("DELETE", "/collections/bare")


@pytest.mark.parametrize("vector", [[0, 256], [0, -1], [0, 0.5], [0, 1e6]])
def test_components_of_uint8_vectors_are_whole_numbers_of_a_byte(server, vector):
    make(server, "bytes", {"vectors": {**DOT2, "datatype": "uint8"}})
    for body in (
        {"points": [{"id": 1, "vector": vector}]},
        {"batch": {"ids": [1], "vectors": [vector]}},
    ):
        status, reply, _ = server.request("PUT", "/collections/bytes/points?wait=true", body)
        assert (
            status == 400
            and "[1]" in reply["status"]["error"]
            and "0 to 255" in reply["status"]["error"]
        ), reply
    assert server.ok("POST", "/collections/bytes/points/count", {})["count"] == 0
    server.ok("DELETE", "/collections/bytes")
