"""Multivectors (max_sim) through the Python client: they are written, shown and searched, the graph
finds what comparing all finds, and they are complete after kill -9."""
import json
import os
import random
import subprocess
import time
import urllib.request

import numpy as np
import pytest
from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse

from rhumbd import BIN, Rhumbd

DIM = 32
SEED = 20261128
POINTS = 40_000 if os.environ.get("RHUMB_E2E_MODE") == "soak" else 8_000


class Documents:
    """Rows as late-interaction models make them: each document near a few of many topics, which lie
    in few directions of the space."""

    def __init__(self, seed=SEED, topics=300, rank=12):
        self.rng = np.random.default_rng(seed)
        directions = np.random.default_rng(SEED).standard_normal((rank, DIM))
        self.topics = np.random.default_rng(SEED + 1).standard_normal((topics, rank)) @ directions
        self.topics /= np.linalg.norm(self.topics, axis=1, keepdims=True)

    def next(self, rows=None):
        own = self.topics[self.rng.integers(0, len(self.topics), 3)]
        n = rows or int(self.rng.integers(2, 10))
        return (own[self.rng.integers(0, 3, n)] + 0.12 * self.rng.standard_normal((n, DIM))).astype(
            np.float32
        )


def max_sim(query, point):
    q, p = (m / np.linalg.norm(m, axis=1, keepdims=True) for m in (query, point))
    return float((q @ p.T).max(axis=1).sum())


def multivector(size=DIM, distance=models.Distance.COSINE, **more):
    return models.VectorParams(
        size=size,
        distance=distance,
        multivector_config=models.MultiVectorConfig(
            comparator=models.MultiVectorComparator.MAX_SIM
        ),
        **more,
    )


def wait_green(client, name, timeout_s=600):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        info = client.get_collection(name)
        if (
            info.status == models.CollectionStatus.GREEN
            and info.indexed_vectors_count + 1024 > info.points_count
        ):
            return info
        time.sleep(0.1)  # there is no event to await: the graph grows in the background
    raise AssertionError(client.get_collection(name))


