#!/usr/bin/env python3
"""Measures contracts: the recall that was asked for and the recall that was found, over real
embeddings and queries from outside the base.

  tests/bench/contract.py [--bin DIR] [--work DIR] [--rows N] [--sets minilm,pca128,pca32]
                          [--asked .9,.95,..] [--rate N] [--out JSON] [--page FILE]

Each set is loaded once. For each promise the server starts again (and forgets its measurements),
and the script waits until moved points have chosen a breadth. The server answers the first 1,000
searches at --rate per second, and then 3,000 others, whose recall is taken against numpy's exact
answer. CPU is the server's, including its measurements. Nothing is asserted. --page writes the
table between the marks of docs/benchmarks/contract.md.
"""
import argparse
import base64
import http.client
import json
import os
import pathlib
import shutil
import sys
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
REAL = ROOT / "../shared/data/debian-minilm"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
DIM, K, FIRST, AFTER, SEED = 384, 10, 1000, 3000, 7


def unit(x):
    return x / numpy.linalg.norm(x, axis=1, keepdims=True)


def sets(rows):
    """name -> (what it is, distance, base, queries). Queries are rows that are not in the base."""
    raw = (
        numpy.fromfile(REAL / "vectors.f16", dtype=numpy.float16)
        .astype(numpy.float32)
        .reshape(-1, DIM)
    )
    order = numpy.random.default_rng(SEED).permutation(len(raw))
    rows = min(rows, len(raw) - FIRST - AFTER)
    base, queries = raw[order[:rows]], raw[order[rows : rows + FIRST + AFTER]]
    middle = base.mean(axis=0)
    _, _, axes = numpy.linalg.svd((base - middle)[::4], full_matrices=False)
    turned = lambda x, n: numpy.ascontiguousarray((x - middle) @ axes[:n].T)  # noqa: E731
    return {
        "minilm": (f"debian-minilm, {rows:,} x 384, cosine", "Cosine", unit(base), unit(queries)),
        "pca128": (
            f"its first 128 components, {rows:,} x 128, euclid",
            "Euclid",
            turned(base, 128),
            turned(queries, 128),
        ),
        "pca32": (
            f"its first 32 components, {rows:,} x 32, manhattan",
            "Manhattan",
            turned(base, 32),
            turned(queries, 32),
        ),
    }


def truth(distance, base, queries):
    out = []
    for first in range(0, len(queries), 250):
        q = queries[first : first + 250]
        if distance == "Cosine":
            far = -(q @ base.T)
        elif distance == "Euclid":
            far = (base * base).sum(axis=1)[None, :] - 2 * (q @ base.T)
        else:
            far = numpy.stack([numpy.abs(base - one).sum(axis=1) for one in q])
        out.append(numpy.argpartition(far, K, axis=1)[:, :K])
    return numpy.concatenate(out)


def text(vector):
    return {"vector_b64": base64.b64encode(vector.astype("<f4").tobytes()).decode()}


class Asked:
    """One connection, and who found what."""

    def __init__(self, server, name, queries, true):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port)
        self.path = f"/collections/{name}/points/query"
        self.bodies = [json.dumps({"query": text(q), "limit": K}) for q in queries]
        self.true = [set(t) for t in true.tolist()]

    def recall(self, first, end, rate=0):
        found, start = 0, time.monotonic()
        for i in range(first, end):
            self.connection.request(
                "POST", self.path, self.bodies[i], {"Content-Type": "application/json"}
            )
            answer = json.loads(self.connection.getresponse().read())["result"]["points"]
            found += len({p["id"] for p in answer} & self.true[i])
            wait = start + (i - first + 1) / rate - time.monotonic() if rate else 0
            if wait > 0:
                time.sleep(wait)
        return found / (K * (end - first))


