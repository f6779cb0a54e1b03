"""The memory limit of the process: at the limit writes are refused, the server goes on answering,
and it takes writes again when there is room."""
import json
import random
import re
import time

LIMIT = 100_000_000
DIM, BATCH, MOST = 4096, 100, 60_000
DIGITS = [str(b % 10) for b in range(256)]
ROOM_TIMEOUT_S = 30
PAUSE_S, REFUSALS = 0.1, 60  # together longer than the 5 s between two trims of the heap


def anonymous_bytes(server):
    status = open(f"/proc/{server.process.pid}/status").read()
    return int(re.search(r"RssAnon:\s+(\d+) kB", status).group(1)) * 1024


def metric(server, name):
    return float(re.search(rf"^{name} (\S+)$", server.request("GET", "/metrics")[1], re.M).group(1))


def vector_of(point):
    """A vector for each id, far from all others: random digits."""
    return "[" + ",".join(DIGITS[b] for b in random.Random(point).randbytes(DIM)) + "]"


def write(server, collection, first):
    points = ",".join(f'{{"id":{i},"vector":{vector_of(i)}}}' for i in range(first, first + BATCH))
    return server.request(
        "PUT", f"/collections/{collection}/points?wait=true", f'{{"points":[{points}]}}'
    )


def fill(server, collection):
    """Writes until writes are refused for so long that all free memory was given back meanwhile.
    Returns the number of stored points, the refusal, and the highest memory that was seen."""
    taken, most, refusals = 0, 0, 0
    while refusals < REFUSALS:
        status, reply, _ = write(server, collection, taken)
        most = max(most, anonymous_bytes(server))
        if status == 200:
            taken, refusals = taken + BATCH, 0
            assert taken < MOST, f"nothing was refused, {most} bytes are used"
            continue
        assert status in (429, 507), reply  # 429: the graph has to catch up first
        refusals += status == 507
        time.sleep(PAUSE_S)
    return taken, reply["status"]["error"], most


def test_at_the_limit_growing_writes_are_refused_and_the_server_lives(fresh):
    server = fresh({"memory.limit_bytes": LIMIT})
    server.ok("PUT", "/collections/a", {"vectors": {"size": DIM, "distance": "Euclid"}})
    server.ok("PUT", "/collections/b", {"vectors": {"size": DIM, "distance": "Euclid"}})
    taken, refusal, most = fill(server, "a")
    assert (
        refusal.startswith("memory_full: ")
        and "memory.limit_bytes" in refusal
        and str(LIMIT) in refusal
    ), refusal
    assert most < 1.3 * LIMIT, f"{most} bytes were used"
    assert metric(server, "rhumb_memory_level") == 2
    assert metric(server, "rhumb_memory_limit_bytes") == LIMIT
    assert metric(server, "rhumb_memory_bytes") >= 0.9 * LIMIT

    # Reads are right: all stored points are there, and no others.
    assert server.ok("POST", "/collections/a/points/count", {"exact": True})["count"] == taken
    for point in random.Random(1).sample(range(taken), 20):
        found = server.ok(
            "POST",
            "/collections/a/points/query",
            {"query": json.loads(vector_of(point)), "limit": 3},
        )["points"]
        assert found[0]["id"] == point and found[0]["score"] == 0, found
    # Points may be deleted; growing writes are refused in every collection.
    server.ok("POST", "/collections/a/points/delete?wait=true", {"points": [0, 1, 2]})
    assert server.ok("POST", "/collections/a/points/count", {"exact": True})["count"] == taken - 3
    assert write(server, "b", 0)[0] == 507

    server.ok("DELETE", "/collections/a")
    deadline = time.monotonic() + ROOM_TIMEOUT_S
    while write(server, "b", 0)[0] == 507:
        assert time.monotonic() < deadline, server.log_tail()
        time.sleep(0.1)
    assert server.ok("POST", "/collections/b/points/count", {"exact": True})["count"] == BATCH
    changes = [
        json.loads(line)
        for line in server.log_path.read_text().splitlines()
        if '"memory level changed"' in line
    ]
    assert {"cold", "refuse"} <= {change["to"] for change in changes} and all(
        change["limit"] == LIMIT for change in changes
    ), changes


def test_without_a_limit_nothing_is_refused(fresh):
    server = fresh({"memory.limit_bytes": 0})
    assert metric(server, "rhumb_memory_limit_bytes") == 0
    server.ok("PUT", "/collections/a", {"vectors": {"size": DIM, "distance": "Euclid"}})
    assert write(server, "a", 0)[0] == 200


def test_the_default_limit_is_a_part_of_the_available_memory(fresh):
    limit = metric(fresh(), "rhumb_memory_limit_bytes")
    total = int(re.search(r"MemTotal:\s+(\d+) kB", open("/proc/meminfo").read()).group(1)) * 1024
    assert 0 < limit <= 0.8 * total
