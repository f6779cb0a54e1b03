"""Writes that depend on the stored points. Each has its effect, is answered with the number of
points that it changed, and happens once however often its request is sent."""
import threading

import pytest
from qdrant_client import QdrantClient, models

OLD = {"must": [{"key": "year", "range": {"lt": 1900}}]}
IDS = list(range(1, 21))  # over all shards

# Twenty books, of which the first ten are from before 1900: name, method, path, body, number of
# changed points.
REQUESTS = [
    ("upsert", "PUT", "", {"points": [{"id": 3, "vector": [0, 1], "payload": {"year": 2001}}]}, 1),
    (
        "insert only",
        "PUT",
        "",
        {"points": [{"id": i, "vector": [0, 1]} for i in (4, 777)], "update_mode": "insert_only"},
        1,
    ),
    (
        "update only",
        "PUT",
        "",
        {"points": [{"id": i, "vector": [0, 1]} for i in (5, 888)], "update_mode": "update_only"},
        1,
    ),
    (
        "update filter",
        "PUT",
        "",
        {
            "points": [{"id": i, "vector": [0, 1], "payload": {"year": 2002}} for i in IDS],
            "update_filter": OLD,
        },
        10,
    ),
    ("set payload", "POST", "/payload", {"payload": {"shelf": "a"}, "points": [1, 2, 2, 999]}, 2),
    ("set payload by filter", "POST", "/payload", {"payload": {"year": 1950}, "filter": OLD}, 10),
    (
        "overwrite payload by filter",
        "PUT",
        "/payload",
        {"payload": {"seen": True}, "filter": OLD},
        10,
    ),
    ("delete payload by filter", "POST", "/payload/delete", {"keys": ["year"], "filter": OLD}, 10),
    ("clear payload by filter", "POST", "/payload/clear", {"filter": OLD}, 10),
    ("vectors", "PUT", "/vectors", {"points": [{"id": 6, "vector": [5, 5]}]}, 1),
    ("delete vectors by filter", "POST", "/vectors/delete", {"vector": [""], "filter": OLD}, 10),
    ("delete", "POST", "/delete", {"points": [7, 7, 8, 999]}, 2),
    ("delete by filter", "POST", "/delete", {"filter": OLD}, 10),
    (
        "batch",
        "POST",
        "/batch",
        {
            "operations": [
                {"set_payload": {"payload": {"year": 1800}, "points": IDS}},
                {"delete": {"filter": OLD}},
            ]
        },
        [20, 20],
    ),
]


def shelve(server, name):
    points = [
        {"id": i, "vector": [i, 1], "payload": {"year": 1880 if i <= 10 else 1990}} for i in IDS
    ]
    server.ok("PUT", f"/collections/{name}/points?wait=true", {"points": points})
    server.ok("POST", f"/collections/{name}/points/delete?wait=true", {"points": [777]})


def stored(server, name):
    return server.ok(
        "POST",
        f"/collections/{name}/points/scroll",
        {"limit": 100, "with_payload": True, "with_vector": True},
    )["points"]


def send(server, name, number, wait="true"):
    _, method, path, body, _ = REQUESTS[number]
    status, reply, _ = server.request(
        method,
        f"/collections/{name}/points{path}?wait={wait}",
        body,
        {"X-Request-Id": f"{name}-{wait}-{number}"},
    )
    assert status == 200, reply
    return reply["result"]


def affected(result):
    return [r["affected"] for r in result] if isinstance(result, list) else result["affected"]


@pytest.mark.parametrize("shards", [1, 3])
def test_a_request_sent_again_is_carried_out_once(fresh, shards):
    server = fresh()
    server.ok(
        "PUT",
        "/collections/books",
        {"vectors": {"size": 2, "distance": "Dot"}, "shard_number": shards},
    )
    first = []
    for number, (what, *_, changed) in enumerate(REQUESTS):
        shelve(server, "books")
        before = stored(server, "books")
        first.append(send(server, "books", number))
        assert affected(first[-1]) == changed, what
        send(server, "books", number, wait="false")
        shelve(server, "books")
        assert send(server, "books", number) == first[-1], what
        send(server, "books", number, wait="false")
        assert stored(server, "books") == before, what
    server.kill()
    server.start()
    shelve(server, "books")
    before = stored(server, "books")
    for number, (what, *_) in enumerate(REQUESTS):
        assert send(server, "books", number) == first[number], what
        send(server, "books", number, wait="false")
        assert stored(server, "books") == before, what
    assert server.ok("GET", "/collections/books/verify")["ok"] is True
    assert server.stop() == 0, server.log_tail()