def cpu_s(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(server, name, distance, base):
    server.ok(
        "PUT", f"/collections/{name}", {"vectors": {"size": base.shape[1], "distance": distance}}
    )
    for first in range(0, len(base), 500):
        points = [
            {"id": i, "vector": text(base[i])} for i in range(first, min(len(base), first + 500))
        ]
        server.ok("PUT", f"/collections/{name}/points?wait=true", {"points": points})
    while server.ok("GET", f"/collections/{name}")["status"] != "green":
        time.sleep(0.2)


def settle(server, name, seconds=120):
    """Until moved points have chosen a breadth and said whether it is enough."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        contract = server.ok("GET", f"/collections/{name}/contract")
        if contract["moved"]["samples"] > 0 and contract["state"] != "measuring":
            break
        time.sleep(0.2)
    return contract


def measure(server, name, asked, queries, true, rate):
    server.ok("PATCH", f"/collections/{name}", {"contract": {"recall": asked}})
    began = time.monotonic()
    before = settle(server, name)
    out = {
        "asked": asked,
        "moved_s": round(time.monotonic() - began, 1),
        "moved_recall": before["moved"]["recall"],
        "moved_widen": before["shards"][0]["widen"],
    }
    clients, began = Asked(server, name, queries, true), time.monotonic()
    out["first"] = clients.recall(0, FIRST, rate)
    at_end = server.ok("GET", f"/collections/{name}/contract")
    used = cpu_s(server)
    out["after"] = clients.recall(FIRST, FIRST + AFTER)
    out["cpu_us"] = (cpu_s(server) - used) / AFTER * 1e6
    out.update(
        {
            "widen": at_end["shards"][0]["widen"],
            "kept": at_end["kept"],
            "state": at_end["state"],
            "limit": at_end["limit"],
            "samples": at_end["searches"]["samples"],
            "low": at_end["searches"]["low"],
            "high": at_end["searches"]["high"],
            "missing": at_end["samples_missing"],
            "seconds_left": at_end["seconds_left"],
        }
    )
    last = server.ok("GET", f"/collections/{name}/contract")
    out["last"] = {
        "kept": last["kept"],
        "recall": last["searches"]["recall"],
        "samples": last["searches"]["samples"],
        "widen": last["shards"][0]["widen"],
    }
    out["actions"] = [a["action"] for a in last["shards"][0]["actions"]]
    return out


def within(r):
    return r["asked"] <= r["after"] <= (1 + r["asked"]) / 2


def page(result, path):
    lines = [
        f"{result['when']}, {result['cores']} cores, load average {result['load']:.1f} "
        f"at the start; {FIRST:,} searches at {result['rate']} per second, then {AFTER:,}; "
        f"k = {K}.",
        "",
        "| set | asked | recall of the first 1,000 | recall of the next 3,000 | within | "
        "kept after 1,000 | samples | breadth factor | server CPU us per query |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for s in result["sets"].values():
        for r in s["promises"]:
            kept = {True: "yes", False: "no", None: f"measuring, {r['missing']} samples missing"}[
                r["kept"]
            ]
            lines.append(
                f"| {s['what']} | {r['asked']} | {r['first']:.4f} | {r['after']:.4f} | "
                f"{'yes' if within(r) else r['limit'] or 'no'} | {kept} | {r['samples']} | "
                f"{r['moved_widen']:.2f}, then {r['widen']:.2f} | {r['cpu_us']:.0f} |"
            )
    old = path.read_text()
    path.write_text(
        old[: old.index(BEGIN)] + BEGIN + "\n" + "\n".join(lines) + "\n" + old[old.index(END) :]
    )


def main():
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    options.add_argument("--work", default="/tmp/rhumb-contract")
    options.add_argument("--rows", type=int, default=40000)
    options.add_argument("--sets", default="minilm,pca128,pca32")
    options.add_argument("--asked", default=".9,.95,.98,.99,.995,.999")
    options.add_argument("--rate", type=float, default=50)
    options.add_argument("--index", default="rhumb")
    options.add_argument("--out", type=pathlib.Path)
    options.add_argument("--page", type=pathlib.Path)
    o = options.parse_args()
    os.environ["RHUMB_BIN"] = str(pathlib.Path(o.bin).resolve())
    sys.path.insert(0, str(ROOT / "tests" / "e2e"))
    from rhumbd import Rhumbd

    result = {
        "when": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "rate": o.rate,
        "rows": o.rows,
        "sets": {},
    }
    for name, (what, distance, base, queries) in sets(o.rows).items():
        if name not in o.sets.split(","):
            continue
        data = pathlib.Path(o.work) / name
        shutil.rmtree(data, ignore_errors=True)
        data.parent.mkdir(parents=True, exist_ok=True)
        server = Rhumbd(
            data, settings={"index.plugin": o.index}, arguments=["--set", "log.level=warn"]
        ).start()
        load(server, name, distance, base)
        true = truth(distance, base, queries)
        promises = []
        for asked in map(float, o.asked.split(",")):
            server.stop()
            server.start()
            promises.append(measure(server, name, asked, queries, true, o.rate))
            print(json.dumps({"set": name, **promises[-1]}), flush=True)
        server.stop()
        result["sets"][name] = {"what": what, "promises": promises}
    if o.out:
        o.out.write_text(json.dumps(result, indent=1) + "\n")
    if o.page:
        page(result, o.page)


if __name__ == "__main__":
    main()
