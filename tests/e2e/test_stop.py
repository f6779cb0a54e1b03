"""Searches that do not end, and a server that has to stop while searches run: it reports where they
are, goes on answering, and waits for none of them."""
import json
import re
import shutil
import threading
import time

from rhumbd import BIN, STOP_TIMEOUT_S, Rhumbd

WAIT_S = 60  # for an expected event; the failure says what was awaited


def wait_for(what, happens):
    end = time.monotonic() + WAIT_S
    while not happens():
        assert time.monotonic() < end, f"waited {WAIT_S} s for {what}"
        time.sleep(0.05)


def metric(server, name):
    found = re.search(rf"^{name} (\S+)$", server.request("GET", "/metrics")[1], re.M)
    return float(found.group(1)) if found else 0


class Asked:
    """One request on a thread of its own. Its answer is None if the connection ended without
    one."""

    def __init__(self, server, path, body):
        self.reply = None
        self.thread = threading.Thread(target=self.ask, args=(server, path, body))
        self.thread.start()

    def ask(self, server, path, body):
        try:
            self.reply = server.request("POST", path, body, timeout_s=2 * WAIT_S)
        except OSError:
            pass

    def answer(self):
        self.thread.join()
        return self.reply


def logged(server, message):
    lines = [
        json.loads(line)
        for line in server.log_path.read_text().splitlines()
        if line.startswith("{")
    ]
    return [line for line in lines if message in line["message"]]


def test_a_search_that_never_ends_is_reported_and_does_not_delay_the_stop(tmp_path):
    """The engine, one of tests/conformance, ignores deadlines and cancellation."""
    plugins = tmp_path / "plugins"
    shutil.copytree(BIN.parent / "lib" / "rhumb" / "plugins", plugins)
    shutil.copy(BIN.parent / "faulty" / "faulty_index_never_ends.so", plugins)
    server = Rhumbd(
        tmp_path / "data", {"plugins.directory": plugins, "index.plugin": "faulty"}
    ).start()
    try:
        for name in ("endless", "small"):
            server.ok("PUT", f"/collections/{name}", {"vectors": {"size": 2, "distance": "Euclid"}})
        points = [{"id": i, "vector": [i, 1]} for i in range(10_500)]
        server.ok("PUT", "/collections/endless/points?wait=true", {"points": points})
        server.ok("PUT", "/collections/small/points?wait=true", {"points": points[:5]})
        wait_for(
            "an index",
            lambda: server.ok("GET", "/collections/endless")["indexed_vectors_count"] >= 10_000,
        )
        asked = Asked(server, "/collections/endless/points/query?timeout=1", {"query": [1, 1]})
        wait_for("a report", lambda: logged(server, "far beyond its deadline"))
        report = logged(server, "far beyond its deadline")[0]
        assert report["what"] == "read" and report["over_ms"] >= 10_000
        assert re.search(r"faulty_index_never_ends\.so\+0x[0-9a-f]+", report["stack"]), report
        assert re.search(r"rhumbd\+0x[0-9a-f]+", report["stack"]), report
        assert metric(server, "rhumb_overdue_requests_total") == 1
        assert metric(server, "rhumb_requests_running") >= 1
        found = server.ok("POST", "/collections/small/points/query", {"query": [1, 1], "limit": 1})
        assert [p["id"] for p in found["points"]] == [1]
    finally:
        code = server.stop()
    assert code == 0, server.log_tail()
    assert logged(server, "stopped without waiting for requests that do not end"), server.log_tail()
    asked.answer()
    server.start()  # all acknowledged writes are there
    assert server.ok("POST", "/collections/endless/points/count", {})["count"] == 10_500
    server.kill()


def test_a_stop_cancels_searches_that_would_take_long(tmp_path):
    server = Rhumbd(tmp_path / "data").start()
    try:
        server.ok(
            "PUT",
            "/collections/rows",
            {
                "vectors": {
                    "size": 4,
                    "distance": "Dot",
                    "multivector_config": {"comparator": "max_sim"},
                }
            },
        )
        for first in range(0, 3000, 500):
            points = [
                {"id": i, "vector": [[i % 7, j, 1, i % 3] for j in range(100)]}
                for i in range(first, first + 500)
            ]
            server.ok("PUT", "/collections/rows/points?wait=true", {"points": points})
        # Some 7e10 pairs of rows take minutes, and the default time-out is a minute.
        query = json.dumps({"query": [[1, 2, 3, 4]] * 250_000, "params": {"exact": True}})
        asked = Asked(server, "/collections/rows/points/query", query)
        wait_for("the search to run", lambda: metric(server, "rhumb_requests_running") >= 1)
    finally:
        code = server.stop()  # fails after STOP_TIMEOUT_S
    assert code == 0, server.log_tail()
    assert STOP_TIMEOUT_S < 60
    answered = asked.answer()
    assert answered is not None, "the server ended without an answer\n" + server.log_tail()
    status, reply, _ = answered
    assert status == 503 and "stopping" in json.dumps(reply), reply
    assert not logged(server, "do not end")
