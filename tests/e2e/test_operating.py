"""The examples of docs/OPERATING.md that need no root run as they are written, and `rhumb size` is
right about a real collection."""
import json
import os
import re
import subprocess
import time

import pytest

from rhumbd import BIN, ROOT

EXAMPLES = re.findall(
    r"<!-- test: sh -->\n```sh\n(.*?)```", (ROOT / "docs" / "OPERATING.md").read_text(), re.S
)
POINTS, DIM, SEGMENT_ROWS = 20_000, 128, 10_000


def test_examples():
    assert EXAMPLES
    for example in EXAMPLES:
        environment = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example],
            capture_output=True,
            text=True,
            env=environment,
        )
        assert done.returncode == 0 and done.stdout and not done.stderr, done


def size(*words):
    done = subprocess.run(
        [str(BIN / "rhumb"), "size", *map(str, words), "-o", "json"],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_more_of_everything_takes_more():
    one = size("--points", 1000, "--dim", 128)
    assert size("--points", 2000, "--dim", 128)["disk"] == 2 * one["disk"]
    assert size("--points", 1000, "--dim", 128, "--replicas", 3)["disk"] == 3 * one["disk"]
    halves = size("--points", 1000, "--dim", 128, "--datatype", "float16")
    assert one["disk"] - halves["disk"] == 1000 * 128 * 2
    assert halves["memory"] == one["memory"]  # the codes are the same
    more = size("--points", 1000, "--dim", 128, "--payload", 100)
    assert more["disk"] - one["disk"] == 100_000
    parts = sum(part["disk"] for part in one["parts_of_a_point"])
    assert parts == pytest.approx(one["point"]["disk"])


def test_wrong_usage_of_size():
    for words, told in [
        (["--dim", "3"], "--points"),
        (["--points", "9", "--dim", "0"], "not a number from 1"),
        (["--points", "9", "--dim", "3", "--datatype", "int4"], "not one of"),
    ]:
        done = subprocess.run([str(BIN / "rhumb"), "size", *words], capture_output=True, text=True)
        assert done.returncode != 0 and told in done.stderr, done


def wait_green(server):
    deadline = time.monotonic() + 300
    while server.ok("GET", "/collections/a")["status"] != "green":
        assert time.monotonic() < deadline, server.log_tail()
        time.sleep(0.1)  # nobody announces the end of a build


def used_bytes(directory):
    """Without the log, which has a bound of its own."""
    total = 0
    for path in directory.rglob("*"):
        if path.is_file():
            total += path.stat().st_blocks * 512
    return total


@pytest.mark.parametrize("datatype,scalar", [("float32", 4), ("float16", 2)])
def test_a_real_collection_takes_what_was_estimated(fresh, datatype, scalar):
    import numpy as np

    server = fresh({"index.segment_rows": SEGMENT_ROWS})
    server.ok(
        "PUT",
        "/collections/a",
        {"vectors": {"size": DIM, "distance": "Cosine", "datatype": datatype}},
    )
    vectors = np.random.default_rng(7).standard_normal((POINTS, DIM)).astype(np.float32)
    for first in range(0, POINTS, 1000):
        points = [
            {"id": i, "vector": vectors[i].tolist(), "payload": {"n": i % 10}}
            for i in range(first, first + 1000)
        ]
        server.ok("PUT", "/collections/a/points?wait=true", {"points": points})
    # One more seals the segment before it, whose files end where their rows end.
    server.ok(
        "PUT", "/collections/a/points?wait=true", {"points": [{"id": POINTS, "vector": [1] * DIM}]}
    )
    wait_green(server)
    server.stop()  # the stop saves graphs, which ends their growth
    disk = used_bytes(server.data / "shards")
    server.start()
    wait_green(server)
    metrics = server.request("GET", "/metrics")[1]
    engine = r'^rhumb_engine_memory_bytes\{engine="rhumb",kind="index"\} (\S+)'
    memory = float(re.search(engine, metrics, re.M).group(1))
    estimate = size(
        "--points", POINTS, "--dim", DIM, "--datatype", datatype, "--payload", len('{"n":1}')
    )
    assert disk == pytest.approx(estimate["disk"], rel=0.15), estimate
    grown = sum(
        part["memory"]
        for part in estimate["parts_of_a_point"]
        if part["part"] != "links while it grows"
    )
    print(f"{datatype}: disk {disk / estimate['disk']:.3f}, memory {memory / POINTS / grown:.3f}")
    assert memory == pytest.approx(POINTS * grown, rel=0.15), estimate
