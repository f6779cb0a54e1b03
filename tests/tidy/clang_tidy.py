#!/usr/bin/env python3
"""Runs clang-tidy with the checks of .clang-tidy on the program's sources.

    clang_tidy.py RESULTS COMMIT [PARTS]

All sources take over twenty minutes on two cores. So they are divided into PARTS parts (default
16), and the commit's hash decides which of them is checked. PARTS 1 checks all. The compile
commands are those of the preset asan-ubsan, which compiles with clang and several sources at a
time. The exit status is 1 if there is a finding.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/asan-ubsan"


def configure():
    database = BUILD / "compile_commands.json"
    if not database.exists():
        command = ["cmake", "--preset", "asan-ubsan", "-DRHUMB_TESTS=ON"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return json.loads(database.read_text())


def is_ours(entry):
    output = re.search(r" -o (\S+)", entry["command"]).group(1)
    return output.startswith(("host/", "plugins/", "sdk/"))


def check(path):
    command = ["clang-tidy", "-p", str(BUILD), "--quiet", path]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return path, run.returncode, run.stdout


def main():
    results, commit = pathlib.Path(sys.argv[1]), sys.argv[2]
    parts = int(sys.argv[3]) if len(sys.argv) > 3 else 16
    paths = sorted({entry["file"] for entry in configure() if is_ours(entry)})
    mine = paths[int(commit[:8], 16) % parts :: parts]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(check, mine))
    failures = [run for run in runs if run[1] != 0]
    for _, _, output in failures:
        print(output)
    print(f"clang-tidy: {len(mine)} of {len(paths)} compilations, {len(failures)} with findings")
    cases = "".join(
        f'<testcase classname="clang_tidy" name="{os.path.relpath(path, ROOT)}">'
        + ("<failure/>" if status else "")
        + "</testcase>"
        for path, status, _ in runs
    )
    results.mkdir(parents=True, exist_ok=True)
    (results / "clang_tidy.xml").write_text(
        f'<testsuites><testsuite name="clang_tidy">{cases}</testsuite></testsuites>'
    )
    sys.exit(1 if failures or not mine else 0)


if __name__ == "__main__":
    main()
