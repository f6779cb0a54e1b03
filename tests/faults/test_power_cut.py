"""Power cuts under mixed writes: the file system is cut off from its device while three writers
write."""
import os
import random
import subprocess

import pytest
from loop_disk import loop_disk  # noqa: F401 (a fixture)
from workload import SEED, check, create, write_until

CUTS = 100 if os.environ.get("RHUMB_E2E_MODE") == "soak" else 10  # number of cuts of each kind
# `plain`: only the log restores the data. With a small log there are checkpoints, seals and freed
# log files between the writes.
SEGMENT_ROWS = 256
KINDS = {
    "plain": ({}, ""),
    "checkpoints": (
        {
            "storage.log_segment_bytes": 1 << 20,
            "storage.log_bytes": 1 << 20,
            "index.segment_rows": SEGMENT_ROWS,
        },
        "x" * 20_000,
    ),
}
CUTS_WITHOUT_SYNC = 10

# Every call that makes data durable does nothing.
NO_SYNC = """
int fsync(int fd) { (void)fd; return 0; }
int fdatasync(int fd) { (void)fd; return 0; }
int syncfs(int fd) { (void)fd; return 0; }
int msync(void *at, unsigned long n, int flags) { (void)at; (void)n; (void)flags; return 0; }
int sync_file_range(int fd, long long at, long long n, unsigned flags)
{ (void)fd; (void)at; (void)n; (void)flags; return 0; }
"""


def cut_and_come_back(server, disk):
    """The end of write_until(): cuts off the disk first, then kills the process, which has open
    files."""
    disk.cut()
    server.kill()
    disk.unmount()
    disk.mount()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_acknowledged_writes_survive_power_cuts(loop_disk, kind):  # noqa: F811
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    settings, filler = KINDS[kind]
    disk = loop_disk(512)
    disk.try_cut()
    server = disk.server(settings=settings).start()
    create(server)
    state, acknowledged = {}, 0
    for _ in range(CUTS):
        acknowledged += write_until(
            server, state, rng, lambda: cut_and_come_back(server, disk), filler
        )
        server.start()
        check(server, state)
    if kind == "checkpoints":
        log = sorted(p.name for p in (server.data / "log").glob("*.wal"))
        assert int(log[0].split(".")[0], 16) > CUTS, f"no file of the log was freed: {log}"
        numbers = [int(p.name) for p in server.data.glob("shards/*/segments/*")]
        # Merging leaves few segments, but it does not change their numbers. A slow machine writes
        # too few rows for two segments in each shard.
        assert max(numbers) > 1 or acknowledged < 3 * SEGMENT_ROWS, "no segment was sealed"
    print(
        f"{CUTS} power cuts, {acknowledged} acknowledged writes, "
        f"{sum(s != {None} for s in state.values())} points"
    )
    assert acknowledged > CUTS * 5, "too few writes to mean anything"
    assert server.stop() == 0, server.log_tail()


def test_a_loss_is_found_when_nothing_is_synced(tmp_path, loop_disk):  # noqa: F811
    """Checks the test itself: if syncing does nothing, the test above must find a loss."""
    print(f"seed {SEED}")
    (tmp_path / "no_sync.c").write_text(NO_SYNC)
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", tmp_path / "no_sync.so", tmp_path / "no_sync.c"],
        check=True,
    )
    rng = random.Random(SEED)
    disk = loop_disk(512)
    disk.try_cut()
    server = disk.server(environment={"LD_PRELOAD": str(tmp_path / "no_sync.so")}).start()
    create(server)
    # A point is lost, or the server refuses the damaged data.
    with pytest.raises((AssertionError, RuntimeError)) as found:
        state = {}
        for _ in range(CUTS_WITHOUT_SYNC):
            write_until(server, state, rng, lambda: cut_and_come_back(server, disk))
            server.start()
            check(server, state)
    server.kill()
    print(f"found: {str(found.value)[:300]}")
