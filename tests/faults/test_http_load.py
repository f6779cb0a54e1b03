"""4,000 connections that do nothing useful (idle, slow heads, slow bodies, slow readers) do not
keep the server from serving others."""
import resource
import socket
import statistics
import threading
import time

import numpy as np
import pytest
from rhumbd import Rhumbd
from workload import SEED

EACH, PROBES, PROBE_TIMEOUT_S = 1000, 2000, 5
REPLY_POINTS = 100  # of a slow reader: a quarter of a megabyte that it does not read
POINTS, DIM = 2000, 256


def connect(port):
    s = socket.create_connection(("127.0.0.1", port), timeout=10)
    s.setblocking(False)
    return s


def nuisances(port):
    """Returns all sockets, and those that send slowly, a byte at a time."""
    head = (
        b"POST /collections/load/points/scroll HTTP/1.1\r\n"
        b"Host: x\r\nContent-Type: application/json\r\n"
    )
    body = b'{"limit":%d,"with_vector":true,"with_payload":true}' % REPLY_POINTS
    sockets, trickles = [], []
    for kind in ("idle", "slow header", "slow body", "slow reader"):
        for _ in range(EACH):
            s = connect(port)
            sockets.append(s)
            if kind == "slow header":
                trickles.append((s, head))
            elif kind == "slow body":
                s.send(head + b"Content-Length: 5000\r\n\r\n")
                trickles.append((s, b" " * 5000))
            elif kind == "slow reader":
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                s.send(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return sockets, trickles


def trickle(trickles, stop):
    at = 0
    while not stop.is_set():
        for s, data in trickles:
            if stop.is_set():
                return
            try:
                s.send(data[at : at + 1])
            except OSError:
                pass  # the server may close connections that take too long
        at += 1
        stop.wait(0.2)


def test_useless_connections_do_not_keep_others_from_being_served(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 4 * EACH + 200
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"the limit of open files is {hard}, {needed} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))  # the server inherits it
    print(f"seed {SEED}")
    server = Rhumbd(tmp_path / "data").start()
    sockets, stop = [], threading.Event()
    try:
        rng = np.random.default_rng(SEED)
        server.ok("PUT", "/collections/load", {"vectors": {"size": DIM, "distance": "Cosine"}})
        for first in range(0, POINTS, 500):
            server.ok(
                "PUT",
                "/collections/load/points?wait=true",
                {
                    "points": [
                        {
                            "id": first + i,
                            "vector": v.round(4).tolist(),
                            "payload": {"n": first + i},
                        }
                        for i, v in enumerate(rng.standard_normal((500, DIM)))
                    ]
                },
            )
        before_mb = resident_mb(server)
        sockets, trickles = nuisances(server.port)
        sender = threading.Thread(target=trickle, args=(trickles, stop))
        sender.start()
        times, refused = [], 0
        for i in range(PROBES):
            start = time.monotonic()
            try:
                if i % 2:
                    status = server.request(
                        "POST",
                        "/collections/load/points/query",
                        {"query": i, "limit": 3},
                        timeout_s=PROBE_TIMEOUT_S,
                    )[0]
                else:
                    status = server.request("GET", "/readyz", timeout_s=PROBE_TIMEOUT_S)[0]
            except OSError:
                status = None
            if status == 200:
                times.append(time.monotonic() - start)
            else:
                refused += 1
        stop.set()
        sender.join()
        times.sort()
        print(
            f"{len(times)} of {PROBES} probes answered, "
            f"p50 {statistics.median(times) * 1e3:.1f} ms, "
            f"p99 {times[len(times) * 99 // 100] * 1e3:.1f} ms; "
            f"resident {before_mb:.0f} -> {resident_mb(server):.0f} MB "
            f"with {len(sockets)} connections"
        )
        assert len(times) >= 0.99 * PROBES
        for s in sockets:
            s.close()
        sockets = []
        assert server.stop() == 0, server.log_tail()
    finally:
        stop.set()
        for s in sockets:
            s.close()
        if server.process.poll() is None:
            server.kill()


def resident_mb(server):
    with open(f"/proc/{server.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024
