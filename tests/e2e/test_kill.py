"""kill -9 under mixed writes: every acknowledged write survives, no point appears that no client
wrote, and no point is torn."""
import os
import random

from rhumbd import Rhumbd
from workload import SEED, check, create, write_until

KILLS = 200 if os.environ.get("RHUMB_E2E_MODE") == "soak" else 20


def test_kill_nine(tmp_path):
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    server = Rhumbd(tmp_path / "data").start()
    create(server)
    state, acknowledged = {}, 0
    for _ in range(KILLS):
        acknowledged += write_until(server, state, rng, server.kill)
        server.start()
        check(server, state)
    print(
        f"{KILLS} kills, {acknowledged} acknowledged writes, "
        f"{sum(s != {None} for s in state.values())} points"
    )
    assert acknowledged > KILLS * 5, "too few writes to mean anything"
    before = server.ok("GET", "/collections/kill/verify")
    assert server.stop() == 0, server.log_tail()
    server.start()
    after = server.ok("GET", "/collections/kill/verify")
    assert [s["content_hash"] for s in before["shards"]] == [
        s["content_hash"] for s in after["shards"]
    ]
    server.stop()
