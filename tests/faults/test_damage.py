"""Bits flip and files end early in every kind of file of a stopped server. The damage must be
detected and named, or repaired by a rebuild, or provably harmless."""
import json
import os
import random
import re
import shutil
import subprocess

import numpy as np
from rhumbd import BIN, Rhumbd
from workload import SEED

SOAK = os.environ.get("RHUMB_E2E_MODE") == "soak"
PER_FILE = 40 if SOAK else 1  # number of flips; each file also gets three other damages
# Enough for a sealed segment with a graph, and a growing one.
DIM, SEALED, POINTS = 16, 10_100, 10_600
SETTINGS = {"storage.log_segment_bytes": 1 << 20, "index.segment_rows": SEALED}


def vectors():
    rng = np.random.default_rng(SEED)
    centres = rng.standard_normal((50, 4)) @ rng.standard_normal((4, DIM))
    return (
        (centres[rng.integers(0, 50, POINTS)] + 0.3 * rng.standard_normal((POINTS, DIM)))
        .astype(np.float32)
        .round(4)
    )


def fill(server, data):
    multi = {"size": DIM, "distance": "Euclid", "multivector_config": {"comparator": "max_sim"}}
    server.ok("PUT", "/collections/rows", {"vectors": multi})
    points = [
        {
            "id": i,
            "vector": data[3 * i : 3 * i + 1 + i % 3].tolist(),
            "payload": {"word": f"w{i % 7}", "n": i},
        }
        for i in range(300)
    ]
    server.ok("PUT", "/collections/rows/points?wait=true", {"points": points})
    for name, shards in (("one", 1), ("two", 2)):
        server.ok(
            "PUT",
            f"/collections/{name}",
            {"vectors": {"size": DIM, "distance": "Euclid"}, "shard_number": shards},
        )
        server.ok(
            "PUT",
            f"/collections/{name}/index?wait=true",
            {"field_name": "word", "field_schema": "keyword"},
        )
        server.ok(
            "PUT",
            f"/collections/{name}/index?wait=true",
            {"field_name": "n", "field_schema": "integer"},
        )
    points = [
        {"id": i, "vector": v.tolist(), "payload": {"word": f"w{i % 7}", "n": i}}
        for i, v in enumerate(data)
    ]
    for first in range(0, POINTS, 2000):
        server.ok(
            "PUT", "/collections/one/points?wait=true", {"points": points[first : first + 2000]}
        )
    server.ok("PUT", "/collections/two/points?wait=true", {"points": points[:600]})
    server.ok(
        "POST",
        "/collections/two/points/payload?wait=true",
        {"payload": {"changed": True}, "points": list(range(50))},
    )
    server.ok("POST", "/collections/two/points/delete?wait=true", {"points": list(range(100, 150))})
    while server.ok("GET", "/collections/one")["indexed_vectors_count"] < SEALED:
        pass  # each turn is a request, and the graph takes a second


class Refused(Exception):
    """The server's own report of the damage."""


def answers(server, data):
    """Everything that a user would see. Raises Refused with the server's words if it does not
    answer."""
    out = {}
    for name in ("rows", "one", "two"):
        for path, body in (
            (f"/collections/{name}/verify", None),
            (f"/collections/{name}/points/count", {"exact": True}),
            (
                f"/collections/{name}/points/count",
                {"exact": True, "filter": {"must": [{"key": "word", "match": {"value": "w3"}}]}},
            ),
            (
                f"/collections/{name}/points/count",
                {"exact": True, "filter": {"must": [{"key": "n", "range": {"lt": 77}}]}},
            ),
            (
                f"/collections/{name}/points/query",
                {"query": data[17].tolist(), "limit": 5, "params": {"exact": True}},
            ),
            (f"/collections/{name}/points/query", {"query": data[17].tolist(), "limit": 1}),
        ):
            status, reply, _ = server.request("GET" if body is None else "POST", path, body)
            if status != 200:
                raise Refused(str(reply))
            result = reply["result"]
            if path.endswith("verify"):
                if not result["ok"]:
                    raise Refused(str(result))
                result = [s["content_hash"] for s in result["shards"]]
            elif "points" in result:
                result = [(p["id"], round(p["score"], 3)) for p in result["points"]]
            out[path + str(body)] = result
    return out


def outcome(directory, name, data, expected):
    """Returns detected or harmless; anything else is an error."""
    server = Rhumbd(directory, settings=SETTINGS)
    try:
        try:
            server.start(timeout_s=15)
            seen = answers(server, data)
        except (Refused, RuntimeError, OSError) as refusal:
            code = server.process.poll()
            assert (
                code is None or code >= 0
            ), f"{name}: died of signal {-code}:\n{server.log_tail()}"
            said = str(refusal) + server.log_path.read_text(errors="replace")
            assert re.search(
                r"corrupt|damaged|malformed|not a database|cannot|missing|is not ", said
            ), f"{name}: refused without a reason: {said[-2000:]}"
            return "detected"
        wrong = [key for key in seen if seen[key] != expected.get(key)]
        assert seen == expected, f"{name}: a wrong answer: {wrong}\n{server.log_tail()}"
        assert server.stop() == 0, server.log_tail()
        return "harmless"
    finally:
        if server.process.poll() is None:
            server.kill()
        server.log_path.unlink(missing_ok=True)