def rhumb(server, *words):
    done = subprocess.run(
        [str(BIN / "rhumb"), *words, "--url", server.url],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_multivectors_are_written_shown_and_searched(client, server, name):
    client.create_collection(
        name,
        vectors_config={
            "tokens": multivector(4),
            "half": multivector(2, models.Distance.DOT, datatype=models.Datatype.FLOAT16),
            "bytes": multivector(2, models.Distance.EUCLID, datatype=models.Datatype.UINT8),
            "dense": models.VectorParams(size=2, distance=models.Distance.DOT),
        },
    )
    params = client.get_collection(name).config.params.vectors
    assert params["tokens"].multivector_config.comparator == models.MultiVectorComparator.MAX_SIM
    assert params["dense"].multivector_config is None
    client.upsert(
        name,
        [
            models.PointStruct(
                id=1,
                vector={
                    "tokens": [[3, 4, 0, 0], [0, 0, 0, 2]],
                    "half": [[1, 2], [0.5, -1]],
                    "bytes": [[1, 2], [3, 4]],
                    "dense": [1, 0],
                },
            ),
            models.PointStruct(
                id=2, vector={"tokens": [0, 0, 1, 0], "bytes": [[200, 0]]}, payload={"n": 2}
            ),
        ],
        wait=True,
    )
    client.upsert(
        name,
        models.Batch(
            ids=[3, 4],
            vectors={"tokens": [[[1, 0, 0, 0]], [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]]},
        ),
        wait=True,
    )
    shown = {p.id: p.vector for p in client.retrieve(name, [1, 2, 3, 4], with_vectors=True)}
    assert np.allclose(shown[1]["tokens"], [[0.6, 0.8, 0, 0], [0, 0, 0, 1]])
    assert (
        shown[1]["half"] == [[1, 2], [0.5, -1]]
        and shown[1]["bytes"] == [[1, 2], [3, 4]]
        and shown[1]["dense"] == [1, 0]
    )
    assert shown[2] == {"tokens": [[0, 0, 1, 0]], "bytes": [[200, 0]]}
    assert len(shown[4]["tokens"]) == 3

    def ask(query, using, **more):
        return [
            (h.id, round(h.score, 3))
            for h in client.query_points(name, query=query, using=using, limit=10, **more).points
        ]

    assert ask([[0, 0, 0, 5], [0, 2, 0, 0]], "tokens") == [(4, 2.0), (1, 1.8), (2, 0.0), (3, 0.0)]
    assert ask([0, 0, 0, 5], "tokens") == [
        (1, 1.0),
        (4, 1.0),
        (2, 0.0),
        (3, 0.0),
    ], "a dense query is one row"
    assert ask([[1, 2], [3, 5]], "bytes") == [
        (1, 1.0),
        (2, round((199**2 + 4 + 197**2 + 25) ** 0.5, 3)),
    ], "the root of the sum of squares"
    assert ask([[0, 0, 0, 5], [0, 2, 0, 0]], "tokens", score_threshold=1.5) == [(4, 2.0), (1, 1.8)]
    assert ask(
        4, "tokens", query_filter=models.Filter(must_not=[models.HasIdCondition(has_id=[1])])
    ) == [(2, 1.0), (3, 0.0)], "like a point"
    both = client.query_batch_points(
        name,
        [
            models.QueryRequest(query=[[0, 0, 0, 1]], using="tokens", limit=1),
            models.QueryRequest(query=[1.0, 0.0], using="dense"),
        ],
    )
    assert [[h.id for h in r.points] for r in both] == [[1], [1]]
    assert (
        server.ok(
            "POST",
            f"/collections/{name}/points/search",
            {"vector": {"name": "tokens", "vector": [1, 0, 0, 0]}, "limit": 1},
        )[0]["id"]
        == 3
    )

    client.update_vectors(
        name,
        [models.PointVectors(id=3, vector={"tokens": [[0, 0, 0, 1], [1, 0, 0, 0]]})],
        wait=True,
    )
    assert ask([[0, 0, 0, 5], [1, 0, 0, 0]], "tokens")[0] == (3, 2.0)
    client.delete_vectors(name, ["tokens"], [3], wait=True)
    assert 3 not in [i for i, _ in ask([1, 0, 0, 0], "tokens")]
    assert (
        client.count(
            name, count_filter=models.Filter(must=[models.HasVectorCondition(has_vector="tokens")])
        ).count
        == 3
    )
    verified = server.ok("GET", f"/collections/{name}/verify")
    assert verified["ok"] is True, verified

    for vector, words in (
        ({"tokens": [[1, 2, 3]]}, "expected dim: 4, got 3"),
        ({"tokens": []}, "expected dim: 4, got 0"),
        ({"tokens": [[]]}, "got 0"),
        ({"tokens": [[1, 2, 3, 4], [1]]}, "tokens[1]"),
        ({"dense": [[1, 2]]}, "Conversion between multi and regular vectors failed"),
    ):
        status, reply, _ = server.request(
            "PUT", f"/collections/{name}/points", {"points": [{"id": 9, "vector": vector}]}
        )
        assert status == 400 and words in reply["status"]["error"], (vector, reply)
    too_many = [[0, 0, 0, 1]] * (1_048_576 // 4 + 1)
    status, reply, _ = server.request(
        "PUT",
        f"/collections/{name}/points",
        {"points": [{"id": 9, "vector": {"tokens": too_many}}]},
    )
    assert (
        status == 400
        and "1048580 components, a multivector has at most 1048576" in reply["status"]["error"]
    ), reply
    server.ok(
        "PUT",
        f"/collections/{name}/points?wait=true",
        {"points": [{"id": 9, "vector": {"tokens": too_many[1:]}}]},
    )
    assert len(server.ok("GET", f"/collections/{name}/points/9")["vector"]["tokens"]) == 262_144
    with pytest.raises(UnexpectedResponse) as error:
        client.query_points(name, query=[[1.0, 0.0]], using="dense")
    assert error.value.status_code == 400
    client.delete_collection(name)


def test_multivectors_are_exported_and_imported(client, server, name, tmp_path):
    documents = Documents()
    client.create_collection(name, vectors_config=multivector())
    client.upsert(
        name,
        [
            models.PointStruct(id=i, vector=documents.next().tolist(), payload={"i": i})
            for i in range(200)
        ],
        wait=True,
    )
    before = server.ok("GET", f"/collections/{name}/verify")
    file = tmp_path / "points.ndjson"
    rhumb(server, "export", name, str(file))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == 200 and all(len(row) == DIM for line in lines for row in line["vector"])
    packed = urllib.request.urlopen(f"{server.url}/collections/{name}/export?format=binary").read()
    for kind in ("ndjson", "binary"):
        copy = f"{name}_{kind}"
        client.create_collection(copy, vectors_config=multivector())
        if kind == "ndjson":
            rhumb(server, "import", copy, str(file))
        else:
            request = urllib.request.Request(
                f"{server.url}/collections/{copy}/import",
                packed,
                {"Content-Type": "application/x-rhumb-points"},
                method="POST",
            )
            assert json.loads(urllib.request.urlopen(request).read())["result"]["points"] == 200
        shown = {p.id: p.vector for p in client.scroll(copy, limit=200, with_vectors=True)[0]}
        assert all(np.allclose(shown[line["id"]], line["vector"], atol=1e-6) for line in lines)
        assert server.ok("GET", f"/collections/{copy}/verify")["ok"] is True
        client.delete_collection(copy)
    assert before["ok"] is True
    client.delete_collection(name)


def test_the_graph_finds_what_comparing_all_finds(client, server, name):
    documents = Documents()
    client.create_collection(name, vectors_config=multivector())
    stored = {}
    for first in range(0, POINTS, 500):
        points = [
            models.PointStruct(id=i, vector=documents.next().tolist(), payload={"even": i % 2 == 0})
            for i in range(first, first + 500)
        ]
        stored.update({p.id: np.array(p.vector, np.float32) for p in points})
        client.upsert(name, points, wait=True)
    client.create_payload_index(name, "even", models.PayloadSchemaType.BOOL, wait=True)
    wait_green(client, name)
    path, asked = f"/collections/{name}/points/query", Documents(SEED + 7)
    for body, strategy in (
        ({}, "graph"),
        ({"filter": {"must": [{"key": "even", "match": {"value": True}}]}}, "filtered_graph"),
    ):
        found, ms, exact_ms = 0, 0.0, 0.0
        for _ in range(30):
            query = asked.next(8)
            started = time.monotonic()
            status, reply, _ = server.request(
                "POST",
                path,
                {"query": query.tolist(), "limit": 10, "params": {"explain": True}, **body},
            )
            ms += 1000 * (time.monotonic() - started)
            assert status == 200 and [p["strategy"] for p in reply["explain"]] == [
                strategy
            ], reply.get("explain", reply)
            started = time.monotonic()
            exact = server.ok(
                "POST",
                path,
                {"query": query.tolist(), "limit": 10, "params": {"exact": True}, **body},
            )["points"]
            exact_ms += 1000 * (time.monotonic() - started)
            passing = [i for i in stored if not body or i % 2 == 0]
            truth = sorted(passing, key=lambda i: -max_sim(query, stored[i]))[:10]
            assert [h["id"] for h in exact] == truth or np.allclose(
                [h["score"] for h in exact], [max_sim(query, stored[i]) for i in truth], atol=1e-4
            )
            found += len({h["id"] for h in reply["result"]["points"]} & {h["id"] for h in exact})
        print(
            f"{strategy}: recall {found / 300:.4f}, {ms / 30:.1f} ms, "
            f"exactly {exact_ms / 30:.1f} ms"
        )
        assert found / 300 >= 0.95
    client.delete_collection(name)


def test_kill_nine(tmp_path):
    """Every acknowledged point is there after each kill, row by row."""
    print(f"seed {SEED}")
    rng, documents = random.Random(SEED), Documents()
    server = Rhumbd(tmp_path / "data").start()
    server.ok(
        "PUT",
        "/collections/kill",
        {
            "vectors": {
                "size": DIM,
                "distance": "Dot",
                "multivector_config": {"comparator": "max_sim"},
            }
        },
    )
    stored, acknowledged = {}, 0
    for kill in range(6):
        for _ in range(rng.randrange(20, 60)):
            i = rng.randrange(300)
            if rng.random() < 0.2 and i in stored:
                server.ok("POST", "/collections/kill/points/delete?wait=true", {"points": [i]})
                del stored[i]
            else:
                batch = {j: documents.next() for j in range(i, i + 1 + rng.randrange(4))}
                server.ok(
                    "PUT",
                    "/collections/kill/points?wait=true",
                    {"points": [{"id": j, "vector": v.tolist()} for j, v in batch.items()]},
                )
                stored.update(batch)
            acknowledged += 1
        server.kill()
        server.start()
        found = {}
        offset = None
        while True:
            page = server.ok(
                "POST",
                "/collections/kill/points/scroll",
                {"limit": 100, "offset": offset, "with_vector": True},
            )
            found.update({p["id"]: np.array(p["vector"], np.float32) for p in page["points"]})
            offset = page["next_page_offset"]
            if offset is None:
                break
        assert set(found) == set(stored), f"after kill {kill}"
        for i, rows in stored.items():
            assert np.array_equal(found[i], rows), f"point {i} after kill {kill}"
        verified = server.ok("GET", "/collections/kill/verify")
        assert verified["ok"] is True, verified
        query = documents.next(4)
        hits = server.ok(
            "POST", "/collections/kill/points/query", {"query": query.tolist(), "limit": 1}
        )["points"]
        best = max(stored, key=lambda i: float((query @ stored[i].T).max(axis=1).sum()))
        assert hits[0]["id"] == best
    assert acknowledged > 100
    assert server.stop() == 0, server.log_tail()
    checked = subprocess.run(
        [str(BIN / "rhumbd"), "check", str(server.data), "-o", "json"],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
