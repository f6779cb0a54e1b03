"""The server finds damage of sealed files by itself, and reports it as if a read had found it."""
import json
import re
import subprocess

import numpy as np

from rhumbd import BIN, Rhumbd
from workload import SEED

DIM, SEGMENT, POINTS = 16, 500, 1300
SETTINGS = {
    "index.segment_rows": SEGMENT,
    "compaction.enabled": "false",
    "scrub.period": "1s",
    "scrub.bytes_per_second": 1 << 30,
}


def metric(server, name):
    return float(re.search(rf"^{name} (\S+)$", server.request("GET", "/metrics")[1], re.M).group(1))


def test_damage_is_found_without_a_search(tmp_path):
    print(f"seed {SEED}")
    rows = np.random.default_rng(SEED).standard_normal((POINTS, DIM)).round(3)
    server = Rhumbd(tmp_path / "data", settings=SETTINGS).start()
    try:
        server.ok("PUT", "/collections/c", {"vectors": {"size": DIM, "distance": "Euclid"}})
        points = [{"id": i, "vector": row.tolist()} for i, row in enumerate(rows)]
        server.ok("PUT", "/collections/c/points?wait=true", {"points": points})
        sealed = []
        while len(sealed) < 2:  # each turn looks at the disk; sealing has no event
            sealed = sorted((server.data / "shards").rglob("vec.0.dat.crc"))
        read = metric(server, "rhumb_scrub_bytes_total")
        while metric(server, "rhumb_scrub_bytes_total") < read + 2 * SEGMENT * DIM * 4:
            pass  # each turn is a request
        assert metric(server, "rhumb_scrub_damage_total") == 0
        assert metric(server, "rhumb_shards_failed") == 0
        file = sealed[1].with_suffix("")
        with open(file, "r+b") as f:
            f.seek(5000)
            byte = f.read(1)[0]
            f.seek(5000)
            f.write(bytes([byte ^ 4]))
        while metric(server, "rhumb_scrub_damage_total") == 0:
            pass
        assert metric(server, "rhumb_shards_failed") == 1
        status, reply, _ = server.request("POST", "/collections/c/points/count", {"exact": True})
        assert status == 500 and f"{file} at offset 0" in reply["status"]["error"], reply
        server.kill()
        done = subprocess.run(
            [str(BIN / "rhumbd"), "check", str(server.data), "-o", "json", "--set=log.level=error"],
            capture_output=True,
            timeout=60,
        )
        assert (
            done.returncode == 1
            and str(file.name) in json.loads(done.stdout)["problems"][0]["what"]
        )
    finally:
        if server.process.poll() is None:
            server.kill()
