"""Qdrant's settings of index and search steer the engine, through the real clients. The tests look
at the hits and at the files of the graphs."""
import os
import pathlib
import struct
import subprocess
import time

import numpy
import pytest
from qdrant_client import QdrantClient, models

from rhumbd import ROOT, Rhumbd

ROWS, QUERIES, K = 12_000, 40, 10
COPIES = 30  # copies of every point of "near", which differ by less than a step of their codes


def near_copies(random):
    centres = random.standard_normal((ROWS // COPIES, 32))
    base = numpy.repeat(centres, COPIES, axis=0) + random.standard_normal((ROWS, 32)) * 0.003
    return (
        base[random.permutation(ROWS)],
        centres[:QUERIES] + random.standard_normal((QUERIES, 32)) * 0.003,
    )


class Data:
    """Vectors of two names, queries, and their true answers."""

    def __init__(self):
        random = numpy.random.default_rng(7)
        self.base, self.queries = {}, {}
        self.base["spread"], self.queries["spread"] = random.standard_normal(
            (ROWS, 32)
        ), random.standard_normal((QUERIES, 32))
        self.base["near"], self.queries["near"] = near_copies(random)
        self.truth = {}
        for name, base in self.base.items():
            base32 = base.astype(numpy.float32).astype(numpy.float64)
            distances = numpy.stack(
                [((base32 - q.astype(numpy.float32)) ** 2).sum(axis=1) for q in self.queries[name]]
            )
            self.truth[name] = numpy.argsort(distances, axis=1)[:, :K]

    def recall(self, client, collection, name, **params):
        asked = [
            models.QueryRequest(
                query=q.tolist(), using=name, limit=K, params=models.SearchParams(**params)
            )
            for q in self.queries[name]
        ]
        replies = client.query_batch_points(collection, asked)
        return sum(
            len({p.id for p in r.points} & set(t.tolist()))
            for r, t in zip(replies, self.truth[name])
        ) / (QUERIES * K)


@pytest.fixture(scope="module")
def data():
    return Data()


def parameters(size, **own):
    return models.VectorParams(size=size, distance=models.Distance.EUCLID, **own)


def fill(client, collection, base):
    for first in range(0, ROWS, 1000):
        last = min(ROWS, first + 1000)
        vectors = (
            {name: rows[first:last].tolist() for name, rows in base.items()}
            if isinstance(base, dict)
            else base[first:last].tolist()
        )
        client.upsert(
            collection, models.Batch(ids=list(range(first, last)), vectors=vectors), wait=True
        )


def until_indexed(client, collection, vectors):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        info = client.get_collection(collection)
        if info.status == models.CollectionStatus.GREEN and info.indexed_vectors_count == vectors:
            return info
    raise AssertionError(info)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, data):
    """Loads without graphs, which are begun after everything was loaded."""
    server = Rhumbd(tmp_path_factory.mktemp("settings") / "data").start()
    client = QdrantClient(url=server.url, timeout=60)
    client.create_collection(
        "c",
        vectors_config={"spread": parameters(32, on_disk=True), "near": parameters(32)},
        hnsw_config=models.HnswConfigDiff(m=0),
    )
    fill(client, "c", data.base)
    yield server, client
    client.close()
    assert server.stop() == 0, server.log_tail()


def test_m_of_0_builds_nothing_and_a_later_m_does(loaded, data):
    server, client = loaded
    info = client.get_collection("c")
    assert info.status == models.CollectionStatus.GREEN and info.config.hnsw_config.m == 0
    assert "indexes" not in server.ok("GET", "/collections/c")
    assert info.indexed_vectors_count == 0
    assert data.recall(client, "c", "spread") >= 0.95, "scanned by codes"
    assert data.recall(client, "c", "spread", hnsw_ef=10) >= 0.95, "there is no graph to walk"
    assert (
        data.recall(client, "c", "spread", indexed_only=True) >= 0.95
    ), "nothing waits for a graph"
    assert client.update_collection("c", hnsw_config=models.HnswConfigDiff(m=8, ef_construct=60))
    info = until_indexed(client, "c", 2 * ROWS)
    assert info.config.hnsw_config.m == 8 and info.config.hnsw_config.ef_construct == 60
    # The place where the client above reads them.
    shown = server.ok("GET", "/collections/c")["indexes"]
    assert {index["vector"] for index in shown} == {"spread", "near"} and {
        index["engine"] for index in shown
    } == {"rhumb"}, shown
    assert sum(index["rows"] for index in shown) == 2 * ROWS, shown


def test_hnsw_ef_and_exact(loaded, data):
    _, client = loaded
    until_indexed(client, "c", 2 * ROWS)
    found = [data.recall(client, "c", "spread", hnsw_ef=ef) for ef in (10, 40, 400)]
    assert found == sorted(found) and found[0] < 0.85 and found[-1] > 0.97, found
    assert data.recall(client, "c", "spread", exact=True) == 1
    assert data.recall(client, "c", "spread", exact=True, hnsw_ef=10) == 1
    assert data.recall(client, "c", "near", exact=True) == 1


def test_quantization_of_a_search(loaded, data):
    """Points that codes cannot tell apart are told apart by comparing more vectors exactly."""
    _, client = loaded
    until_indexed(client, "c", 2 * ROWS)

    def found(**params):
        return data.recall(
            client, "c", "near", hnsw_ef=300, quantization=models.QuantizationSearchParams(**params)
        )

    assert found(rescore=False) < 0.6
    assert found(rescore=False, oversampling=4.0) == found(
        rescore=False
    ), "nothing to oversample for"
    assert found(rescore=False) < found(rescore=True) <= found(rescore=True, oversampling=4.0)
    assert found(oversampling=4.0) >= 0.97
    assert found(ignore=True) >= 0.97


def advice(server):
    """VmFlags of the mapped columns of vectors by file, from the kernel."""
    found, path = {}, None
    for line in pathlib.Path(f"/proc/{server.process.pid}/smaps").read_text().splitlines():
        if "/segments/" in line and line.endswith(".dat"):
            path = pathlib.Path(line.split(maxsplit=5)[5]).name
        elif line.startswith("VmFlags:") and path:
            found[path], path = line.split()[1:], None
    return found


def test_on_disk_vectors_may_leave_memory(loaded, data):
    """vec.0 is "near", vec.1 is "spread". Only "spread" has on_disk, and its graph is loaded after
    a start."""
    server, client = loaded
    assert client.get_collection("c").config.params.vectors["spread"].on_disk is True
    until_indexed(client, "c", 2 * ROWS)
    before = [data.recall(client, "c", name, hnsw_ef=100) for name in ("spread", "near")]
    assert "rr" not in advice(server)["vec.1.dat"], "rows that are inserted are read over and over"
    assert server.stop() == 0
    server.start()
    until_indexed(client, "c", 2 * ROWS)
    seen = advice(server)
    assert "rr" in seen["vec.1.dat"] and "rr" not in seen["vec.0.dat"], seen
    assert [
        data.recall(client, "c", name, hnsw_ef=100) for name in ("spread", "near")
    ] == pytest.approx(before, abs=0.06)


def graphs(server, dim):
    """(links of a node at level 0, has one-bit codes) of the saved graphs with that many
    dimensions: docs/formats/rhumb_graph.md."""
    found = []
    for path in sorted(server.data.rglob("graph")):
        if not path.is_file():
            continue
        head = path.read_bytes()[:4096]
        assert head[:8] == b"RHMBGRPH"
        if struct.unpack_from("<I", head, 32)[0] == dim:
            found.append(
                (
                    struct.unpack_from("<I", head, 56)[0],
                    struct.unpack_from("<QQ", head, 192 + 2 * 24)[1] > 0,
                )
            )
    return found


@pytest.mark.parametrize(
    "kind, links, bits",
    [("none", 32, True), ("scalar", 48, False), ("product", 32, False), ("binary", 32, True)],
)
def test_settings_reach_the_graph_and_changed_ones_build_it_again(fresh, kind, links, bits):
    quantization = {
        "none": None,
        "binary": models.BinaryQuantization(binary=models.BinaryQuantizationConfig()),
        "scalar": models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8)
        ),
        "product": models.ProductQuantization(
            product=models.ProductQuantizationConfig(compression=models.CompressionRatio.X16)
        ),
    }
    dim = 512  # from here on there are one-bit codes
    server = fresh()
    client = QdrantClient(url=server.url, timeout=60)
    random = numpy.random.default_rng(3)  # few directions, as in embeddings, and some noise
    base = random.standard_normal((ROWS, 32)) @ random.standard_normal(
        (32, dim)
    ) + random.standard_normal((ROWS, dim))
    base = base.astype(numpy.float32)
    client.create_collection(
        "c",
        vectors_config=parameters(dim),
        hnsw_config=models.HnswConfigDiff(m=links // 2, ef_construct=20),
        quantization_config=quantization[kind],
    )
    for first in range(0, ROWS, 1000):
        client.upload_collection(
            "c", base[first : first + 1000], ids=list(range(first, first + 1000)), wait=True
        )
    until_indexed(client, "c", ROWS)
    assert server.stop() == 0
    assert graphs(server, dim) == [(links, bits)]
    server.start()
    other = quantization["scalar" if bits else "binary"]
    assert client.update_collection(
        "c", hnsw_config=models.HnswConfigDiff(m=4), quantization_config=other
    )
    info = until_indexed(client, "c", ROWS)
    assert info.config.hnsw_config.m == 4 and info.config.quantization_config == other
    itself = [
        client.query_points(
            "c", query=base[i].tolist(), limit=1, search_params=models.SearchParams(hnsw_ef=256)
        )
        .points[0]
        .id
        == i
        for i in range(0, ROWS, ROWS // 40)
    ]
    assert sum(itself) >= 0.9 * len(itself), itself
    assert server.stop() == 0
    assert "graph is built again" not in server.log_path.read_text(errors="replace")
    assert graphs(server, dim) == [(16, not bits)], "4 links, in a whole line of 16"
    client.close()


def test_settings_by_the_js_client(server, name):
    home = ROOT / "build" / "e2e" / "node"
    environment = dict(os.environ, RHUMB_NODE_HOME=str(home))
    node = home / "node_modules" / ".bin" / "node"
    done = subprocess.run(
        [str(node), str(ROOT / "tests" / "e2e" / "index_settings.mjs"), server.url, name],
        capture_output=True,
        text=True,
        timeout=180,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "settings passed" in done.stdout
