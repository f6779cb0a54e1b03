"""Snapshots as the Python client and plain HTTP see them: their files, making and restoring."""
import hashlib
import json
import subprocess
import threading
import urllib.error

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from rhumbd import BIN
from snapshots import (
    QUERIES,
    ROWS,
    Embeddings,
    answers,
    contents,
    fetch,
    leftovers,
    load,
    refused,
    upload,
    upsert,
)

CONTENT = bytes(range(256)) * 4096  # one MiB
NAME = "kept-1-2026-11-30-08-15-00.snapshot"


@pytest.fixture
def kept(fresh, tmp_path):
    directory = tmp_path / "snapshots" / "kept"
    directory.mkdir(parents=True)
    (directory / NAME).write_bytes(CONTENT)
    server = fresh({"storage.snapshots_path": str(tmp_path / "snapshots")})
    client = QdrantClient(url=server.url, timeout=60)
    client.create_collection(
        "kept", vectors_config=models.VectorParams(size=4, distance=models.Distance.DOT)
    )
    yield server, client, directory
    client.close()


def test_a_snapshot_is_listed_fetched_and_deleted(kept):
    server, client, directory = kept
    (found,) = client.list_snapshots("kept")
    assert (found.name, found.size, found.checksum) == (NAME, len(CONTENT), None)
    (directory / f"{NAME}.checksum").write_text(hashlib.sha256(CONTENT).hexdigest())
    (found,) = client.list_snapshots("kept")
    assert found.checksum == hashlib.sha256(CONTENT).hexdigest()

    url = f"{server.url}/collections/kept/snapshots/{NAME}"
    status, headers, body = fetch(url)
    assert status == 200 and body == CONTENT
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Length"] == str(len(CONTENT))
    status, headers, body = fetch(url, Range="bytes=1000-")
    assert status == 206 and body == CONTENT[1000:]
    assert headers["Content-Range"] == f"bytes 1000-{len(CONTENT) - 1}/{len(CONTENT)}"
    with pytest.raises(urllib.error.HTTPError) as error:
        fetch(url, Range=f"bytes={len(CONTENT)}-")
    assert error.value.code == 416

    assert client.delete_snapshot("kept", NAME) is True
    assert client.list_snapshots("kept") == [] and not list(directory.iterdir())
    with pytest.raises(UnexpectedResponse) as gone:
        client.delete_snapshot("kept", NAME)
    assert gone.value.status_code == 404
    assert client.list_full_snapshots() == []


@pytest.mark.parametrize("shards", [1, 3])
def test_a_collection_is_as_it_was_when_its_snapshot_was_made(running, shards):
    server, client = running
    data = Embeddings()
    queries = data.rows(QUERIES)
    load(client, "books", data.rows(ROWS), shards=shards)
    client.delete("books", models.PointIdsList(points=list(range(0, 300, 2))), wait=True)
    client.set_payload("books", {"seen": True}, points=[1, 3, 5], wait=True)
    before, hashes = answers(client, "books", queries), contents(server, "books")

    made = client.create_snapshot("books")
    assert made.size > 0 and len(made.checksum) == 64
    assert [s.name for s in client.list_snapshots("books")] == [made.name]
    assert leftovers(server) == []
    body = fetch(f"{server.url}/collections/books/snapshots/{made.name}")[2]
    assert (len(body), hashlib.sha256(body).hexdigest()) == (made.size, made.checksum)

    upsert(client, "books", data.rows(500), first=1000)
    client.delete("books", models.PointIdsList(points=list(range(2000, 2500))), wait=True)
    assert contents(server, "books") != hashes
    file = server.data / "snapshots" / "books" / made.name
    assert client.recover_snapshot("books", location=f"file://{file}") is True
    assert contents(server, "books") == hashes
    assert answers(client, "books", queries) == before

    # Under another name, in a server that never saw it, from an upload.
    status, reply = upload(
        server,
        "/collections/copy/snapshots/upload",
        body,
        checksum=made.checksum,
        priority="snapshot",
    )
    assert status == 200 and reply["result"] is True, reply
    assert answers(client, "copy", queries) == before
    info = client.get_collection("copy")
    assert info.payload_schema["section"].points == ROWS - 150
    assert info.config.params.shard_number == shards
    upsert(client, "copy", data.rows(100), first=ROWS)
    assert contents(server, "books") == hashes, "each lives on alone"
    changed = contents(server, "copy")
    assert client.delete_collection("books")
    server.kill()
    server.start()
    assert contents(server, "copy") == changed
    assert client.count("copy").count == ROWS - 150 + 100
    assert leftovers(server) == []


