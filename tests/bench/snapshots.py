#!/usr/bin/env python3
"""Measures snapshots: how long one takes to make and to restore beside tar and zstd on the same
files, and what a writer notices of it.

  tests/bench/snapshots.py [--bin DIR] [--work DIR] [--rows N] [--dim N] [--turns N] [--json FILE]

Loads rows like embeddings with payloads of some 40 bytes, waits until they are indexed, and makes
and restores a snapshot --turns times while one client writes point by point. The peers are
`tar | zstd -1` of the unpacked snapshot and `zstd -d | tar -x` of its file, in turns with the
server. "held back" is what the server says about its image (the writers' pause). Nothing is
asserted.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
SEED, BATCH = 7, 2000


def rows_of(random, count, dim, topics, directions):
    near = topics[random.integers(0, len(topics), count)]
    return ((near + 0.4 * random.standard_normal(near.shape)) @ directions).astype(numpy.float32)


def load(server, rows, dim):
    random = numpy.random.default_rng(SEED)
    topics, directions = random.standard_normal((500, 24)), random.standard_normal((24, dim))
    server.ok("PUT", "/collections/c", {"vectors": {"size": dim, "distance": "Cosine"}})
    server.ok(
        "PUT", "/collections/c/index?wait=true", {"field_name": "kind", "field_schema": "keyword"}
    )
    for first in range(0, rows, BATCH):
        part = rows_of(random, min(BATCH, rows - first), dim, topics, directions)
        points = [
            {
                "id": first + i,
                "vector_b64": base64.b64encode(row.tobytes()).decode(),
                "payload": {"kind": f"k{i % 50}", "n": first + i, "text": "some words"},
            }
            for i, row in enumerate(part)
        ]
        while True:  # 429: rows wait for the graph
            status, reply, _ = server.request(
                "PUT", "/collections/c/points?wait=true", {"points": points}
            )
            if status == 200:
                break
            assert status == 429, reply
            time.sleep(0.2)
    while server.ok("GET", "/collections/c")["status"] != "green":
        time.sleep(0.5)
    time.sleep(3)  # a checkpoint follows when nobody writes


class Writer(threading.Thread):
    """Writes one point after the other. `slowest` is the longest answer since it was asked."""

    def __init__(self, server, dim):
        super().__init__(daemon=True)
        self.server, self.dim, self.ended = server, dim, threading.Event()
        self.times = []

    def run(self):
        random, point = numpy.random.default_rng(SEED + 1), 10**9
        while not self.ended.is_set():
            vector = base64.b64encode(
                random.standard_normal(self.dim).astype(numpy.float32).tobytes()
            ).decode()
            body = {"points": [{"id": point, "vector_b64": vector}]}
            began = time.monotonic()
            self.server.ok("PUT", "/collections/c/points?wait=true", body)
            self.times.append(time.monotonic() - began)
            point += 1

    def taken(self):
        times, self.times = self.times, []
        times.sort()
        return {
            "p99 ms": round(1000 * times[len(times) * 99 // 100], 2) if times else None,
            "slowest ms": round(1000 * times[-1], 2) if times else None,
        }


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().split(") ")[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid, what="VmHWM"):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+)", text)[1]) / 1024


def timed(server, work):
    began, cpu = time.monotonic(), cpu_s(server.process.pid)
    work()
    return time.monotonic() - began, cpu_s(server.process.pid) - cpu


def shell(command, cwd):
    began, before = time.monotonic(), os.times()
    subprocess.run(["bash", "-c", "set -o pipefail; " + command], cwd=cwd, check=True)
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return time.monotonic() - began, cpu


def pauses_ms(server, known):
    found = re.findall(r'"paused_us":(\d+)', server.log_path.read_text())
    return [int(us) / 1000 for us in found[known:]], len(found)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--work", default="/var/tmp/rhumb-bench-snapshots")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json")
    options = parser.parse_args()
    os.environ["RHUMB_BIN"] = options.bin
    from rhumbd import Rhumbd

    work = pathlib.Path(options.work)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    server = Rhumbd(work / "data").start()
    load(server, options.rows, options.dim)
    writer = Writer(server, options.dim)
    writer.start()
    time.sleep(5)
    idle = writer.taken()
    rows, pauses, known = [], [], 0
    before_mb = memory_mb(server.process.pid, "VmRSS")
    for turn in range(options.turns):
        made = {}
        wall, cpu = timed(
            server, lambda: made.update(server.ok("POST", "/collections/c/snapshots"))
        )
        while_made = writer.taken()
        more, known = pauses_ms(server, known)
        pauses += more
        file = work / "data" / "snapshots" / "c" / made["name"]
        unpacked = work / "unpacked"
        unpacked.mkdir()
        zstd_d = shell(f"zstd -q -d < '{file}' | tar -x -C '{unpacked}'", work)
        mb = sum(p.stat().st_size for p in unpacked.rglob("*") if p.is_file()) / 1e6
        packed = work / "packed"
        zstd_c = shell(f"tar -c -C '{unpacked}' . | zstd -q -1 -f -o '{packed}'", work)
        shell("sync", work)
        writer.taken()
        restored = timed(
            server,
            lambda: server.ok(
                "PUT",
                f"/collections/copy{turn}/snapshots/recover",
                {"location": f"file://{file}"},
            ),
        )
        while_restored = writer.taken()
        server.ok("DELETE", f"/collections/copy{turn}")
        rows.append(
            {
                "MB": round(mb),
                "packed MB": round(made["size"] / 1e6),
                "make s": round(wall, 2),
                "make cpu s": round(cpu, 2),
                "tar|zstd s": round(zstd_c[0], 2),
                "tar|zstd cpu s": round(zstd_c[1], 2),
                "restore s": round(restored[0], 2),
                "restore cpu s": round(restored[1], 2),
                "zstd|tar s": round(zstd_d[0], 2),
                "zstd|tar cpu s": round(zstd_d[1], 2),
                "write while made": while_made,
                "write while restored": while_restored,
            }
        )
        print(json.dumps(rows[-1]), flush=True)
        shutil.rmtree(unpacked)
        packed.unlink()
        file.unlink()
    writer.ended.set()
    writer.join()
    result = {
        "rows": options.rows,
        "dim": options.dim,
        "write before": idle,
        "held back ms": [round(p, 2) for p in pauses],
        "median make MB/s": round(statistics.median(r["MB"] / r["make s"] for r in rows)),
        "median restore MB/s": round(statistics.median(r["MB"] / r["restore s"] for r in rows)),
        "memory MB": [round(before_mb), round(memory_mb(server.process.pid))],
        "turns": rows,
    }
    server.stop()
    print(json.dumps({k: v for k, v in result.items() if k != "turns"}))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1))
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