WHOLE, DURABLE, DERIVED = 0, 1, 2  # exit statuses of `rhumbd check`


def check(directory, name):
    """(verdict, report) of `rhumbd check` on the stopped directory, before anything else has opened
    it."""
    done = subprocess.run(
        [
            str(BIN / "rhumbd"),
            "check",
            str(directory),
            "-o",
            "json",
            "--set",
            "log.level=error",
            *(f"--set={k}={v}" for k, v in SETTINGS.items()),
        ],
        capture_output=True,
        timeout=60,
    )
    assert done.returncode in (
        WHOLE,
        DURABLE,
        DERIVED,
    ), f"{name}: rhumbd check ended with {done.returncode}: {done.stderr[-2000:]}"
    # The report of damaged bytes has to be text, too.
    report = json.loads(done.stdout.decode("utf-8"))
    kinds = {p["kind"] for p in report["problems"]}
    assert done.returncode == (
        DURABLE if "durable" in kinds else DERIVED if kinds else WHOLE
    ), f"{name}: {done.returncode}: {report}"
    return done.returncode, report


def damages(path, rng):
    """(name, change of the file): flipped bits, an early end, an empty file, a missing file."""
    size = path.stat().st_size
    for _ in range(PER_FILE if size else 0):
        at, bit = rng.randrange(size), rng.randrange(8)
        yield f"bit {bit} of byte {at}", lambda p, at=at, bit=bit: flip(p, at, bit)
    if size:
        cut = rng.randrange(size)
        yield f"cut to {cut} of {size} bytes", lambda p, cut=cut: os.truncate(p, cut)
        yield "emptied", lambda p: os.truncate(p, 0)
    yield "removed", os.unlink


def flip(path, at, bit):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ 1 << bit]))


def durable_files(directory):
    return {p.relative_to(directory) for p in directory.rglob("*.dat")}


def one_damage(original, name, what, change, data, expected):
    """The outcome of one damage, after the checks that must hold for every damage."""
    copy, case = original.parent / "copy", f"{name}: {what}"
    shutil.copytree(original, copy)
    try:
        change(copy / name)
        files = durable_files(copy)
        verdict, report = check(copy, case)
        result = outcome(copy, case, data, expected)
        assert (verdict == DURABLE) == (
            result == "detected"
        ), f"{case}: the server says {result}, rhumbd check: {report}"
        said = " ".join(p["what"] for p in report["problems"])
        near = (name.name, str(name.parent))  # a file, or the store or segment that it belongs to
        assert verdict == WHOLE or any(n in said for n in near), f"{case}: not named: {report}"
        if verdict == DURABLE:
            assert files <= durable_files(
                copy
            ), f"{case}: what can still be saved is gone: {files - durable_files(copy)}"
        return {DURABLE: "detected", DERIVED: "made again", WHOLE: "harmless"}[verdict]
    finally:
        shutil.rmtree(copy)


def test_damage_in_every_file(tmp_path):
    print(f"seed {SEED}")
    rng, data = random.Random(SEED), vectors()
    server = Rhumbd(tmp_path / "data", settings=SETTINGS).start()
    fill(server, data)
    assert server.stop() == 0, server.log_tail()
    server.start()  # leaves something that only the log has
    server.ok(
        "POST",
        "/collections/two/points/payload?wait=true",
        {"payload": {"late": True}, "points": [200, 201]},
    )
    expected = answers(server, data)
    server.kill()
    counts = {}
    files = sorted(p for p in (tmp_path / "data").rglob("*") if p.is_file())
    # Shards with several rows, with one row, and two with two rows.
    shards = sorted((tmp_path / "data" / "shards").iterdir())
    # The other shards have the same kinds of files.
    few = lambda f: shards[-1] in f.parents or (
        shards[0] in f.parents and not f.name.startswith("slots.")
    )
    for path in files if SOAK else [f for f in files if not few(f)]:
        name = path.relative_to(tmp_path / "data")
        kind = re.sub(r"[0-9a-f]{16}|\d+", "N", str(name))
        for what, change in damages(path, rng):
            result = one_damage(tmp_path / "data", name, what, change, data, expected)
            counts.setdefault(kind, {}).setdefault(result, 0)
            counts[kind][result] += 1
    for kind in ("shards/N/segments/N/fields/payload-N.idx", "shards/N/segments/N/graph.N/graph"):
        assert (
            "detected" not in counts[kind] and "made again" in counts[kind]
        ), f"{kind}: {counts[kind]}"
    for kind in (
        "log/N.wal",
        "shards/N/kv/data.db",
        "shards/N/segments/N/rows.dat",
        "shards/N/segments/N/slots.N.dat",
        "shards/N/segments/N/vec.N.dat.crc",
    ):
        assert "detected" in counts[kind], f"{kind}: {counts[kind]}"
    for kind, row in counts.items():
        print(f"{kind:40} " + ", ".join(f"{n} {what}" for what, n in sorted(row.items())))
