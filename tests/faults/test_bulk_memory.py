"""An import and an export are streams: the server's memory grows by far less than the streamed
bytes.

The test measures the highest anonymous memory (RssAnon). Vectors are in mapped files, whose pages
belong to the page cache. They are uint8, so that no codes for searches are kept in memory, and
there is no graph. So the measured memory is that of the streams.
"""
import http.client
import os
import struct
import threading

import numpy as np
from rhumbd import Rhumbd
from workload import SEED

DIM = 1536
MEGABYTES = 1024 if os.environ.get("RHUMB_E2E_MODE") == "soak" else 200
ALLOWED_GROWTH = 64 << 20
BLOCK_POINTS = 256
KIND = "application/x-rhumb-points"
SETTINGS = {"index.plugin": "flat", "log.level": "warn"}


class Watch(threading.Thread):
    """The highest RssAnon of a process while it runs."""

    def __init__(self, pid):
        super().__init__()
        self.pid, self.most, self.over = pid, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, anonymous_bytes(self.pid))


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon"))


def watched(server, work):
    """Returns (result of work(), highest growth of anonymous memory)."""
    before = anonymous_bytes(server.process.pid)
    watch = Watch(server.process.pid)
    watch.start()
    try:
        result = work()
    finally:
        watch.over.set()
        watch.join()
    return result, watch.most - before


def blob(data):
    return struct.pack("<I", len(data)) + data


def records(first, vectors):
    for i, v in enumerate(vectors):
        body = (
            blob(b"\x01" + struct.pack(">Q", first + i))
            + blob(b'{"n":%d}' % (first + i))
            + struct.pack("<I", 1)
            + blob(b"")
            + blob(v.tobytes())
        )
        yield struct.pack("<I", len(body)) + body


def stream(points):
    """A body of that many points, made while it is sent."""
    rng = np.random.default_rng(SEED)
    centres = rng.integers(0, 200, (32, DIM))
    yield b"RHPOINTS" + struct.pack("<I", 1)
    for first in range(0, points, BLOCK_POINTS):
        n = min(BLOCK_POINTS, points - first)
        vectors = (centres[rng.integers(0, 32, n)] + rng.integers(0, 56, (n, DIM))).astype("<f4")
        yield b"".join(records(first, vectors))


def run_import(server, name, points):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    try:
        connection.request(
            "POST",
            f"/collections/{name}/import",
            stream(points),
            {"Content-Type": KIND},
            encode_chunked=True,
        )
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 200, body[:500]
    finally:
        connection.close()


def run_export(server, name):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    try:
        connection.request("GET", f"/collections/{name}/export?format=binary")
        reply = connection.getresponse()
        assert reply.status == 200
        total = 0
        while piece := reply.read(1 << 20):
            total += len(piece)
        return total
    finally:
        connection.close()


def test_bulk_transfer_takes_little_memory(tmp_path):
    print(f"seed {SEED}")
    points = (MEGABYTES << 20) // (DIM * 4 + 50)
    server = Rhumbd(tmp_path / "data", settings=SETTINGS).start()
    for name in ("warm", "bulk"):
        server.ok(
            "PUT",
            f"/collections/{name}",
            {"vectors": {"size": DIM, "distance": "Dot", "datatype": "uint8"}},
        )
    run_import(server, "warm", 2000)
    run_export(server, "warm")
    _, imported = watched(server, lambda: run_import(server, "bulk", points))
    assert server.ok("POST", "/collections/bulk/points/count", {"exact": True})["count"] == points
    total, exported = watched(server, lambda: run_export(server, "bulk"))
    print(
        f"{points} points, {total >> 20} MB: the import grew the server by {imported >> 20} MB, "
        f"the export by {exported >> 20} MB"
    )
    assert total > MEGABYTES * 0.95 * (1 << 20), "the export is as large as the import"
    assert imported < ALLOWED_GROWTH
    assert exported < ALLOWED_GROWTH
    assert server.ok("GET", "/collections/bulk/verify")["ok"] is True
    assert server.stop() == 0, server.log_tail()
