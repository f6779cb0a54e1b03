#!/usr/bin/env python3
"""Plants old faults into a copy of the tree, one after the other, and demands that the tests named
with them fail: run.py [options].

  --only NAME     this fault alone (again for more)
  --check         builds nothing: each fault still has its place in the sources, and its tests exist
  --results DIR   writes planted.xml into it, for tests/summary.py

First the same tests have to pass without the fault. Each of them has to catch it by a failed
assertion: what does not compile, what crashes and what does not end counts for nothing. The
exception is a fault with `hang_s`, which may show by a test that does not end within so many
seconds. Exit status 1 if a fault was not caught.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import quoteattr

import tree

HOME = tree.ROOT / "build" / "planted"
COPY = HOME / "tree"
BUILD = COPY / "build" / "release"
TEST_TIMEOUT_S, BUILD_TIMEOUT_S = 600, 3600
ENGINES = [
    "index_flat",
    "index_hnsw",
    "index_rhumb",
]  # a test loads them and may not name them; none may be left over from the last fault
SERVER = ["rhumbd", "plugins/all", "tests/conformance/all"]  # what tests/e2e starts
PYTHON = tree.ROOT / "build" / "e2e" / "venv" / "bin" / "python"  # tests/e2e/run.sh makes it
MEMBERS = {"title", "section", "edit", "target", "tests", "hang_s"}
EDIT_MEMBERS = {"file", "find", "replace"}


def in_python(file, test):
    path = tree.ROOT / "tests" / "e2e" / file
    return path.is_file() and f"def {test.split('[')[0]}(" in path.read_text()


def check(faults):
    """What is wrong with the faults' files."""
    files, wrong = tree.sources(tree.ROOT), []
    tests = "\n".join(path.read_text() for path in sorted((tree.ROOT / "tests").rglob("*_test.cc")))
    programs = "\n".join(path.read_text() for path in (tree.ROOT / "tests").rglob("CMakeLists.txt"))
    for name, fault in faults.items():
        if not MEMBERS - {"hang_s"} <= set(fault) <= MEMBERS or any(
            set(e) != EDIT_MEMBERS for e in fault.get("edit", [])
        ):
            wrong.append(
                f"{name}: has {', '.join(MEMBERS)}, and in each edit {', '.join(EDIT_MEMBERS)}"
            )
            continue
        try:
            tree.planted(files, fault)
        except tree.Unplantable as why:
            wrong.append(f"{name}: {why}")
        if fault["target"] == "pytest":
            wrong += [
                f"{name}: no test {test}"
                for test in fault["tests"]
                if not in_python(*test.split("::"))
            ]
            continue
        if not re.search(rf"\brhumb_test\(\s*{fault['target'].removeprefix('test_')}\b", programs):
            wrong.append(f"{name}: no test program {fault['target']}")
        for test in fault["tests"]:
            suite, case = [part for part in test.split("/") if "." in part][0].split(".")
            found = re.search(rf"\bTEST(_F|_P)?\(\s*{suite},\s*{case}\)", tests)
            prefix = test.split("/")[0]
            if not found or (
                found[1] == "_P"
                and not re.search(rf"\bINSTANTIATE_TEST_SUITE_P\(\s*{prefix},\s*{suite}\b", tests)
            ):
                wrong.append(f"{name}: no test {test}")
    return wrong


def self_check():
    """The check notices what it is there for."""
    text = "int  f( int x ) {\n  return x + 1;\n}\n"
    wrong = []
    if [text[first:end] for first, end in tree.spans(text, "{ return x+1\n;")] != [
        "{\n  return x + 1;"
    ]:
        wrong.append("a text is not found in other white space")
    if len(tree.spans(text + text, "return x + 1;")) != 2 or tree.spans(text, "return y;"):
        wrong.append("a text that is there twice, or not, is not noticed")
    return wrong


def built(targets, log):
    environment = {**os.environ, "CCACHE_BASEDIR": str(COPY), "CCACHE_NOHASHDIR": "1"}
    programs = [
        part
        for target in targets
        for part in (SERVER if target == "pytest" else [target, *ENGINES])
    ]
    done = subprocess.run(
        ["cmake", "--build", str(BUILD), "--target", *programs],
        stdout=log,
        stderr=log,
        env=environment,
        timeout=BUILD_TIMEOUT_S,
    )
    return done.returncode == 0


def program(target):
    return next(path for path in BUILD.rglob(target) if path.is_file() and os.access(path, os.X_OK))


