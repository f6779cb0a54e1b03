"""A disk that fills up: writes are refused with 507, reads and deletes go on, a restart works, and
writes resume when there is space."""
import numpy as np
from loop_disk import loop_disk  # noqa: F401 (a fixture)
from workload import SEED

DIM, BATCH, MAX_BATCHES = 768, 50, 1000
BALLAST_BYTES = 24 << 20


def batch_of(rng, first):
    return {
        "points": [
            {"id": first + i, "vector": v.tolist(), "payload": {"n": first + i}}
            for i, v in enumerate(rng.standard_normal((BATCH, DIM)).astype(np.float32).round(4))
        ]
    }


def fill(server, rng, first):
    """Upserts until one is refused. Returns the status and how many points were acknowledged."""
    for n in range(MAX_BATCHES):
        status, reply, _ = server.request(
            "PUT", "/collections/full/points?wait=true", batch_of(rng, first + n * BATCH)
        )
        if status != 200:
            return status, reply, n * BATCH
    raise AssertionError("the disk did not fill up")


def count(server):
    return server.ok("POST", "/collections/full/points/count", {"exact": True})["count"]


def test_a_full_disk(loop_disk):  # noqa: F811
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    disk = loop_disk(96)
    ballast = disk.mount_point / "ballast"
    ballast.write_bytes(b"\0" * BALLAST_BYTES)
    server = disk.server(settings={"storage.log_segment_bytes": 1 << 20}).start()
    server.ok("PUT", "/collections/full", {"vectors": {"size": DIM, "distance": "Cosine"}})

    status, reply, acknowledged = fill(server, rng, 0)
    assert status == 507, reply
    assert "full" in reply["status"]["error"] or "space" in reply["status"]["error"], reply
    assert (
        acknowledged > 0 and count(server) == acknowledged
    ), "reads work, and show what was acknowledged"
    probe = server.ok("POST", "/collections/full/points/query", {"query": 7, "limit": 3})
    assert len(probe["points"]) == 3
    assert server.ok("GET", "/collections/full/verify")["ok"] is True

    assert server.stop() == 0, server.log_tail()
    server.start()  # on the full disk
    assert count(server) == acknowledged
    status, reply, more = fill(server, rng, acknowledged)  # the stop may have freed some space
    assert status == 507, reply
    acknowledged += more
    removed = acknowledged // 10
    server.ok("POST", "/collections/full/points/delete?wait=true", {"points": list(range(removed))})
    assert count(server) == acknowledged - removed, "deletes are the way out"

    ballast.unlink()
    status, reply, more = fill(server, rng, acknowledged)
    assert more > 0, f"writes resume without a restart once there is space: {reply}"
    assert count(server) == acknowledged - removed + more
    assert server.ok("GET", "/collections/full/verify")["ok"] is True
    server.kill()
    server.start()
    assert count(server) == acknowledged - removed + more
    assert server.ok("GET", "/collections/full/verify")["ok"] is True
    print(
        f"{acknowledged} points until full, {more} more "
        f"in the space of a {BALLAST_BYTES >> 20} MB file"
    )
    assert server.stop() == 0, server.log_tail()
