#!/usr/bin/env python3
"""Runs clang-tidy with the checks of .clang-tidy on the program's sources.

    clang_tidy.py RESULTS

The compile commands are those of the preset asan-ubsan, which compiles with clang and several
sources at a time. All compilations take ten minutes on two cores. One without findings is
remembered by the hash of its preprocessed text in ~/.cache/rhumb/clang-tidy (RHUMB_TIDY_CACHE), and
is checked again only when that text, the checks or clang-tidy change. The exit status is 1 if there
is a finding.
"""
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/asan-ubsan"
CACHE = pathlib.Path(os.environ.get("RHUMB_TIDY_CACHE", "~/.cache/rhumb/clang-tidy")).expanduser()


def configure():
    database = BUILD / "compile_commands.json"
    if not database.exists():
        command = ["cmake", "--preset", "asan-ubsan", "-DRHUMB_TESTS=ON"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return json.loads(database.read_text())


def is_ours(entry):
    output = re.search(r" -o (\S+)", entry["command"]).group(1)
    return output.startswith(("host/", "plugins/", "sdk/"))


def key(entry, tool):
    """Returns what the findings depend on. Comments count, because NOLINT is one."""
    words = shlex.split(entry["command"])
    words = words[next(i for i, word in enumerate(words) if word.endswith("clang++")) :]
    words[words.index("-o") + 1] = "-"
    command = [word for word in words if word != "-c"] + ["-E", "-C"]
    run = subprocess.run(command, cwd=entry["directory"], capture_output=True, check=True)
    text = run.stdout.replace(str(ROOT).encode(), b"")
    return hashlib.sha256(tool + text).hexdigest()


def check(entry, tool):
    """Returns the path, whether it has no findings, and what clang-tidy printed."""
    path, seen = entry["file"], CACHE / key(entry, tool)
    if seen.exists():
        seen.touch()
        return path, True, ""
    command = ["clang-tidy", "-p", str(BUILD), "--quiet", path]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if run.returncode == 0:
        seen.touch()
    return path, run.returncode == 0, run.stdout


def main():
    results = pathlib.Path(sys.argv[1])
    entries = sorted(filter(is_ours, configure()), key=lambda entry: entry["file"])
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    tool = version + (ROOT / ".clang-tidy").read_bytes()
    CACHE.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(lambda entry: check(entry, tool), entries))
    failures = [run for run in runs if not run[1]]
    for _, _, output in failures:
        print(output)
    print(f"clang-tidy: {len(entries)} compilations, {len(failures)} with findings")
    cases = "".join(
        f'<testcase classname="clang_tidy" name="{os.path.relpath(path, ROOT)}">'
        + ("" if clean else "<failure/>")
        + "</testcase>"
        for path, clean, _ in runs
    )
    results.mkdir(parents=True, exist_ok=True)
    (results / "clang_tidy.xml").write_text(
        f'<testsuites><testsuite name="clang_tidy">{cases}</testsuite></testsuites>'
    )
    sys.exit(1 if failures or not entries else 0)


if __name__ == "__main__":
    main()
