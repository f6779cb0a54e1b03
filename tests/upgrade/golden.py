"""What a golden directory holds, and the questions that its answers are stored for."""
import pathlib
import random
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

SEED, DIM, POINTS = 20261130, 8, 1200
# Small files, so that a directory has sealed segments with graphs, and a log of few bytes.
SETTINGS = {
    "index.segment_rows": 256,
    "storage.log_segment_bytes": 1 << 20,
    "storage.log_bytes": 4 << 20,
}
ONE = POINTS - 50 + 20 - 3  # points of the collection "one": some are deleted, some come late
COLLECTIONS = ("one", "three", "rows")
GRAPHS_FROM_KB = 1  # indexing_threshold: every sealed segment has a graph


def vector(i):
    rng = random.Random(SEED + i)
    return [round(rng.uniform(-1, 1), 3) for _ in range(DIM)]


def point(i):
    return {
        "id": i,
        "vector": vector(i),
        "payload": {"word": f"w{i % 7}", "n": i, "text": f"The point number {i}."},
    }


def multi_point(i):
    return {
        "id": i,
        "vector": [vector(1000 * i + row) for row in range(1 + i % 3)],
        "payload": {"n": i},
    }


def questions():
    """(method, path, body)"""
    word = {"must": [{"key": "word", "match": {"value": "w3"}}]}
    small = {"must": [{"key": "n", "range": {"lt": 77}}]}
    for name in COLLECTIONS:
        yield "GET", f"/collections/{name}/verify", None
        yield "POST", f"/collections/{name}/points/count", {"exact": True}
        yield "POST", f"/collections/{name}/points/count", {"exact": True, "filter": small}
        for params in ({"exact": True}, {"hnsw_ef": 512}):
            yield "POST", f"/collections/{name}/points/query", {
                "query": vector(17),
                "limit": 5,
                "with_payload": True,
                "params": params,
            }
    for name in ("one", "three"):
        yield "POST", f"/collections/{name}/points/count", {"exact": True, "filter": word}
        yield "POST", f"/collections/{name}/points", {
            "ids": [3, 120, 250, 251, 1100, 1210],
            "with_payload": True,
            "with_vector": True,
        }
    yield "GET", "/collections/another/points/3", None
    yield "GET", "/aliases", None


def kept(path, result):
    """The part of an answer that no upgrade may change."""
    if path.endswith("/verify"):
        return [result["ok"], [shard["content_hash"] for shard in result["shards"]]]
    if path.endswith("/query"):
        return [[p["id"], round(p["score"], 4), p["payload"]] for p in result["points"]]
    if path.endswith("/points"):
        return [[p["id"], p["payload"], p["vector"]] for p in result]
    if path.endswith("/3"):
        return [result["id"], result["payload"]]
    return result


def answers(server):
    return [
        [method, path, body, kept(path, server.ok(method, path, body))]
        for method, path, body in questions()
    ]


def unpack(name, directory):
    """Unpacks a golden directory and returns its path."""
    with tarfile.open(HERE / "golden" / f"{name}.tar.xz") as tar:
        tar.extractall(directory)
    return directory / "data"
