"""The k-th call of one kind fails while three writers write: no acknowledged write is lost, there
is a clear message, and a restart is clean.

strace attaches to the running server and makes the call fail (each thread has a counter of its
own). A failed sync is never tried again: the data may be gone from the page cache, so nothing may
be acknowledged after it.
"""
import os
import random
import subprocess

import pytest
from rhumbd import Rhumbd
from workload import IDS_EACH, SEED, WRITERS, check, create, point, write_until

ERRORS = {"EIO": "Input/output error", "ENOSPC": "No space left on device"}
FAULTS = (
    ("fdatasync", "log"),
    ("pwrite64", "log"),
    ("openat", "any"),
    ("fallocate", "log"),
    ("fdatasync", "kv"),
    ("rename", "any"),
    ("fsync", "any"),
    ("pwrite64", "kv"),
    ("pwrite64", "columns"),
    ("fdatasync", "columns"),
    ("ftruncate", "any"),
    ("mmap", "any"),
    ("fallocate", "columns"),
    ("ftruncate", "log"),
    ("unlink", "any"),
    ("openat", "kv"),
)
SAMPLES = (20 if os.environ.get("RHUMB_E2E_MODE") == "soak" else 1) * len(FAULTS)
FILES = {
    "any": (),
    "log": [f"log/{n:016x}.wal{end}" for n in range(1, 40) for end in ("", ".tmp")],
    "kv": ["shards/*/kv/*"],
    "columns": ["shards/*/segments/*/*.dat"],
}
# So that checkpoints happen, too.
SETTINGS = {"storage.log_segment_bytes": 1 << 20, "storage.log_bytes": 2 << 20}
FILLER = "x" * 60_000  # so that the log rolls over several times within a sample
BEFORE = 60  # points written before the tracer attaches
PROBE_ID, PROBE_TAG = WRITERS * IDS_EACH, 7  # written after the failure


seen = []  # for each sample: whether a call failed


def samples():
    rng = random.Random(SEED)
    for n in range(SAMPLES):
        yield *FAULTS[n % len(FAULTS)], rng.choice(sorted(ERRORS)), 1 + int(
            rng.expovariate(0.3)
        ) % 5, rng.getrandbits(32)


def attach(server, call, files, error, k, report):
    words = [
        "strace",
        "-f",
        "-o",
        str(report),
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:error={error}:when={k}",
        "-p",
        str(server.process.pid),
    ]
    for pattern in FILES[files]:  # also files of the log that will be made later
        for path in (
            sorted(server.data.glob(pattern)) if "*" in pattern else [server.data / pattern]
        ):
            words += ["-P", str(path)]
    tracer = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    line = tracer.stderr.readline()  # "strace: Process N attached"
    if "attached" not in line:
        tracer.kill()
        pytest.skip(f"strace cannot attach here: {line.strip()}")
    return tracer


def detach(tracer):
    tracer.terminate()
    tracer.wait()
    tracer.stderr.close()


@pytest.mark.parametrize("call, files, error, k, seed", samples())
def test_a_call_fails(tmp_path, call, files, error, k, seed):
    server = Rhumbd(tmp_path / "data", settings=SETTINGS).start()
    try:
        create(server)
        state, rng = {}, random.Random(seed)
        for i in range(BEFORE):
            tag = rng.getrandbits(40)
            server.ok("PUT", "/collections/kill/points?wait=true", {"points": [point(i, tag)]})
            state[i] = {(tag, 0)}
        report = tmp_path / "strace.txt"
        tracer = attach(server, call, files, error, k, report)
        behind = []

        def end():
            detach(tracer)
            # Otherwise it has ended by itself, and its log says why.
            if server.process.poll() is None:
                state[PROBE_ID] = {None, (PROBE_TAG, 0)}
                status, _, _ = server.request(
                    "PUT",
                    "/collections/kill/points?wait=true",
                    {"points": [point(PROBE_ID, PROBE_TAG)]},
                )
                behind.append((server.request("GET", "/readyz")[0] == 200, status))
            server.kill()

        acknowledged = write_until(server, state, rng, end, filler=FILLER)
        injected = report.read_text().count("(INJECTED)")
        log = server.log_path.read_text(errors="replace")
        if injected and call in ("fdatasync", "fsync"):
            assert (
                ERRORS[error] in log or "disk I/O error" in log
            ), f"no message names the failed {call}:\n{server.log_tail()}"
        for healthy, status in behind:
            if "the log has failed" in log:
                assert status != 200 and not healthy, "acknowledged behind a failed sync of the log"
            if status == 200:
                state[PROBE_ID] = {(PROBE_TAG, 0)}
        server.start()
        check(server, state)
        seen.append(injected > 0)
        print(
            f"{call} of {files} {error} k={k}: injected {injected}, {acknowledged} acknowledged, "
            f"then {behind}"
        )
        assert server.stop() == 0, server.log_tail()
    finally:
        if server.process.poll() is None:
            server.kill()


def test_most_samples_had_a_failed_call():
    assert (
        len(seen) == SAMPLES and sum(seen) > SAMPLES / 2
    ), f"a call failed in {sum(seen)} of {len(seen)} samples"
