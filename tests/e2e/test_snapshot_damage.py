"""Snapshots that are damaged, do not fit, or are cut off by a kill: nothing is half restored."""
import random
import subprocess
import threading

from qdrant_client import QdrantClient, models

from snapshots import (
    SEED,
    DIM,
    Embeddings,
    contents,
    fetch,
    leftovers,
    load,
    refused,
    upload,
    upsert,
)


def test_a_snapshot_that_does_not_fit_changes_nothing(running):
    server, client = running
    data = Embeddings()
    load(client, "books", data.rows(300))
    made = client.create_snapshot("books")
    body = fetch(f"{server.url}/collections/books/snapshots/{made.name}")[2]
    shard = server.ok("POST", "/collections/books/shards/0/snapshots")
    shard_body = fetch(f"{server.url}/collections/books/shards/0/snapshots/{shard['name']}")[2]
    upsert(client, "books", data.rows(100), first=300)
    hashes = contents(server, "books")
    path = "/collections/books/snapshots/upload"

    refused(upload(server, path, body, checksum="0" * 64), "checksum")
    refused(upload(server, path, body[:-100]), "archive")
    refused(upload(server, path, b"no archive at all"))
    refused(upload(server, path, shard_body), "snapshot of a shard")
    refused(
        upload(server, "/collections/books/shards/0/snapshots/upload", body),
        "snapshot of a collection",
    )
    refused(upload(server, "/snapshots/upload", body), "snapshot of a collection")
    client.create_collection(
        "small", vectors_config=models.VectorParams(size=4, distance=models.Distance.COSINE)
    )
    refused(upload(server, "/collections/small/snapshots/upload", body), "32", "4")
    client.create_collection(
        "two",
        vectors_config=models.VectorParams(size=DIM, distance=models.Distance.COSINE),
        shard_number=2,
    )
    refused(upload(server, "/collections/two/snapshots/upload", body), "2 shards", "snapshot 1")
    status, reply, _ = server.request(
        "PUT", "/collections/books/snapshots/recover", {"location": "file:///no/such/file"}
    )
    refused((status, reply), "no regular file")

    places = random.Random(SEED)
    for _ in range(60):
        at = places.randrange(len(body))
        damaged = body[:at] + bytes([body[at] ^ (1 << places.randrange(8))]) + body[at + 1 :]
        refused(upload(server, path, damaged))
    assert contents(server, "books") == hashes
    assert sorted(c.name for c in client.get_collections().collections) == ["books", "small", "two"]
    assert leftovers(server) == []
    shards = {p.name for p in (server.data / "shards").iterdir()}
    assert len(shards) == 4, shards


def test_a_changed_byte_in_any_file_of_a_snapshot_is_found(running, tmp_path):
    """The archive is packed again, so only the checksums inside it can tell."""
    server, client = running
    data = Embeddings()
    load(client, "books", data.rows(400), shards=2)
    made = client.create_snapshot("books")
    body = fetch(f"{server.url}/collections/books/snapshots/{made.name}")[2]
    place = tmp_path / "inside"
    place.mkdir()
    subprocess.run(f"zstd -qd | tar -x -C {place}", shell=True, input=body, check=True)

    def packed():
        names = " ".join(sorted(p.name for p in place.iterdir()))
        return subprocess.run(
            f"tar --format=ustar -c -C {place} {names} | zstd -q -1",
            shell=True,
            capture_output=True,
            check=True,
        ).stdout

    status, reply = upload(server, "/collections/same/snapshots/upload", packed())
    assert status == 200, reply
    upsert(client, "books", data.rows(50))
    hashes = contents(server, "books")
    places, looked_at = random.Random(SEED), 0
    for file in sorted(p for p in place.rglob("*") if p.is_file() and p.stat().st_size > 0):
        good = file.read_bytes()
        at = places.randrange(len(good))
        file.write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        refused(upload(server, "/collections/books/snapshots/upload", packed()))
        if file.name != "snapshot.json":
            file.rename(place / "moved")
            refused(upload(server, "/collections/books/snapshots/upload", packed()))
            (place / "moved").unlink()
        file.write_bytes(good)
        looked_at += 1
    assert looked_at > 10 and contents(server, "books") == hashes
    assert leftovers(server) == []


def test_a_kill_while_snapshots_are_made_and_restored_leaves_no_half(fresh):
    """The collection is what it was before or what the snapshot holds, and nothing is left over."""
    server = fresh()
    client = QdrantClient(url=server.url, timeout=60)
    data, times = Embeddings(), random.Random(SEED)
    load(client, "books", data.rows(2000))
    wanted = contents(server, "books")
    made = client.create_snapshot("books")
    file = server.data / "snapshots" / "books" / made.name
    location = {"location": f"file://{file}"}
    restored = 0
    for turn in range(8):
        upsert(client, "books", data.rows(50), first=5000 + 100 * turn)
        written = contents(server, "books")

        def ask():
            try:
                server.request("POST", "/collections/books/snapshots")
                server.request("PUT", "/collections/books/snapshots/recover", location)
            except OSError:
                pass  # the server was killed

        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(times.uniform(0.02, 0.4))
        server.kill()
        asking.join()
        server.start()
        found = contents(server, "books")
        assert found in (wanted, written)
        restored += found == wanted
        assert leftovers(server) == []
        assert len(list((server.data / "shards").iterdir())) == 1
        for snapshot in client.list_snapshots("books"):
            assert snapshot.checksum is not None
    print(f"seed {SEED}: {restored} of 8 restores had ended before the kill")
    client.close()
