"""Branches: a second collection of the same points, which lives on alone, and what differs then."""
import json
import subprocess
import threading

import numpy
from qdrant_client import models

from rhumbd import BIN
from snapshots import (
    DIM,
    QUERIES,
    ROWS,
    Embeddings,
    answers,
    contents,
    fetch,
    leftovers,
    load,
    refused,
    upsert,
)


def test_a_branch_has_the_same_points_and_lives_on_alone(running):
    server, client = running
    data = Embeddings()
    queries = data.rows(QUERIES)
    load(client, "books", data.rows(ROWS), shards=2)
    client.set_payload("books", {"seen": True}, points=[1, 3, 5], wait=True)
    before, hashes = answers(client, "books", queries), contents(server, "books")
    assert server.ok("POST", "/collections/books/branch", {"name": "try"}) is True
    assert answers(client, "try", queries) == before and contents(server, "try") == hashes
    same = {p.stat().st_ino for p in (server.data / "shards").rglob("vec.0.dat")}
    assert len(same) < len(list((server.data / "shards").rglob("vec.0.dat"))), "files are shared"

    upsert(client, "try", data.rows(200))
    client.update_collection("try", hnsw_config=models.HnswConfigDiff(m=8))
    changed = contents(server, "try")
    assert contents(server, "books") == hashes and answers(client, "books", queries) == before
    client.update_collection_aliases(
        [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name="try", alias_name="now")
            )
        ]
    )
    assert client.delete_collection("books")
    server.kill()
    server.start()
    assert contents(server, "try") == changed and client.count("now").count == ROWS
    assert leftovers(server) == []

    def branch(body, of="try"):
        return server.request("POST", f"/collections/{of}/branch", body)[:2]

    for taken in ("try", "now"):
        status, reply = branch({"name": taken})
        assert status == 409 and "already exists" in reply["status"]["error"], reply
    assert branch({"name": "x"}, of="none")[0] == 404
    refused(branch({}), "missing field `name`")
    refused(branch({"name": 7}), "name")
    assert branch({"name": "a/b"})[0] in (400, 422)
    assert branch({"name": "x", "colour": 1})[0] == 400
    done = subprocess.run(
        [str(BIN / "rhumb"), "branch", "now", "again", "--url", server.url], capture_output=True
    )
    assert done.returncode == 0 and contents(server, "again") == changed


def difference(server, one, other):
    """The ids that a diff names, by their change, and its last line."""
    body = fetch(f"{server.url}/collections/{one}/diff/{other}")[2]
    *lines, last = [json.loads(line) for line in body.splitlines()]
    found = {"new": [], "gone": [], "changed": []}
    for line in lines:
        found[line["change"]].append(line["id"])
    assert last == {change: len(ids) for change, ids in found.items()}
    return found


def test_a_diff_names_what_changed_in_a_branch(running):
    server, client = running
    data = Embeddings()
    load(client, "books", data.rows(9000), shards=3)
    server.ok("POST", "/collections/books/branch", {"name": "try"})
    assert difference(server, "books", "try") == {"new": [], "gone": [], "changed": []}
    upsert(client, "try", data.rows(20), first=100)
    client.set_payload("try", {"seen": True}, points=[5000, 8999], wait=True)
    client.delete("try", models.PointIdsList(points=[0, 4095, 4096]), wait=True)
    uuid = "5c56c793-69f3-4fbf-87e6-c4bf54c28c26"
    client.upsert(
        "try",
        [models.PointStruct(id=i, vector=data.rows(1)[0].tolist()) for i in (9000, 10**12, uuid)],
        wait=True,
    )
    expected = {
        "new": [9000, 10**12, uuid],
        "gone": [0, 4095, 4096],
        "changed": [*range(100, 120), 5000, 8999],
    }
    assert difference(server, "books", "try") == expected
    back = {"new": expected["gone"], "gone": expected["new"], "changed": expected["changed"]}
    assert difference(server, "try", "books") == back
    # A point that is as it was before is no difference.
    client.delete_payload("try", ["seen"], points=[5000, 8999], wait=True)
    assert difference(server, "books", "try")["changed"] == list(range(100, 120))
    # Another number of shards makes none, either.
    load(client, "other", numpy.zeros((0, DIM)), shards=1)
    assert len(difference(server, "other", "books")["new"]) == 9000

    done = subprocess.run(
        [str(BIN / "rhumb"), "diff", "books", "try", "--url", server.url],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f'new      "{uuid}"' in done.stdout and done.stdout.endswith(
        "3 new, 3 gone, 20 changed\n"
    )
    done = subprocess.run(
        [str(BIN / "rhumb"), "diff", "books", "none", "--url", server.url], capture_output=True
    )
    assert done.returncode == 4


def test_a_diff_beside_writes_ends_and_is_whole(running):
    """Each page is as its collection was at that moment, so points that nobody touches are never
    named, whatever happens to the others."""
    server, client = running
    data = Embeddings()
    load(client, "books", data.rows(12_000), shards=2)
    server.ok("POST", "/collections/books/branch", {"name": "try"})
    stop = threading.Event()

    def write():
        while not stop.is_set():
            upsert(client, "try", data.rows(50), first=6000)
            client.delete("try", models.PointIdsList(points=list(range(6050, 6100))), wait=True)
            upsert(client, "try", data.rows(50), first=6050)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            found = difference(server, "books", "try")
            named = set(found["new"] + found["gone"] + found["changed"])
            assert named <= set(range(6000, 6100)) and found["new"] == []
    finally:
        stop.set()
        writer.join()