@pytest.mark.parametrize("wait", ["true", "false"])
def test_new_vectors_sent_again_after_their_point_was_deleted(server, name, wait):
    server.ok("PUT", f"/collections/{name}", {"vectors": {"size": 2, "distance": "Dot"}})
    server.ok(
        "PUT", f"/collections/{name}/points?wait=true", {"points": [{"id": 1, "vector": [1, 1]}]}
    )

    def send(headers):
        body = {"points": [{"id": 1, "vector": [2, 2]}]}
        return server.request(
            "PUT", f"/collections/{name}/points/vectors?wait={wait}", body, headers
        )

    first = send({"X-Request-Id": f"{name}-vectors"})
    assert first[0] == 200, first
    server.ok("POST", f"/collections/{name}/points/delete?wait=true", {"points": [1]})
    again = send({"X-Request-Id": f"{name}-vectors"})
    assert again[0] == 200 and again[1]["result"] == first[1]["result"], (first, again)
    assert send({"X-Request-Id": f"{name}-another"})[0] == 404
    assert send({})[0] == 404
    assert server.ok("POST", f"/collections/{name}/points/count", {"exact": True})["count"] == 0


def test_another_body_under_the_same_id_is_another_request(server, name):
    server.ok("PUT", f"/collections/{name}", {"vectors": {"size": 2, "distance": "Dot"}})
    for year in (1, 2):
        body = {"points": [{"id": 1, "vector": [1, 1], "payload": {"year": year}}]}
        assert (
            server.request(
                "PUT", f"/collections/{name}/points?wait=true", body, {"X-Request-Id": "trace"}
            )[0]
            == 200
        )
        assert stored(server, name)[0]["payload"] == {"year": year}


def test_an_import_sent_again_is_carried_out_once(fresh):
    server = fresh()
    server.ok(
        "PUT", "/collections/books", {"vectors": {"size": 2, "distance": "Dot"}, "shard_number": 2}
    )
    lines = "".join(
        f'{{"id": {i}, "vector": [{i}, 1], "payload": {{"year": 1900}}}}\n' for i in range(1300)
    )

    def send(text, request_id="import-1"):
        headers = {"X-Request-Id": request_id, "Content-Type": "application/x-ndjson"}
        status, reply, _ = server.request("POST", "/collections/books/import", text, headers)
        assert status == 200, reply
        return reply["result"]["points"]

    def recent():
        return server.ok(
            "POST",
            "/collections/books/points/count",
            {"filter": {"must": [{"key": "year", "range": {"gt": 1900}}]}},
        )["count"]

    assert send(lines) == 1300
    server.ok(
        "POST",
        "/collections/books/points/payload?wait=true",
        {"payload": {"year": 2000}, "points": [5, 700, 1299]},
    )
    assert send(lines) == 1300 and recent() == 3
    server.kill()
    server.start()
    assert send(lines) == 1300 and recent() == 3
    # The batches before it are the same.
    assert send(lines.replace("[1299, 1]", "[1299, 2]")) == 1300
    assert recent() == 2
    assert send(lines, "import-2") == 1300 and recent() == 0


def test_no_increment_of_many_clients_is_lost(server, name):
    """Each client raises a counter by compare and swap, and learns from `affected` whether it was
    the one that did."""
    path = f"/collections/{name}/points?wait=true"
    server.ok("PUT", f"/collections/{name}", {"vectors": {"size": 2, "distance": "Dot"}})
    server.ok("PUT", path, {"points": [{"id": 1, "vector": [1, 1], "payload": {"n": 0}}]})
    done = []

    def client():
        for _ in range(25):
            while True:
                n = server.ok(
                    "POST", f"/collections/{name}/points", {"ids": [1], "with_payload": True}
                )[0]["payload"]["n"]
                point = {"id": 1, "vector": [1, 1], "payload": {"n": n + 1}}
                swap = {
                    "points": [point],
                    "update_mode": "update_only",
                    "update_filter": {"must": [{"key": "n", "match": {"value": n}}]},
                }
                if server.ok("PUT", path, swap)["affected"] == 1:
                    done.append(n + 1)
                    break

    clients = [threading.Thread(target=client) for _ in range(4)]
    [c.start() for c in clients]
    [c.join() for c in clients]
    assert sorted(done) == list(range(1, 101))


def test_qdrant_client_reads_the_answers(server, name):
    client = QdrantClient(url=server.url)
    client.create_collection(
        name, vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT)
    )
    done = client.upsert(
        name, [models.PointStruct(id=1, vector=[1, 2], payload={"a": 1})], wait=True
    )
    assert done.status == models.UpdateStatus.COMPLETED
    assert (
        client.delete(
            name,
            models.Filter(must=[models.FieldCondition(key="a", match=models.MatchValue(value=1))]),
        ).operation_id
        is not None
    )
