"""Each golden directory is read by today's server, with the answers of the server that wrote it."""
import json
import re
import time

import golden
import pytest
from rhumbd import Rhumbd

NAMES = sorted(p.name.removesuffix(".tar.xz") for p in (golden.HERE / "golden").glob("*.tar.xz"))
WAIT_S = 60


def expected(name):
    return json.loads((golden.HERE / "golden" / f"{name}.json").read_text())


def merges(server):
    text = server.request("GET", "/metrics")[1]
    return sum(
        float(value)
        for value in re.findall(r'rhumb_segment_merges_total\{outcome="done"\} (\S+)', text)
    )


def wait_for_a_merge(server):
    # Four segments of one size become one as soon as the shard is idle.
    deadline = time.monotonic() + WAIT_S
    while merges(server) == 0:
        assert time.monotonic() < deadline, f"nothing was merged:\n{server.log_tail()}"
        time.sleep(0.1)  # a merge begins when the shard has been idle; there is no event to await


def test_there_is_a_directory_of_the_present_and_of_the_older_format():
    assert NAMES == ["format-1", "format-2"]


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_directory_gives_its_answers_before_and_after_merging(tmp_path, name):
    data = golden.unpack(name, tmp_path)
    server = Rhumbd(data, golden.SETTINGS).start()
    try:
        assert golden.answers(server) == expected(name)
        wait_for_a_merge(server)
        assert golden.answers(server) == expected(name)
        assert server.stop() == 0, server.log_tail()
        server.start()
        assert golden.answers(server) == expected(name)
        server.ok("PUT", "/collections/one/points?wait=true", {"points": [golden.point(5000)]})
        server.kill()
        server.start()
        count = server.ok("POST", "/collections/one/points/count", {"exact": True})["count"]
        assert count == golden.ONE + 1 and server.ok("GET", "/collections/one/verify")["ok"]
        assert server.stop() == 0, server.log_tail()
    finally:
        if server.process.poll() is None:
            server.kill()


def test_a_golden_directory_of_each_format_holds_the_same_points():
    assert expected("format-1") == expected("format-2")


def test_an_upgrade_gives_every_manifest_the_present_format(tmp_path):
    data = golden.unpack("format-1", tmp_path)
    formats = lambda: {
        json.loads(p.read_text())["format"] for p in (data / "shards").rglob("manifest")
    }
    assert formats() == {1}
    server = Rhumbd(data, golden.SETTINGS).start()
    try:
        assert server.stop() == 0, server.log_tail()
    finally:
        if server.process.poll() is None:
            server.kill()
    assert formats() == {2}
