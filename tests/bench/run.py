#!/usr/bin/env python3
"""Measures the server beside hnswlib on the same machine in the same run.

  tests/bench/run.py [--bin DIR] [--work DIR] [--sets c128,e1536,minilm]
                     [--parts forms,filter,restart,scale] [--rounds N] [--seconds S] [--out FILE]

It needs a Release build with the bench programs (RHUMB_TEST_FOLDERS=bench). Peer and server take
turns inside each round; a figure is the median over the rounds. CPU time is shown beside wall time,
because it means something on a machine that does other work as well. Nothing is asserted. It writes
JSON; tests/bench/page.py makes the page.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETS = {  # name: (metric, REST distance, arguments of bench_data)
    "c128": ("euclid", "Euclid", ["c128", "100000", "1000", "42"]),
    "e1536": ("cosine", "Cosine", ["e1536", "20000", "1000", "43"]),
    "minilm": (
        "cosine",
        "Cosine",
        [
            "f16",
            str(ROOT / "../shared/data/debian-minilm/vectors.f16"),
            str(ROOT / "../shared/data/debian-minilm/queries.f16"),
            "384",
        ],
    ),
    "c128-200k": ("euclid", "Euclid", ["c128", "200000", "1000", "42"]),
}
TARGET = 0.95
# Of queries over REST, as in bench_load.
FORMS = [(vectors, batch) for batch in (1, 10) for vectors in ("text", "wide", "base64")]
EFS = (10, 12, 14, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 80, 96, 128, 192, 256)


class Bench:
    def __init__(self, options):
        self.options = options
        self.bin = pathlib.Path(options.bin).resolve()
        self.work = pathlib.Path(options.work).resolve()
        os.environ["RHUMB_BIN"] = str(self.bin)
        sys.path.insert(0, str(ROOT / "tests" / "e2e"))
        from rhumbd import Rhumbd

        self.Rhumbd = Rhumbd

    def program(self, name, *arguments):
        done = subprocess.run(
            [str(self.bin / name), *map(str, arguments)],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return json.loads(done.stdout) if done.stdout.strip() else None

    def data(self, name):
        path = self.work / name
        if not (path / "base.fbin").exists():
            self.program("bench_data", *SETS[name][2], path)
        return path

    def server(self, name, **settings):
        data = self.work / f"server-{name}"
        shutil.rmtree(data, ignore_errors=True)
        settings = {"index.plugin": self.options.index, **settings}
        return self.Rhumbd(data, settings=settings, arguments=["--set", "log.level=warn"])

    def load(self, server, name, path, connections, seconds, params, percent=100, form=("text", 1)):
        return self.program(
            "bench_load",
            "search",
            server.port,
            name,
            path,
            connections,
            seconds,
            server.process.pid,
            json.dumps(params),
            percent,
            *form,
        )

    def ef_for(self, server, name, path, percent=100, target=TARGET):
        for ef in EFS:
            found = self.load(server, name, path, 1, 0, {"hnsw_ef": ef}, percent)
            if found["recall"] >= target:
                return ef
        return EFS[-1]

    def in_process(self, name, path, target, *options):
        """Our engine through its plugin table, in a program of its own, on one thread."""
        plugin = self.bin.parent / "lib/rhumb/plugins/index_rhumb.so"
        found = self.program(
            "bench_ann",
            path,
            SETS[name][0],
            "--plugin",
            plugin,
            "--peers",
            "",
            "--rounds",
            1,
            "--threads",
            2,
            "--targets",
            target,
            *options,
        )
        return found["search"][f"{target:.3f}"]["rhumb"]


def resident_mb(pid):
    values = {}
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.startswith(("VmRSS", "RssAnon", "RssFile")):
            values[key] = int(value.split()[0]) * 1024 / 1e6
    return values


def wait_green(server, name):
    while True:
        info = server.ok("GET", f"/collections/{name}")
        if (
            info["status"] == "green"
            and info["points_count"]
            and info["indexed_vectors_count"] > 0.99 * info["points_count"]
        ):
            return info
        time.sleep(0.05)  # the measured work takes tens of seconds


def median(rounds, key):
    return statistics.median(r[key] for r in rounds)


def ingest(bench, server, name, path):
    metric_name = SETS[name][1]
    dim = int.from_bytes((path / "base.fbin").open("rb").read(8)[4:], "little")
    server.ok(
        "PUT",
        f"/collections/{name}",
        {
            "vectors": {"size": dim, "distance": metric_name},
            "hnsw_config": {"m": 16, "ef_construct": 200},
        },
    )
    for field in ("p50", "p10", "p1"):
        server.ok(
            "PUT",
            f"/collections/{name}/index?wait=true",
            {"field_name": field, "field_schema": "keyword"},
        )
    start = time.monotonic()
    cpu = cpu_s(server.process.pid)
    result = bench.program("bench_load", "ingest", server.port, name, path, 100, 4)
    wait_green(server, name)
    result["green_s"] = time.monotonic() - start
    result["green_cpu_s"] = cpu_s(server.process.pid) - cpu
    result["resident_mb"] = resident_mb(server.process.pid)
    result["vectors_and_graph_mb"] = vectors_and_graph_mb(path)
    return result


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def filtered(bench, server, name, path):
    rows = {}
    for percent in (50, 10, 1):
        ef = bench.ef_for(server, name, path, percent)
        one = bench.load(server, name, path, 16, bench.options.seconds, {"hnsw_ef": ef}, percent)
        plan = server.request(
            "POST",
            f"/collections/{name}/points/query",
            {
                "query": 0,
                "limit": 10,
                "params": {"explain": True, "hnsw_ef": ef},
                "filter": {"must": [{"key": f"p{percent}", "match": {"value": "in"}}]},
            },
        )[1]
        rows[str(percent)] = {"ef": ef, **one, "explain": plan.get("explain")}
    return rows


def forms(bench, server, name, path):
    """The same search in process and over REST in every form, in turns."""
    rows = {}
    bench.in_process(name, path, TARGET)  # builds the index
    for target in (0.95, 0.99):
        ef = bench.ef_for(server, name, path, target=target)
        inside, over = [], {form: [] for form in FORMS}
        for _ in range(bench.options.rounds):
            inside.append(bench.in_process(name, path, target, "--reuse"))
            for form in FORMS:
                over[form].append(
                    bench.load(
                        server, name, path, 16, bench.options.seconds, {"hnsw_ef": ef}, form=form
                    )
                )
        rows[str(target)] = {
            "ef": ef,
            "engine_ef": inside[0]["ef"],
            "engine_recall": inside[0]["recall"],
            "engine_cpu_us": median(inside, "cpu_us"),
            "recall": over[FORMS[0]][0]["recall"],
            "rest": [
                {
                    "vectors": vectors,
                    "batch": batch,
                    "server_cpu_us": median(over[vectors, batch], "server_cpu_us"),
                    "queries_per_s": median(over[vectors, batch], "queries_per_s"),
                    "of_engine": statistics.median(
                        i["cpu_us"] / r["server_cpu_us"]
                        for i, r in zip(inside, over[vectors, batch])
                    ),
                }
                for vectors, batch in FORMS
            ],
        }
    return rows


def run_set(bench, name):
    metric, path = SETS[name][0], bench.data(name)
    result = {"peer_build": bench.program("bench_peer", "build", path, metric, 2)}
    server = bench.server(name).start()
    try:
        result["ingest"] = ingest(bench, server, name, path)
        ef = bench.ef_for(server, name, path)
        peer_ef = bench.program("bench_peer", "search", path, metric, TARGET)["ef"]
        peer, sixteen, one = [], [], []
        for _ in range(bench.options.rounds):
            peer.append(bench.program("bench_peer", "search", path, metric, TARGET, peer_ef))
            sixteen.append(
                bench.load(server, name, path, 16, bench.options.seconds, {"hnsw_ef": ef})
            )
            one.append(bench.load(server, name, path, 1, bench.options.seconds, {"hnsw_ef": ef}))
        result["search"] = {
            "ef": ef,
            "peer_ef": peer_ef,
            "recall": sixteen[0]["recall"],
            "peer_recall": peer[0]["recall"],
            "peer_cpu_us": median(peer, "cpu_us"),
            "peer_p99_us": median(peer, "p99_us"),
            "server_cpu_us_16": median(sixteen, "server_cpu_us"),
            "queries_per_s_16": median(sixteen, "queries_per_s"),
            "server_cpu_us_1": median(one, "server_cpu_us"),
            "p50_us_1": median(one, "p50_us"),
            "p99_us_1": median(one, "p99_us"),
            "cpu_ratio": statistics.median(
                s["server_cpu_us"] / p["cpu_us"] for s, p in zip(sixteen, peer)
            ),
        }
        time.sleep(6)  # memory that the writes left goes back to the system every 5 s
        result["ingest"]["resident_mb_when_loaded"], result["ingest"]["resident_mb"] = result[
            "ingest"
        ]["resident_mb"], resident_mb(server.process.pid)
        if "forms" in bench.options.parts:
            result["forms"] = forms(bench, server, name, path)
        if "filter" in bench.options.parts:
            result["filter"] = filtered(bench, server, name, path)
            for row in result["filter"].values():
                row["of_unfiltered"] = row["queries_per_s"] / result["search"]["queries_per_s_16"]
        result["restart"] = restart(server, name)
    finally:
        server.stop()
    return result


def vectors_and_graph_mb(path):
    """The least that must be stored: float vectors, and 32 links of 4 bytes per point."""
    rows, dim = (
        int.from_bytes(part, "little")
        for part in struct.unpack("4s4s", (path / "base.fbin").open("rb").read(8))
    )
    return rows * (4 * dim + 4 * 32) / 1e6


def restart_set(bench, name):
    path = bench.data(name)
    server = bench.server(name).start()
    try:
        made = ingest(bench, server, name, path)
        killed = restart(server, name)
        server.stop()
        start = time.monotonic()
        server.start()
        ready = time.monotonic() - start
        server.ok("POST", f"/collections/{name}/points/query", {"query": 1, "limit": 1})
        return {
            "ingest": made,
            "restart": [
                killed,
                {"after": "stop", "ready_s": ready, "first_answer_s": time.monotonic() - start},
            ],
        }
    finally:
        server.stop()


def restart(server, name):
    server.kill()
    start = time.monotonic()
    server.start()
    ready = time.monotonic() - start
    server.ok("POST", f"/collections/{name}/points/query", {"query": 1, "limit": 1})
    return {"after": "kill -9", "ready_s": ready, "first_answer_s": time.monotonic() - start}


def scale(bench):
    """The cost of doing nothing: idle connections and empty collections."""
    import socket

    server = bench.server("scale").start()
    result = {}
    try:
        before = resident_mb(server.process.pid)["VmRSS"]
        sockets = []
        for _ in range(2000):
            s = socket.create_connection(("127.0.0.1", server.port))
            s.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            s.recv(4096)
            sockets.append(s)
        result["idle_connection_bytes"] = (
            (resident_mb(server.process.pid)["VmRSS"] - before) * 1e6 / len(sockets)
        )
        for s in sockets:
            s.close()
        before = resident_mb(server.process.pid)["VmRSS"]
        count = bench.options.collections
        start = time.monotonic()
        for i in range(count):
            server.ok(
                "PUT", f"/collections/empty{i}", {"vectors": {"size": 128, "distance": "Cosine"}}
            )
        result["empty_collections"] = {
            "count": count,
            "create_s": time.monotonic() - start,
            "bytes_each": (resident_mb(server.process.pid)["VmRSS"] - before) * 1e6 / count,
        }
        server.kill()
        start = time.monotonic()
        server.start()
        result["empty_collections"]["start_s"] = time.monotonic() - start
        result["empty_collections"]["bytes_each_after_start"] = (
            (resident_mb(server.process.pid)["VmRSS"] - before) * 1e6 / count
        )
    finally:
        server.stop()
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=ROOT / "build/release/bin")
    parser.add_argument("--work", default=ROOT / "build/bench/data")
    parser.add_argument("--sets", default="c128,e1536,minilm")
    parser.add_argument("--parts", default="forms,filter,restart,scale")
    parser.add_argument("--index", default="hnsw", help="index.plugin of the server")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--collections", type=int, default=1000)
    parser.add_argument("--out", default=ROOT / "docs/benchmarks/server.json")
    options = parser.parse_args()
    bench = Bench(options)
    cpu = next(
        (l.partition(":")[2].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")),
        platform.machine(),
    )
    report = {
        "machine": {
            "cpu": cpu,
            "cores": os.cpu_count(),
            "load_average": os.getloadavg()[0],
            "date": time.strftime("%Y-%m-%d"),
        },
        "index": options.index,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "sets": {},
    }
    for name in filter(None, options.sets.split(",")):
        print(f"== {name}", file=sys.stderr, flush=True)
        report["sets"][name] = run_set(bench, name)
        print(json.dumps(report["sets"][name], indent=1), file=sys.stderr, flush=True)
    if "restart" in options.parts:
        report["restart_200k"] = restart_set(bench, "c128-200k")
        print(json.dumps(report["restart_200k"]), file=sys.stderr)
    if "scale" in options.parts:
        report["scale"] = scale(bench)
        print(json.dumps(report["scale"]), file=sys.stderr)
    pathlib.Path(options.out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(options.out).write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
