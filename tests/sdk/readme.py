#!/usr/bin/env python3
"""Runs the commands of sdk/README.md as they stand, from the build to the search:

    readme.py ROOT WORK

The commands come from the blocks that are marked with <!-- test: NAME -->, and run in one shell, in
the clone. HOME is WORK, and a free port takes the place of 6390. Tools keep their own folders of
the real HOME.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

BLOCK = re.compile(r"<!-- test: (\w+) -->\n```sh\n(.*?)```", re.S)
STEPS = ["build", "install", "c", "cpp", "rust", "start", "search", "stop"]
PORT = "6390"
# What the output of a step must have.
EXPECTED = {
    "c": ["engine   index/my_flat", "\nconforming\n"],
    "cpp": ["engine   index/my_index", "\nconforming\n"],
    "rust": ["engine   index/my_rust_flat", "\nconforming\n"],
    "start": ["all shards are ready", '"status":"loaded"'],
    "search": ['"engine":"my_flat","rows":200', '"points":[{"id":100,', '"strategy":"graph"'],
}
TIMEOUT_S = 900


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def main():
    root, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    blocks = BLOCK.findall((root / "sdk" / "README.md").read_text())
    if [name for name, _ in blocks] != STEPS:
        sys.exit(f"sdk/README.md: expected the steps {STEPS}, found {[name for name, _ in blocks]}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    home = pathlib.Path(os.environ["HOME"])
    environment = dict(os.environ, HOME=str(work))
    for variable, folder in [
        ("CARGO_HOME", ".cargo"),
        ("RUSTUP_HOME", ".rustup"),
        ("CCACHE_DIR", ".cache/ccache"),
    ]:
        if (home / folder).is_dir():
            environment.setdefault(variable, str(home / folder))
    environment.setdefault(
        "CCACHE_BASEDIR", str(root)
    )  # as tests/run.sh, so that nothing is compiled again
    environment.setdefault("CCACHE_NOHASHDIR", "1")
    script = "".join(
        f"echo\necho '== {name}'\n{commands.replace(PORT, port)}\n"
        for port in [str(free_port())]
        for name, commands in blocks
    )
    # Whatever fails, no server stays behind.
    script = "trap 'jobs=$(jobs -p); [ -z \"$jobs\" ] || kill $jobs' EXIT\n" + script
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=root,
        env=environment,
        timeout=TIMEOUT_S,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = dict(zip(STEPS, re.split(r"^== \w+\n", done.stdout, flags=re.M)[1:]))
    missing = [
        (name, text)
        for name, texts in EXPECTED.items()
        for text in texts
        if text not in output.get(name, "")
    ]
    left = sorted(
        path.name
        for path in work.iterdir()
        if path.name in {"rhumb-sdk", "my_flat", "rhumb-plugins", "rhumb-data"}
    )
    if done.returncode != 0 or missing or left:
        log = work / "rhumbd.log"
        print(done.stdout[-6000:], log.read_text()[-2000:] if log.exists() else "")
        sys.exit(f"exit status {done.returncode}; missing: {missing}; left behind: {left}")
    print(f"{len(blocks)} steps")


if __name__ == "__main__":
    main()
