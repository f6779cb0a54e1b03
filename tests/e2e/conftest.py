import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from rhumbd import Rhumbd  # noqa: E402


@pytest.fixture(scope="session", params=["direct", "encode"])
def server(request, tmp_path_factory):
    """One server for all tests that do not stop it: once with messages passed as objects, and once
    with messages that are encoded and decoded."""
    running = Rhumbd(
        tmp_path_factory.mktemp(request.param) / "data", {"peer.loopback": request.param}
    ).start()
    yield running
    code = running.stop()
    assert code == 0, running.log_tail()


@pytest.fixture
def fresh(tmp_path):
    """Starts servers for one test only: fresh(settings) -> Rhumbd."""
    started = []

    def start(settings=None, arguments=(), data=None):
        started.append(
            Rhumbd(data or tmp_path / f"data{len(started)}", settings, arguments).start()
        )
        return started[-1]

    yield start
    for s in started:
        s.stop()


@pytest.fixture
def name(request):
    """A collection name for one test."""
    return "".join(c if c.isalnum() else "_" for c in request.node.name)[:100]