def run_pytest(fault, test, log):
    """As run_test(). A server that a failed test left running ends with it."""
    report = HOME / "report.xml"
    report.unlink(missing_ok=True)
    words = [
        str(PYTHON),
        "-m",
        "pytest",
        f"tests/e2e/{test}",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
    ]
    running = subprocess.Popen(
        words,
        stdout=log,
        stderr=log,
        cwd=COPY,
        env={**os.environ, "RHUMB_BIN": str(BUILD / "bin")},
        start_new_session=True,
    )
    try:
        status = running.wait(TEST_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return "hang", 0, f"{test} does not end within {TEST_TIMEOUT_S} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    cases = list(ElementTree.parse(report).getroot().iter("testcase")) if report.is_file() else []
    failures = [failure.get("message", "") for case in cases for failure in case.iter("failure")]
    if not failures:
        return (
            ("passed" if status == 0 and cases else "crash"),
            len(cases),
            f"{test}: status {status}",
        )
    what = (
        "hang"
        if "TimeoutExpired" in failures[0]
        else "failed"
        if failures[0].startswith(("AssertionError", "assert "))
        else "crash"
    )
    return what, len(cases), f"{test}: " + " ".join(failures[0].split())[:160]


def run_test(fault, test, log):
    """Returns what came of it (passed, failed, hang, crash), how many ran, and the first failure.
    Of a test with parameters, any may fail."""
    if fault["target"] == "pytest":
        return run_pytest(fault, test, log)
    report = HOME / "report.json"
    report.unlink(missing_ok=True)
    words = [
        str(program(fault["target"])),
        f"--gtest_filter={test}",
        f"--gtest_output=json:{report}",
        "--gtest_fail_fast",
    ]
    try:
        status = subprocess.run(
            words, stdout=log, stderr=log, cwd=BUILD, timeout=fault.get("hang_s", TEST_TIMEOUT_S)
        ).returncode
    except subprocess.TimeoutExpired:
        return "hang", 0, f"{test} does not end within {fault.get('hang_s', TEST_TIMEOUT_S)} s"
    if status < 0 or not report.is_file():
        return "crash", 0, f"{test} ends with status {status}"
    told = json.loads(report.read_text())
    cases = [
        case
        for suite in told["testsuites"]
        for case in suite["testsuite"]
        if case.get("result") == "COMPLETED"
    ]
    failures = [
        (case, failure["failure"]) for case in cases for failure in case.get("failures", [])
    ]
    if not failures:
        return (
            ("passed" if status == 0 and cases else "crash"),
            len(cases),
            f"{test}: {len(cases)} passed",
        )
    case, text = failures[0]
    thrown = text.startswith(("C++ exception", "unknown file"))
    return (
        "crash" if thrown else "failed",
        len(cases),
        f"{case['classname']}.{case['name']}: " + " ".join(text.split())[:160],
    )


def unplanted(faults, log):
    """Names of faults whose tests do not pass as the tree is, with the reason."""
    if not built(sorted({fault["target"] for fault in faults.values()}), log):
        sys.exit(f"the tree does not build: {HOME}/log")
    out, known = {}, {}
    for name, fault in faults.items():
        for test in fault["tests"]:
            key = (fault["target"], test)
            if key not in known:
                known[key] = run_test(fault, test, log)
            if known[key][0] != "passed":
                out[name] = f"without the fault: {known[key][0]}: {known[key][2]}"
    return out


def caught(fault, log):
    """(whether, how)."""
    texts = tree.planted(tree.sources(COPY), fault)
    before = {path: path.read_bytes() for path in texts}
    try:
        for path, text in texts.items():
            path.write_text(text)
        if not built([fault["target"]], log):
            return False, f"does not build: {HOME}/log"
        outcomes = [run_test(fault, test, log) for test in fault["tests"]]
    finally:
        for path, text in before.items():
            path.write_bytes(text)
    right = {"failed", "hang"} if "hang_s" in fault else {"failed"}
    missed = [outcome for outcome in outcomes if outcome[0] not in right]
    what, _, why = (missed or outcomes)[0]
    return not missed, f"{what}: {why}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--results", type=pathlib.Path)
    arguments = parser.parse_args()
    faults = tree.load()
    if not faults or not set(arguments.only or []) <= set(faults):
        sys.exit(f"faults: {', '.join(faults)}")
    wrong = self_check() + check(faults)
    if wrong or arguments.check:
        print("\n".join(wrong) or f"{len(faults)} faults have their place")
        sys.exit(1 if wrong else 0)
    faults = {
        name: fault
        for name, fault in faults.items()
        if not arguments.only or name in arguments.only
    }

    if not PYTHON.exists() and any(fault["target"] == "pytest" for fault in faults.values()):
        sys.exit(
            "some of these faults are for tests/e2e to catch: "
            "tests/e2e/run.sh installs what it needs, run that first"
        )
    COPY.mkdir(parents=True, exist_ok=True)
    tree.copy_to(COPY)
    rows = []
    with open(HOME / "log", "w") as log:
        subprocess.run(
            ["cmake", "--preset", "release", "-DRHUMB_TESTS=ON"],
            cwd=COPY,
            check=True,
            stdout=log,
            stderr=log,
        )
        without = unplanted(faults, log)
        for name, fault in faults.items():
            began = time.monotonic()
            print(f"==== {name}", file=log, flush=True)
            ok, how = (False, without[name]) if name in without else caught(fault, log)
            rows.append((name, fault, ok, how))
            print(
                f"{'caught' if ok else 'NOT CAUGHT':10} {name} "
                f"({time.monotonic() - began:.0f} s): {how}",
                flush=True,
            )
    print("\n| section | fault | tests | caught |\n|---|---|---|---|")
    for name, fault, ok, how in rows:
        print(
            f"| {fault['section']} | {fault['title']} | {fault['target']} "
            f"{' '.join(fault['tests'])} | {'yes' if ok else 'NO, ' + how} |"
        )
    if arguments.results:
        cases = "".join(
            f'<testcase classname="planted" name={quoteattr(name)}>{"" if ok else "<failure/>"}'
            "</testcase>"
            for name, _, ok, _ in rows
        )
        (arguments.results / "planted.xml").write_text(
            f'<testsuites><testsuite name="planted">{cases}</testsuite></testsuites>'
        )
    sys.exit(0 if all(ok for _, _, ok, _ in rows) else 1)


if __name__ == "__main__":
    main()
