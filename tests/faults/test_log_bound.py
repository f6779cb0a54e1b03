"""The log stays within its bound: shards that hold its oldest file are checkpointed even if they
are idle. At the bound writes get 429."""
import threading

import numpy as np
from rhumbd import Rhumbd
from workload import SEED

DIM, BATCH = 256, 100  # a batch is about 100 kB in the log
SEGMENT = 1 << 20
MAX_BATCHES = 400


def settings(bound):
    return {"storage.log_segment_bytes": SEGMENT, "storage.log_bytes": bound}


def batch(rng):
    return {
        "points": [
            {"id": int(i), "vector": rng.standard_normal(DIM).astype(np.float32).round(4).tolist()}
            for i in rng.integers(0, 2000, BATCH)
        ]
    }


def files(server):
    return sorted(p.name for p in (server.data / "log").glob("*.wal"))


def log_bytes(server):
    """Allocated bytes. A file has its full size from the start, and one is always made ahead of
    time."""
    total = 0
    for path in (server.data / "log").glob("*.wal"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            pass  # freed meanwhile
    return total


def test_an_idle_collection_does_not_pin_the_log(tmp_path):
    print(f"seed {SEED}")
    rng, bound = np.random.default_rng(SEED), 4 * SEGMENT
    server = Rhumbd(tmp_path / "data", settings(bound)).start()
    for name in ("a", "b"):
        server.ok("PUT", f"/collections/{name}", {"vectors": {"size": DIM, "distance": "Cosine"}})
    server.ok(
        "PUT",
        "/collections/a/points?wait=true",
        {"points": [{"id": 1, "vector": [1.0] * DIM, "payload": {"idle": True}}]},
    )
    oldest = files(server)[0]
    written = most = 0
    while oldest in files(server):
        assert written < MAX_BATCHES, f"the log keeps {oldest}: {files(server)}"
        server.ok("PUT", "/collections/b/points?wait=true", batch(rng))
        written += 1
        most = max(most, log_bytes(server))
    assert most <= bound + 2 * SEGMENT, f"the log took {most} bytes"
    server.kill()
    server.start()
    assert server.ok("GET", "/collections/a/points/1")["payload"] == {"idle": True}
    for name in ("a", "b"):
        assert server.ok("GET", f"/collections/{name}/verify")["ok"] is True
    assert server.stop() == 0, server.log_tail()
    print(f"{oldest} went after {written} batches; the log took {most >> 10} kB at most")


def test_the_log_stays_within_its_bound(tmp_path):
    """Eight collections and four writers write more than the bound allows, so checkpoints have to
    keep up, or writes have to wait."""
    print(f"seed {SEED}")
    bound = SEGMENT
    server = Rhumbd(tmp_path / "data", settings(bound)).start()
    for n in range(8):
        server.ok("PUT", f"/collections/c{n}", {"vectors": {"size": DIM, "distance": "Cosine"}})
    counts, most, wrong = {200: 0, 429: 0}, [0], []

    def write(number):
        rng = np.random.default_rng(SEED + number)
        for n in range(60):
            status, reply, headers = server.request(
                "PUT", f"/collections/c{(number + n) % 8}/points?wait=false", batch(rng)
            )
            if status == 429 and (
                headers.get("Retry-After") is None
                or "storage.log_bytes" not in reply["status"]["error"]
            ):
                wrong.append(reply)
            counts[status] = counts.get(status, 0) + 1
            most[0] = max(most[0], log_bytes(server))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert not wrong and set(counts) == {200, 429}, (counts, wrong)
    assert counts[200] * 100_000 > 8 * bound, "too little was written to mean anything"
    assert most[0] <= bound + 3 * SEGMENT, f"the log took {most[0]} bytes"
    server.ok("PUT", "/collections/c0/points?wait=true", batch(np.random.default_rng(SEED)))
    server.kill()
    server.start()
    for n in range(8):
        assert server.ok("GET", f"/collections/c{n}/verify")["ok"] is True
    assert server.stop() == 0, server.log_tail()
    print(f"{counts}; the log took {most[0] >> 10} kB at most")
