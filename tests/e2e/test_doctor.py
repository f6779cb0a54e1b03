"""`rhumb doctor`: each planted fault is found, with what to do about it."""
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import tempfile

import pytest

from rhumbd import BIN, free_port

NOBODY = 65534
# What a healthy machine has in proc/ and sys/.
HEALTHY = {
    "proc/meminfo": "MemTotal:       16000000 kB\n",
    "proc/self/cgroup": "0::/\n",
    "proc/self/limits": "Max core file size        0                    unlimited     bytes\n"
    "Max open files            65536                65536                files\n",
    "proc/sys/vm/max_map_count": "262144\n",
    "proc/sys/kernel/core_pattern": "core\n",
    "proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
    "sys/kernel/mm/transparent_hugepage/defrag": "always defer [madvise] never\n",
}


@pytest.fixture
def place():
    """A directory that every user can reach, unlike pytest's own."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="rhumb-doctor-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def machine(place, faults=None):
    """Writes proc/ and sys/ of a healthy machine with these files changed, for --system-root."""
    root = place / "machine"
    for name, text in {**HEALTHY, **(faults or {})}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return str(root)


def doctor(*words, program=("rhumb",), user=None, files=None, programs=None, **environment):
    """(exit code, {check: [finding]})"""

    def prepare():
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)

    done = subprocess.run(
        [str((programs or BIN) / program[0]), "doctor", *words, "-o", "json"],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=prepare,
        env={**os.environ, **environment},
    )
    found = {}
    for finding in json.loads(done.stdout)["findings"]:
        assert "\n" not in finding["found"] + finding["remedy"]
        assert (finding["remedy"] == "") == (finding["grade"] == "OK"), finding
        found.setdefault(finding["check"], []).append(finding)
    return done.returncode, found


def finds(findings, check, grade, words, remedy):
    """The check found these words, and its remedy has those."""
    matching = [f for f in findings[check] if f["grade"] == grade and words in f["found"]]
    assert matching, findings[check]
    assert remedy in matching[0]["remedy"], matching[0]


def settled(place, port=None):
    """Options of a server that could start."""
    (place / "data").mkdir(mode=0o750, exist_ok=True)
    return [
        "--data",
        str(place / "data"),
        "--set",
        f"http.port={port or free_port()}",
        "--set",
        "storage.log_bytes=1048576",
    ]


def test_a_sound_place_has_no_failure_and_is_told_as_text(place):
    code, found = doctor(*settled(place), "--system-root", machine(place), program=("rhumbd",))
    grades = {f["check"]: f["grade"] for all_of in found.values() for f in all_of}
    # The clock and the disk are those of this machine.
    wrong = {c for c, grade in grades.items() if grade != "OK"} - {"clock", "file system"}
    assert not wrong and code in (0, 1), found
    assert len(grades) >= 17, grades
    text = subprocess.run(
        [str(BIN / "rhumb"), "doctor", *settled(place)], capture_output=True, text=True
    ).stdout
    assert text.splitlines()[0].startswith("OK") and " ok, " in text.splitlines()[-1]
    assert (code == 1) == ("WARN" in grades.values())


@pytest.mark.parametrize(
    "yaml,words",
    [
        ("http:\n  prot: 1\n", "http.prot: unknown key"),
        ("htp:\n  port: 1\n", "htp: unknown section"),
        ("http:\n  port: many\n", "'many' is not a whole number"),
        ("http: {port: 1\n", ":"),
    ],
)
def test_a_configuration_that_is_not_valid_is_named_with_its_line(place, yaml, words):
    (place / "rhumb.yaml").write_text(yaml)
    code, found = doctor("--config", str(place / "rhumb.yaml"))
    assert code == 2
    finds(found, "config", "FAIL", words, "--print-config")
    assert f"{place}/rhumb.yaml:" in found["config"][0]["found"]
    assert "kernel" in found  # what needs no configuration is examined all the same


def test_modes_of_the_configuration(place):
    config = place / "rhumb.yaml"
    config.write_text("auth:\n  plugin: static\n  api_key: secret-key-of-this-test\n")
    config.chmod(0o644)
    _, found = doctor("--config", str(config), *settled(place))
    finds(found, "config", "WARN", "holds an API key", "RHUMB_AUTH_API_KEY")
    config.chmod(0o666)
    code, found = doctor("--config", str(config), *settled(place))
    assert code == 2
    finds(found, "config", "FAIL", "can be written by others", f"chmod go-w {config}")
    assert "secret-key" not in json.dumps(found)


MACHINE_FAULTS = [
    (
        "open files",
        "FAIL",
        {"proc/self/limits": "Max open files            256                  4096    files\n"},
        "is 256",
        "LimitNOFILE=65536",
    ),
    (
        "open files",
        "WARN",
        {"proc/self/limits": "Max open files            4096                 4096    files\n"},
        "is 4096",
        "LimitNOFILE=65536",
    ),
    (
        "mappings",
        "WARN",
        {"proc/sys/vm/max_map_count": "8192\n"},
        "is 8192",
        "sysctl -w vm.max_map_count",
    ),
    (
        "core dumps",
        "WARN",
        {
            "proc/self/limits": "Max core file size        unlimited            unlimited  bytes\n"
            "Max open files            65536                65536                files\n"
        },
        "into its working directory",
        "LimitCORE=0",
    ),
    (
        "huge pages",
        "WARN",
        {"sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]\n"},
        "are off",
        "echo madvise",
    ),
    (
        "huge pages",
        "WARN",
        {
            "sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n",
            "sys/kernel/mm/transparent_hugepage/defrag": "[always] defer madvise never\n",
        },
        "at once",
        "echo madvise",
    ),
    ("kernel", "WARN", {"proc/sys/kernel/osrelease": "4.19.0-25-amd64\n"}, "4.19", "5.4"),
    (
        "memory",
        "FAIL",
        {"sys/fs/cgroup/memory.max": "1000000000\n"},
        "the kernel ends the server before",
        "MemoryMax",
    ),
]


@pytest.mark.parametrize(
    "check,grade,faults,words,remedy",
    MACHINE_FAULTS,
    ids=[f"{f[0]}-{f[3]}" for f in MACHINE_FAULTS],
)
def test_faults_of_the_machine(place, check, grade, faults, words, remedy):
    limit = ["--set", "memory.limit_bytes=2000000000"] if check == "memory" else []
    code, found = doctor(
        *settled(place), *limit, "--system-root", machine(place, faults), program=("rhumbd",)
    )
    assert code == (2 if grade == "FAIL" else 1), found
    finds(found, check, grade, words, remedy)


def test_the_real_limit_of_open_files_is_read(place):
    code, found = doctor(*settled(place), files=300)
    assert code == 2
    finds(found, "open files", "FAIL", "is 300", "ulimit -n 65536")


def test_memory_without_a_limit(place):
    _, found = doctor(*settled(place), "--set", "memory.limit_bytes=0")
    finds(found, "memory", "WARN", "limit_bytes is 0", "auto")


def test_slower_kernels_than_the_machine_has(place):
    _, found = doctor(*settled(place), RHUMB_KERNELS="scalar")
    finds(found, "processor", "WARN", "scalar", "RHUMB_KERNELS")


def test_memory_as_a_disk_is_told(place):
    if not os.path.isdir("/dev/shm"):
        pytest.skip("there is no /dev/shm")
    _, found = doctor("--data", "/dev/shm/rhumb-doctor-of-nobody")
    finds(found, "file system", "WARN", "tmpfs", "ext4 or XFS")


def test_a_disk_with_less_room_than_the_log_may_take(place):
    _, found = doctor(*settled(place), "--set", "storage.log_bytes=1099511627776")
    finds(found, "free space", "WARN", "storage.log_bytes", "enlarge the disk")


def test_a_port_of_another_program_and_of_another_rhumbd(place, fresh):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(8)
        code, found = doctor(*settled(place, taken.getsockname()[1]))
        # It accepts and says nothing, so the doctor must not wait for ever.
        assert code == 2
        finds(found, "port", "FAIL", "is not rhumbd", "ss -ltnp")
    server = fresh()
    _, found = doctor(*settled(place, server.port))
    finds(found, "port", "FAIL", "another data directory", "http.port")
    _, found = doctor(*settled(place), "--set", "http.host=192.0.2.1", "--insecure")
    finds(found, "port", "FAIL", "not an address of this machine", "ip addr")


def test_a_running_server_is_no_fault(fresh):
    server = fresh()
    server.ok("PUT", "/collections/a", {"vectors": {"size": 4, "distance": "Dot"}})
    code, found = doctor(
        "--data",
        str(server.data),
        "--set",
        f"http.port={server.port}",
        "--set",
        "storage.log_bytes=1048576",
    )
    pid = str(server.process.pid)
    assert code < 2, found
    assert pid in found["lock"][0]["found"] and "is served by rhumbd" in found["port"][0]["found"]
    assert pid in found["open files"][0]["found"]
    assert found["log directory"][0]["grade"] == "OK"
    assert server.request("GET", "/readyz")[0] == 200
    server.stop()
    _, found = doctor("--data", str(server.data))
    assert "no server" in found["lock"][0]["found"]


def test_a_newer_format_of_the_data(fresh):
    server = fresh()
    server.ok("PUT", "/collections/a", {"vectors": {"size": 4, "distance": "Dot"}})
    server.stop()
    manifest = next(server.data.glob("shards/*/manifest"))
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 99}))
    code, found = doctor("--data", str(server.data))
    assert code == 2
    finds(found, "data format", "FAIL", "has format 99", "the release that wrote it")
    manifest.write_text("not JSON")
    _, found = doctor("--data", str(server.data))
    finds(found, "data format", "FAIL", "is not a manifest", "rhumbd check")


def test_plugins_that_do_not_load_and_engines_that_are_missing(place):
    plugins = place / "plugins"
    shutil.copytree(BIN.parent / "lib" / "rhumb" / "plugins", plugins)
    (plugins / "broken.so").write_bytes(b"this is no library")
    options = [*settled(place), "--set", f"plugins.directory={plugins}"]
    code, found = doctor(*options)
    assert code == 2
    finds(found, "plugins", "FAIL", "broken.so", "rhumb-plugin-check")
    _, found = doctor(*options, "--set", "index.plugin=unheard-of")
    finds(found, "engines", "FAIL", "index.plugin", "Set index.plugin")
    _, found = doctor(*settled(place), "--set", f"plugins.directory={place}/nowhere")
    finds(found, "plugins", "FAIL", "nowhere", "Set plugins.directory")


def test_an_open_door(place):
    options = [*settled(place), "--set", "http.host=0.0.0.0"]
    _, found = doctor(*options)
    finds(found, "auth", "FAIL", "checks no credentials", "RHUMB_AUTH_API_KEY")
    _, found = doctor(*options, "--insecure")
    finds(found, "auth", "WARN", "--insecure", "drop --insecure")


def test_a_data_directory_of_another_user(place):
    if os.getuid() != 0:
        pytest.skip("needs root")
    options = settled(place)
    data = place / "data"
    # The build may lie where no other user gets to, as in /root.
    programs = place / "bin"
    shutil.copytree(BIN.parent / "lib", place / "lib")
    programs.mkdir()
    for name in ("rhumb", "rhumbd"):
        shutil.copy(BIN / name, programs)
    os.chown(data, NOBODY, NOBODY)
    _, found = doctor(*options)
    finds(found, "data directory", "WARN", "rhumbd runs as root", "chown -R root")
    os.chown(data, 0, 0)
    code, found = doctor(*options, user=NOBODY, programs=programs)
    assert code == 2
    finds(found, "data directory", "FAIL", "cannot write it", "chown -R")
    data.chmod(0o777)
    _, found = doctor(*options)
    finds(found, "data directory", "WARN", "every user of this machine", "chmod o=")
    (data / "log").mkdir(mode=0o755)
    code, found = doctor(*options, user=NOBODY, programs=programs)
    assert code == 2
    finds(found, "log directory", "FAIL", "cannot be written", "chown -R")
    _, found = doctor("--data", str(place / "none"), user=NOBODY, programs=programs)
    finds(found, "data directory", "FAIL", "cannot make it", "install -d")


def test_wrong_usage_has_an_exit_code_of_its_own():
    for words in (["--colour"], ["-o", "xml"], ["word"]):
        done = subprocess.run(
            [str(BIN / "rhumbd"), "doctor", *words], capture_output=True, text=True
        )
        assert done.returncode == 3, (words, done.returncode, done.stderr)
