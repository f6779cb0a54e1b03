"""Bits flip and files end early in every kind of file of a stopped server: it is detected and named, or rebuilt, or provably harmless."""
import os
import random
import re
import shutil
import subprocess

import numpy as np
from rhumbd import BIN, Rhumbd
from workload import SEED

PER_FILE = 40 if os.environ.get("RHUMB_E2E_MODE") == "soak" else 2  # flips; and one cut
DIM, POINTS = 16, 10_600  # enough for a graph
SETTINGS = {"storage.segment_bytes": 1 << 20}


def vectors():
    rng = np.random.default_rng(SEED)
    centres = rng.standard_normal((50, 4)) @ rng.standard_normal((4, DIM))
    return (centres[rng.integers(0, 50, POINTS)] + 0.3 * rng.standard_normal((POINTS, DIM))).astype(np.float32).round(4)


def fill(server, data):
    for name, shards in (("one", 1), ("two", 2)):
        server.ok("PUT", f"/collections/{name}", {"vectors": {"size": DIM, "distance": "Euclid"}, "shard_number": shards})
        server.ok("PUT", f"/collections/{name}/index?wait=true", {"field_name": "word", "field_schema": "keyword"})
        server.ok("PUT", f"/collections/{name}/index?wait=true", {"field_name": "n", "field_schema": "integer"})
    points = [{"id": i, "vector": v.tolist(), "payload": {"word": f"w{i % 7}", "n": i}} for i, v in enumerate(data)]
    for first in range(0, POINTS, 2000):
        server.ok("PUT", "/collections/one/points?wait=true", {"points": points[first:first + 2000]})
    server.ok("PUT", "/collections/two/points?wait=true", {"points": points[:600]})
    server.ok("POST", "/collections/two/points/payload?wait=true", {"payload": {"changed": True}, "points": list(range(50))})
    server.ok("POST", "/collections/two/points/delete?wait=true", {"points": list(range(100, 150))})
    while server.ok("GET", "/collections/one")["indexed_vectors_count"] < POINTS - 64:
        pass  # each turn is a request; the graph takes a second


class Refused(Exception):
    """What the server itself says of the damage."""


def answers(server, data):
    """All that a user would see; Refused with the server's words when it does not answer."""
    out = {}
    for name in ("one", "two"):
        for path, body in ((f"/collections/{name}/verify", None),
                           (f"/collections/{name}/points/count", {"exact": True}),
                           (f"/collections/{name}/points/count", {"exact": True, "filter": {"must": [{"key": "word", "match": {"value": "w3"}}]}}),
                           (f"/collections/{name}/points/count", {"exact": True, "filter": {"must": [{"key": "n", "range": {"lt": 77}}]}}),
                           (f"/collections/{name}/points/query", {"query": data[17].tolist(), "limit": 5, "params": {"exact": True}}),
                           (f"/collections/{name}/points/query", {"query": data[17].tolist(), "limit": 1})):
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
    """detected | harmless; anything else is an error."""
    server = Rhumbd(directory, settings=SETTINGS)
    try:
        try:
            server.start(timeout_s=15)
            seen = answers(server, data)
        except (Refused, RuntimeError, OSError) as refusal:
            code = server.process.poll()
            assert code is None or code >= 0, f"{name}: died of signal {-code}:\n{server.log_tail()}"
            said = str(refusal) + server.log_path.read_text(errors="replace")
            assert re.search(r"corrupt|damaged|malformed|not a database|cannot|missing|is not ", said), f"{name}: refused without a reason: {said[-2000:]}"
            return "detected"
        assert seen == expected, f"{name}: a wrong answer: {[k for k in seen if seen[k] != expected[k]]}\n{server.log_tail()}"
        assert server.stop() == 0, server.log_tail()
        return "harmless"
    finally:
        if server.process.poll() is None:
            server.kill()
        server.log_path.unlink(missing_ok=True)


def check(directory, name):
    """What `rhumbd check` says of the stopped directory, before anything else has opened it."""
    done = subprocess.run([str(BIN / "rhumbd"), "check", str(directory), "--set", "log.level=error", *(f"--set={k}={v}" for k, v in SETTINGS.items())],
                          capture_output=True, timeout=60)
    assert done.returncode in (0, 1), f"{name}: rhumbd check ended with {done.returncode}: {done.stderr[-2000:]}"
    return done.returncode == 0, (done.stdout + done.stderr).decode("utf-8")  # also what it says of damaged bytes is text


def damages(path, rng):
    size = path.stat().st_size
    for _ in range(PER_FILE if size else 0):
        at, bit = rng.randrange(size), rng.randrange(8)
        yield f"bit {bit} of byte {at}", lambda f, at=at, bit=bit: (f.seek(at), f.write(bytes([byte_at(f, at) ^ 1 << bit])))
    if size:
        cut = rng.randrange(size)
        yield f"cut to {cut} of {size} bytes", lambda f, cut=cut: f.truncate(cut)


def byte_at(f, at):
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    return byte


def test_damage_in_every_file(tmp_path):
    print(f"seed {SEED}")
    rng, data = random.Random(SEED), vectors()
    server = Rhumbd(tmp_path / "data", settings=SETTINGS).start()
    fill(server, data)
    assert server.stop() == 0, server.log_tail()
    server.start()  # something that only the log has
    server.ok("POST", "/collections/two/points/payload?wait=true", {"payload": {"late": True}, "points": [200, 201]})
    expected = answers(server, data)
    server.kill()
    counts = {}
    for path in sorted(p for p in (tmp_path / "data").rglob("*") if p.is_file()):
        name = str(path.relative_to(tmp_path / "data"))
        kind = re.sub(r"[0-9a-f]{16}|\d+", "N", name)
        for what, change in damages(path, rng):
            copy = tmp_path / "copy"
            shutil.copytree(tmp_path / "data", copy)
            with open(copy / name, "r+b") as f:
                change(f)
            whole, said = check(copy, f"{name}: {what}")
            result = outcome(copy, f"{name}: {what}", data, expected)
            assert whole == (result == "harmless"), f"{name}: {what}: the server says {result}, rhumbd check: {said}"
            assert whole or path.name in said or str(path.parent.relative_to(tmp_path / "data")) in said, f"{name}: {what}: not named: {said}"
            counts.setdefault(kind, {}).setdefault(result, 0)
            counts[kind][result] += 1
            shutil.rmtree(copy)
    for kind, row in counts.items():
        print(f"{kind:40} " + ", ".join(f"{n} {what}" for what, n in sorted(row.items())))
    assert any("detected" in row for row in counts.values())
