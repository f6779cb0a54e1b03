import pathlib
import sys
import warnings

import pytest
from qdrant_client import QdrantClient, models

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import attack  # noqa: E402
import demo  # noqa: E402
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


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A server of its own for one module of hostile requests."""
    with attack.served(tmp_path_factory.mktemp("hostile") / "data") as running:
        yield running


@pytest.fixture
def fresh(tmp_path):
    """Starts servers for one test only: fresh(settings) -> Rhumbd."""
    started = []

    def start(settings=None, arguments=(), data=None, environment=None):
        directory = data or tmp_path / f"data{len(started)}"
        started.append(Rhumbd(directory, settings, arguments, environment).start())
        return started[-1]

    yield start
    for s in started:
        s.stop()


@pytest.fixture
def running(fresh):
    """A server for one test only, and a client of it."""
    server = fresh()
    client = QdrantClient(url=server.url, timeout=60)
    yield server, client
    client.close()


@pytest.fixture
def client(server):
    """The Python client, connected to the shared server."""
    with warnings.catch_warnings():
        # The client warns if it does not accept the server's version.
        warnings.simplefilter("error")
        c = QdrantClient(url=server.url, timeout=60)
    yield c
    c.close()


@pytest.fixture
def programs(client, name):
    """500 programs with numbers as ids, indexed by section and size."""
    client.create_collection(
        name, vectors_config=models.VectorParams(size=demo.DIM, distance=models.Distance.COSINE)
    )
    client.create_payload_index(name, "section", models.PayloadSchemaType.KEYWORD, wait=True)
    client.create_payload_index(name, "installed_kb", models.PayloadSchemaType.INTEGER, wait=True)
    points = [
        models.PointStruct(
            id=i, vector=demo.vectors()[i].tolist(), payload=demo.points()[i]["payload"]
        )
        for i in range(500)
    ]
    assert client.upsert(name, points, wait=True).status == models.UpdateStatus.COMPLETED
    yield name
    client.delete_collection(name)


@pytest.fixture
def name(request):
    """A collection name for one test."""
    return "".join(c if c.isalnum() else "_" for c in request.node.name)[:100]
