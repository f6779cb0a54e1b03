"""Snapshots as the Python client and plain HTTP see them: those that lie in the directory."""
import hashlib
import urllib.error
import urllib.request

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

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


def fetch(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        return answer.status, answer.headers, answer.read()


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
