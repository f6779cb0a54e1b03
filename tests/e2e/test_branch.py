"""Branches: a second collection of the same points, which lives on alone."""
import subprocess

from qdrant_client import models

from rhumbd import BIN
from snapshots import QUERIES, ROWS, Embeddings, answers, contents, leftovers, load, refused, upsert


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
