"""`rhumbd upgrade`: the backup that an upgrade makes, and the way back to it, with kills between
the steps."""
import hashlib
import json
import os
import shutil
import subprocess

import golden
import pytest
from rhumbd import BIN, Rhumbd

# The calls at which the steps of a backup or a rollback become visible or durable.
CALLS = ("mkdir", "link", "pwrite64", "fdatasync", "fsync", "rename", "unlinkat")
PARTS = ("log", "metadata", "shards")
# The index of SQLite's log, which belongs to a running process; a reader makes it again.
VOLATILE = "-shm"


def tree(directory):
    """The content of every file of the data, by name."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for part in PARTS
        for path in sorted((directory / part).rglob("*"))
        if path.is_file() and not path.name.endswith(VOLATILE)
    }


def upgrade(data, action, prefix=()):
    done = subprocess.run(
        [*prefix, str(BIN / "rhumbd"), "upgrade", action, str(data)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def old(tmp_path):
    return golden.unpack("format-1", tmp_path)


@pytest.fixture
def upgraded(old):
    """A directory of format 1 that was upgraded and written since."""
    server = Rhumbd(old, golden.SETTINGS).start()
    try:
        write(server)
        assert server.stop() == 0, server.log_tail()
    finally:
        if server.process.poll() is None:
            server.kill()
    return old


def write(server):
    points = [golden.point(i) for i in range(2000, 2600)]
    server.ok("PUT", "/collections/one/points?wait=true", {"points": points})
    for name in ("one", "three"):
        server.ok(
            "POST", f"/collections/{name}/points/delete?wait=true", {"points": list(range(50, 150))}
        )
        server.ok(
            "POST",
            f"/collections/{name}/points/payload?wait=true",
            {"payload": {"new": True}, "points": list(range(150, 190))},
        )
    server.ok("DELETE", "/collections/rows")


def test_a_rollback_gives_back_every_byte(old):
    before = tree(old)
    server = Rhumbd(old, golden.SETTINGS).start()
    try:
        write(server)
        server.kill()
        server.start()
        assert server.stop() == 0, server.log_tail()
    finally:
        if server.process.poll() is None:
            server.kill()
    assert tree(old) != before
    code, said = upgrade(old, "--status")
    assert code == 0 and "written since then is lost" in said and "--commit" in said, said
    code, said = upgrade(old, "--rollback")
    assert code == 0 and "written since then is lost" in said, said
    assert tree(old) == before
    assert sorted(p.name for p in old.iterdir()) == sorted((*PARTS, "lock"))
    code, said = upgrade(old, "--rollback")
    assert code == 1 and "has no backup" in said, said


def test_files_that_never_change_are_links_and_all_others_are_copies(old):
    before = {p.relative_to(old): p.stat().st_ino for p in old.rglob("*") if p.is_file()}
    server = Rhumbd(old, golden.SETTINGS).start()
    assert server.stop() == 0, server.log_tail()
    backup = old / "upgrade-backup"
    linked = {
        n
        for n, inode in before.items()
        if (backup / n).exists() and (backup / n).stat().st_ino == inode
    }
    names = {n.name for n in linked}
    assert {"rows.dat", "ids.dat", "payload.dat", "vec.0.dat", "vec.0.dat.crc", "graph"} <= names
    assert not names & {"manifest", "override.dat", "data.db", "data.db-wal", "lock"}
    sealed = [n.parent for n in before if n.name == "rows.dat.crc"]
    for name in linked:
        assert any(segment in name.parents for segment in sealed), name


def test_a_commit_removes_the_backup_and_nothing_else(upgraded):
    before = tree(upgraded)
    code, said = upgrade(upgraded, "--commit")
    assert code == 0 and "no way back" in said, said
    assert tree(upgraded) == before and not (upgraded / "upgrade-backup").exists()
    code, said = upgrade(upgraded, "--status")
    assert code == 0 and "there is no backup" in said, said
    server = Rhumbd(upgraded, golden.SETTINGS).start()
    assert server.stop() == 0, server.log_tail()
    assert not (upgraded / "upgrade-backup").exists()


@pytest.mark.parametrize("action", ["--rollback", "--commit"])
def test_a_running_server_keeps_its_directory(old, action):
    server = Rhumbd(old, golden.SETTINGS).start()
    try:
        code, said = upgrade(old, action)
        assert code == 1 and f"in use by process {server.process.pid}" in said, said
        code, said = upgrade(old, "--status")
        assert code == 0 and "upgrade-backup holds" in said, said
    finally:
        server.kill()


def test_a_second_start_keeps_the_backup_of_the_first(upgraded):
    made = (upgraded / "upgrade-backup" / "manifest").read_text()
    # Some segment of the older format, such as one of a shard that could not be opened.
    manifest = upgraded / "shards/1024/segments/1/manifest"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 1}))
    server = Rhumbd(upgraded, golden.SETTINGS).start()
    assert server.stop() == 0, server.log_tail()
    assert (upgraded / "upgrade-backup" / "manifest").read_text() == made


def test_a_backup_of_data_that_an_older_release_wrote_since_is_made_again(old):
    backup = old / "upgrade-backup"
    (backup / "shards").mkdir(parents=True)
    (backup / "manifest").write_text(
        '{"format": 1, "made": "2026-01-01T00:00:00Z", "release": "0", "linked_files": 0,'
        ' "copied_files": 0, "copied_bytes": 0, "parts": ["shards"]}'
    )
    before = tree(old)
    server = Rhumbd(old, golden.SETTINGS).start()
    assert server.stop() == 0, server.log_tail()
    assert tree(backup) == before


def test_what_is_no_data_directory_is_refused(tmp_path):
    code, said = upgrade(tmp_path, "--rollback")
    assert code == 1 and "is not a data directory" in said
    assert not list(tmp_path.iterdir())


def killing(call, k):
    """The words that make strace kill the program at its k-th call."""
    return [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:signal=SIGKILL:when={k}",
    ]


def can_trace():
    if shutil.which("strace") is None:
        return False
    return (
        subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
    )


def samples(count):
    """The calls to kill at: all of the first ones, then some."""
    every = range(1, 400) if os.environ.get("RHUMB_E2E_MODE") == "soak" else (1, 3, 9, 30)
    return [k for k in every if k <= count]


@pytest.mark.skipif(not can_trace(), reason="strace cannot trace here")
@pytest.mark.parametrize("call", CALLS)
def test_a_kill_while_the_backup_is_made_leaves_the_old_data_untouched(tmp_path, call):
    original = golden.unpack("format-1", tmp_path)
    before, kills = tree(original), 0
    for k in samples(400):
        data = tmp_path / f"copy{k}"
        shutil.copytree(original, data)
        # A check makes the backup as a start does.
        done = subprocess.run(
            [*killing(call, k), str(BIN / "rhumbd"), "check", str(data)],
            capture_output=True,
            timeout=60,
        )
        backup = data / "upgrade-backup"
        whole = backup.exists()
        if whole:  # a whole one, whatever was upgraded since
            assert tree(backup) == before, (call, k)
            assert upgrade(data, "--rollback")[0] == 0
        assert tree(data) == before, (call, k)
        assert done.returncode in (-9, 137) or whole, done
        kills += done.returncode in (-9, 137)
        # The next start begins again, and gives the way back.
        assert (
            subprocess.run(
                [str(BIN / "rhumbd"), "check", str(data)], capture_output=True, timeout=60
            ).returncode
            == 0
        )
        assert upgrade(data, "--rollback")[0] == 0 and tree(data) == before
        shutil.rmtree(data)
    assert kills > 0 or call == "unlinkat"


@pytest.mark.skipif(not can_trace(), reason="strace cannot trace here")
@pytest.mark.parametrize("action", ["--rollback", "--commit"])
@pytest.mark.parametrize("call", ["rename", "fsync", "unlinkat"])
def test_a_rollback_or_commit_that_was_killed_is_finished_by_the_next_one(upgraded, action, call):
    before, now, kills = tree(upgraded / "upgrade-backup"), tree(upgraded), 0
    for k in samples(400):
        data = upgraded.parent / f"copy{k}"
        shutil.copytree(upgraded, data)
        code, _ = upgrade(data, action, killing(call, k))
        kills += code in (-9, 137)
        if code != 0 and (data / "upgrade-rollback").exists():
            code, said = upgrade(data, "--status")
            assert code == 0 and "was cut short" in said, said
            refused = subprocess.run(
                [str(BIN / "rhumbd"), "--data", str(data), "--port", "0"],
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert refused.returncode == 1 and "rollback" in refused.stderr, refused.stderr
        if (data / "upgrade-rollback").exists() or (data / "upgrade-backup").exists():
            assert upgrade(data, action)[0] == 0
        assert tree(data) == (before if action == "--rollback" else now), (call, k)
        shutil.rmtree(data)
    assert kills > 0
