"""What the tests of snapshots and branches share: data, requests and comparisons."""
import urllib.request
import uuid

import numpy
from qdrant_client import models

SEED = 20261130
DIM, ROWS = 32, 3000
QUERIES = 20


class Embeddings:
    """Rows near some of many topics, which lie in few directions of the space."""

    def __init__(self):
        random_ = numpy.random.default_rng(SEED)
        self.topics = random_.standard_normal((60, 10)) @ random_.standard_normal((10, DIM))
        self.random = random_

    def rows(self, count):
        near = self.topics[self.random.integers(0, len(self.topics), count)]
        return (near + 0.3 * self.random.standard_normal((count, DIM))).astype(numpy.float32)


def load(client, name, rows, first=0, shards=1):
    client.create_collection(
        name,
        vectors_config=models.VectorParams(size=DIM, distance=models.Distance.COSINE),
        shard_number=shards,
    )
    client.create_payload_index(name, "section", models.PayloadSchemaType.KEYWORD, wait=True)
    upsert(client, name, rows, first)


def upsert(client, name, rows, first=0):
    for at in range(0, len(rows), 500):
        part = rows[at : at + 500]
        client.upsert(
            name,
            models.Batch(
                ids=list(range(first + at, first + at + len(part))),
                vectors=part.tolist(),
                payloads=[{"section": f"s{i % 7}", "n": first + at + i} for i in range(len(part))],
            ),
            wait=True,
        )


def contents(server, name):
    """The content hashes of the shards, in order."""
    found = server.ok("GET", f"/collections/{name}/verify")
    assert found["ok"] is True, found
    return [(s["points"], s["content_hash"]) for s in found["shards"]]


def answers(client, name, queries):
    """What exact and filtered searches and a page of the collection say."""
    section = models.Filter(
        must=[models.FieldCondition(key="section", match=models.MatchValue(value="s3"))]
    )
    asked = [
        models.QueryRequest(query=q.tolist(), limit=10, filter=f, params=models.SearchParams(**p))
        for q in queries
        for f, p in ((None, {"exact": True}), (section, {}), (None, {"hnsw_ef": 512}))
    ]
    found = [
        [(h.id, round(h.score, 5)) for h in r.points]
        for r in client.query_batch_points(name, asked)
    ]
    page, _ = client.scroll(name, limit=100, with_vectors=True)
    return found, [(p.id, p.payload, p.vector) for p in page]


def upload(server, path, body, **query):
    """Posts a form with the file as curl -F does: (status, reply)."""
    edge = uuid.uuid4().hex
    form = (
        (
            f'--{edge}\r\nContent-Disposition: form-data; name="snapshot"; filename="a"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        + body
        + f"\r\n--{edge}--\r\n".encode()
    )
    words = "&".join(f"{key}={value}" for key, value in query.items())
    status, reply, _ = server.request(
        "POST", f"{path}?{words}", form, {"Content-Type": f"multipart/form-data; boundary={edge}"}
    )
    return status, reply


def leftovers(server):
    """What a job may have left in the data directory."""
    found = [p.name for p in (server.data / "images").glob("*")]
    found += [p.name for p in (server.data / "snapshots" / ".tmp").glob("*")]
    return found + [p.name for p in (server.data / "shards").glob("*.unfinished")]


def refused(found, *words):
    status, reply = found
    assert status == 400, reply
    text = reply["status"]["error"]
    assert all(w in text for w in words), text


def fetch(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        return answer.status, answer.headers, answer.read()
