#!/usr/bin/env python3
"""Adds up all result files of a run (XML of GoogleTest, pytest and CTest) and compares the skipped
tests with the committed list.

  tests/summary.py RESULTS SKIPPED_LIST

Prints failures and skips, then one line: N passed, N failed, N skipped. The exit status is 1 if a
test failed, if no test ran, or if the skipped tests differ from the list. The list has one
`suite.test` per line and # comments. A line that begins with ? is a pattern of tests that are
skipped where the machine cannot run them (no root, no mount), and run everywhere else.
"""
import fnmatch
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def outcome(case):
    if (
        case.find("failure") is not None
        or case.find("error") is not None
        or case.get("status") == "fail"
    ):
        return "failed"
    if (
        case.find("skipped") is not None
        or case.get("result") == "skipped"
        or case.get("status") in ("notrun", "disabled")
    ):
        return "skipped"
    return "passed"


def cases(path, programs_with_own_results):
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f'{case.get("classname", "")}.{case.get("name", "")}'.strip(".")
        # CTest's file counts programs. A program that wrote results of its own is counted by those,
        # unless it died before writing them.
        if path.name.endswith("-ctest.xml"):
            if case.get("name") in programs_with_own_results and outcome(case) != "failed":
                continue
            name = f'{path.name.removesuffix("-ctest.xml")}: {case.get("name")}'
        yield name, outcome(case)


def main():
    results, list_file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    skipped, failed = set(), []
    for path in sorted(results.rglob("*.xml")):
        own = {
            p.stem.removeprefix("test_")
            for p in (results / path.name.removesuffix("-ctest.xml")).glob("*.xml")
        }
        for name, what in cases(path, own):
            counts[what] += 1
            if what == "failed":
                failed.append(f"{path.parent.name}/{name}")
            if what == "skipped":
                skipped.add(name)
    lines = {line.split("#")[0].strip() for line in list_file.read_text().splitlines()} - {""}
    where_impossible = [line[1:].strip() for line in lines if line.startswith("?")]
    allowed = {line for line in lines if not line.startswith("?")}
    allowed |= {
        name
        for name in skipped
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in where_impossible)
    }
    for name in failed:
        print(f"failed:  {name}")
    for name in sorted(skipped):
        print(f"skipped: {name}{'' if name in allowed else '   (not in ' + list_file.name + ')'}")
    for name in sorted(allowed - skipped):
        print(f"not skipped, though {list_file.name} names it: {name}")
    print(f'{counts["passed"]} passed, {counts["failed"]} failed, {counts["skipped"]} skipped')
    sys.exit(1 if counts["failed"] or not counts["passed"] or skipped != allowed else 0)


if __name__ == "__main__":
    main()
