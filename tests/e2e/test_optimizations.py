"""GET /collections/{c}/optimizations and `rhumb optimizations`: which segments are merged."""
import json
import subprocess
import time

import pytest
from qdrant_client import QdrantClient, models
from rhumbd import BIN

POINTS = 30_000  # a merge waits for 10,000 dead rows
WAIT_S = 120


@pytest.fixture
def merged(fresh):
    server = fresh()
    client = QdrantClient(url=server.url, timeout=60)
    client.create_collection(
        "merged", vectors_config=models.VectorParams(size=4, distance=models.Distance.DOT)
    )
    for first in range(0, POINTS, 1000):
        ids = range(first, first + 1000)
        client.upsert(
            "merged",
            models.Batch(ids=list(ids), vectors=[[1.0, i % 7, i % 11, i % 13] for i in ids]),
            wait=True,
        )
    client.delete(
        "merged", points_selector=models.PointIdsList(points=list(range(0, POINTS, 2))), wait=True
    )
    yield server, client
    client.close()


def test_a_merge_is_shown_until_it_is_done(merged):
    server, client = merged
    deadline = time.monotonic() + WAIT_S
    while True:
        seen = client.http.collections_api.get_optimizations(
            "merged", _with="completed,idle_segments"
        ).result
        done = seen.completed
        if done and not seen.running:
            break
        assert time.monotonic() < deadline, seen
        time.sleep(0.2)  # a merge begins when the shard has been idle; there is no event to await
    assert done[0].status == "done"
    assert done[0].progress.done == done[0].progress.total == POINTS // 2
    assert done[0].progress.finished_at >= done[0].progress.started_at
    assert sum(segment.points_count for segment in done[0].segments) == POINTS // 2
    assert sum(segment.points_count for segment in seen.idle_segments) == POINTS // 2
    assert client.get_optimizations("merged").summary.idle_segments == len(seen.idle_segments)
    assert client.count("merged").count == POINTS // 2

    done = subprocess.run(
        [BIN / "rhumb", "optimizations", "merged", "--url", server.url],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "15,000 of 15,000" in done.stdout and "done" in done.stdout, done.stdout
    done = subprocess.run(
        [BIN / "rhumb", "optimizations", "merged", "--url", server.url, "-o", "json"],
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout)["completed"][0]["status"] == "done"


def test_what_is_asked_for_is_shown_and_nothing_else(server, name):
    server.request("PUT", f"/collections/{name}", {"vectors": {"size": 4, "distance": "Dot"}})
    path = f"/collections/{name}/optimizations"
    status, reply, _ = server.request("GET", path)
    assert status == 200 and set(reply["result"]) == {"summary", "running"}, reply
    status, reply, _ = server.request("GET", path + "?with=queued,completed")
    assert set(reply["result"]) == {"summary", "running", "queued", "completed"}, reply
    for query, words in [
        ("?with=nothing", "with: `nothing`"),
        ("?completed_limit=-1", "completed_limit: `-1`"),
        ("?completed_limit=many", "completed_limit: `many`"),
    ]:
        status, reply, _ = server.request("GET", path + query)
        assert status == 400 and words in reply["status"]["error"], (query, reply)
    assert server.request("GET", "/collections/none/optimizations")[0] == 404