def test_a_snapshot_under_writes_is_exact_at_one_index(running):
    server, client = running
    rows = Embeddings().rows(ROWS)
    load(client, "books", rows[:10])
    done, written = threading.Event(), [10]

    def write():
        while not done.is_set() and written[0] < ROWS:
            upsert(client, "books", rows[written[0] : written[0] + 1], first=written[0])
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    snapshots = []
    try:
        for _ in range(3):
            least = written[0]
            made = client.create_snapshot("books")
            snapshots.append((made.name, least, written[0]))
    finally:
        done.set()
        writer.join()
    for name, least, most in snapshots:
        file = server.data / "snapshots" / "books" / name
        assert client.recover_snapshot("copy", location=f"file://{file}")
        page, _ = client.scroll("copy", limit=ROWS, with_payload=False)
        ids = [p.id for p in page]
        assert ids == list(range(len(ids))), "one writer wrote them in this order"
        assert least <= len(ids) <= most + 1
        contents(server, "copy")


def test_one_shard_goes_back_and_the_others_stay(running):
    server, client = running
    data = Embeddings()
    load(client, "books", data.rows(600), shards=2)
    before = contents(server, "books")
    made = client.create_shard_snapshot("books", 1)
    assert [s.name for s in client.list_shard_snapshots("books", 1)] == [made.name]
    assert client.list_shard_snapshots("books", 0) == []
    upsert(client, "books", data.rows(600))
    after = contents(server, "books")
    assert before[0] != after[0] and before[1] != after[1]
    file = server.data / "snapshots" / "books" / "shards" / "1" / made.name
    assert client.recover_shard_snapshot("books", 1, location=f"file://{file}") is True
    assert contents(server, "books") == [after[0], before[1]]
    with pytest.raises(UnexpectedResponse) as error:
        client.recover_shard_snapshot("books", 0, location=f"file://{file}")
    assert error.value.status_code == 400 and "of shard 1" in error.value.content.decode()
    assert client.delete_shard_snapshot("books", 1, made.name) is True


def test_the_full_storage_moves_to_another_server(running, fresh):
    server, client = running
    data = Embeddings()
    queries = data.rows(5)
    load(client, "books", data.rows(400))
    load(client, "films", data.rows(300), shards=2)
    client.update_collection_aliases(
        [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name="films", alias_name="f")
            )
        ]
    )
    before = {name: answers(client, name, queries) for name in ("books", "films", "f")}
    made = client.create_full_snapshot()
    assert made.name.startswith("full-snapshot-")
    assert [s.name for s in client.list_full_snapshots()] == [made.name]
    body = fetch(f"{server.url}/snapshots/{made.name}")[2]

    other = fresh()
    status, reply = upload(other, "/snapshots/upload", body)
    assert status == 200, reply
    there = QdrantClient(url=other.url, timeout=60)
    assert {name: answers(there, name, queries) for name in before} == before
    # One of its collections alone, in the place of what was written since.
    upsert(client, "books", data.rows(100))
    status, reply = upload(server, "/collections/books/snapshots/upload", body)
    assert status == 200, reply
    assert answers(client, "books", queries) == before["books"]
    refused(upload(server, "/collections/songs/snapshots/upload", body), "no collection `songs`")
    there.close()
    assert client.delete_full_snapshot(made.name) is True


def test_the_command_line_makes_fetches_restores_and_prunes(running, tmp_path):
    server, client = running
    data = Embeddings()
    load(client, "books", data.rows(200))
    hashes = contents(server, "books")

    def rhumb(*words, code=0):
        done = subprocess.run(
            [str(BIN / "rhumb"), "snapshot", *words, "--url", server.url],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    (made,) = json.loads(rhumb("create", "books", "-o", "json"))
    assert made["name"] in rhumb("list", "books")
    rhumb("fetch", "books", made["name"], "kept")
    assert hashlib.sha256((tmp_path / "kept").read_bytes()).hexdigest() == made["checksum"]
    assert "File exists" in rhumb("fetch", "books", made["name"], "kept", code=1)
    upsert(client, "books", data.rows(50))
    rhumb("restore", "books", "kept")
    assert contents(server, "books") == hashes
    (tmp_path / "bad").write_bytes(b"no archive")
    assert "400" in rhumb("restore", "books", "bad", code=1)
    for _ in range(3):
        rhumb("create", "books")
    newest = sorted(s.name for s in client.list_snapshots("books"))[-2:]
    assert rhumb("prune", "books", "--keep", "2").count("deleted") == 2
    assert sorted(s.name for s in client.list_snapshots("books")) == newest
    rhumb("drop", "books", newest[0])
    assert "doesn't exist" in rhumb("drop", "books", newest[0], code=4)
    assert "needs a COLLECTION" in rhumb("list", code=2)
    assert "no snapshots" in rhumb("list", "--all")
    rhumb("create", "--all")
    assert "full-snapshot-" in rhumb("list", "--all")


def test_without_wait_the_answer_comes_at_once(running):
    server, client = running
    load(client, "books", Embeddings().rows(100))
    status, reply, _ = server.request("POST", "/collections/books/snapshots?wait=false")
    assert status == 202 and reply["status"] == "accepted", reply
    # Jobs run one after the other, so this one ends after the first.
    client.create_snapshot("books")
    assert len(client.list_snapshots("books")) == 2
