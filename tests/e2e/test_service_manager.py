"""What systemd hears from rhumbd: that it is ready, and that it makes progress."""
import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

from rhumbd import Rhumbd

WAIT_S = 60
PERIOD_US = 400_000
HANG_US = 4_000_000  # so long that several looks fall into it


def can_trace():
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode == 0


@pytest.fixture
def manager(tmp_path):
    """The manager's end of NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.settimeout(WAIT_S)
        yield end


@pytest.fixture
def watched(tmp_path, manager):
    server = Rhumbd(
        tmp_path / "data",
        environment={
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "WATCHDOG_USEC": str(PERIOD_US),
        },
    ).start()
    yield server
    assert server.stop() == 0, server.log_tail()


def hear(manager, state):
    """Waits for the state and returns what came before it."""
    before = []
    while True:
        told = manager.recv(4096).decode()
        if told.startswith(state):
            return before
        before.append(told)


def test_a_server_without_work_says_that_it_makes_progress(manager, watched):
    assert all(told.startswith("STATUS=") for told in hear(manager, "READY=1"))
    for _ in range(3):
        assert hear(manager, "WATCHDOG=1") == []
    watched.process.terminate()
    assert set(hear(manager, "STOPPING=1")) <= {"WATCHDOG=1"}


@pytest.mark.skipif(not can_trace(), reason="strace cannot trace here")
def test_an_application_of_writes_that_hangs_is_noticed(manager, watched, tmp_path):
    hear(manager, "READY=1")
    watched.ok("PUT", "/collections/c", {"vectors": {"size": 2, "distance": "Dot"}})
    watched.ok("PUT", "/collections/c/points?wait=true", {"points": [{"id": 1, "vector": [1, 2]}]})
    (wal,) = watched.data.glob("shards/*/kv/data.db-wal")
    words = ["strace", "-f", "-o", str(tmp_path / "strace"), "-e", "trace=pwrite64", "-e"]
    words += [f"inject=pwrite64:delay_enter={HANG_US}:when=1", "-P", str(wal)]
    tracer = subprocess.Popen(
        [*words, "-p", str(watched.process.pid)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert "attached" in tracer.stderr.readline()
        body = {"points": [{"id": 2, "vector": [3, 4]}]}
        writer = threading.Thread(
            target=watched.ok, args=("PUT", "/collections/c/points?wait=true", body)
        )
        writer.start()
        deadline = time.monotonic() + WAIT_S
        while "the server makes no progress" not in watched.log_path.read_text():
            assert time.monotonic() < deadline, watched.log_tail()
            time.sleep(0.02)  # there is no event to await, because the server says nothing
        assert '"no_answer_from":"application"' in watched.log_path.read_text()
        writer.join()
    finally:
        tracer.terminate()
        tracer.wait()
        tracer.stderr.close()
    hear(manager, "WATCHDOG=1")  # it makes progress again
