#!/usr/bin/env python3
"""Checks the sources for text that should not be there: text.py ROOT. Prints each place, and exits
with status 1 if there is one.

It finds files over 450 lines (the aim is 400), lines over 100 columns, tabs and control characters,
notes to do something later, sleeping in C++ tests, prefixes of the protocol's error texts outside
host/http, and the standard library's mutexes in host/ outside host/base/mutex.h. config/rhumb.yaml
must name every key of host/settings/settings_keys.cc. First it checks itself on planted lines.
"""
import pathlib
import re
import subprocess
import sys

MAX_LINES, MAX_COLUMNS, TAB = 450, 100, 4
TOPS = ("host", "plugins", "sdk", "tests", "packaging")
CPP = {".h", ".cc", ".c"}
CODE = CPP | {".rs", ".py", ".mjs", ".sh", ".go"}
# More kinds of files whose lines have at most 100 columns.
NARROW = CODE | {".cmake", ".json", ".yaml", ".tsv"}
# Results and data, written by programs.
RECORDED = ("docs/benchmarks/", "tests/data/", "packaging/grafana/")
URL = re.compile(r"^\W*https?://\S+$")  # a line that is nothing but a URL cannot be broken
LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
PREFIX = re.compile(
    r'"(Wrong input|Not found|Validation error in JSON body|Not implemented|Timeout'
    r"|Service internal error): "
)
RAW_STRING = re.compile(r'R"([^(\s]*)\(.*?\)\1"', re.S)
SLEEP = re.compile(r"sleep_for|usleep\(|nanosleep\(")
# <mutex> also has std::call_once, which host/base may use.
NATIVE_LOCK = re.compile(
    r"std::((recursive_|shared_)?(timed_)?mutex|condition_variable(_any)?"
    r"|lock_guard|unique_lock|scoped_lock|shared_lock)\b"
    r"|#\s*include <(shared_mutex|condition_variable)>"
)
MUTEX_HEADER = re.compile(r"#\s*include <mutex>")


def sources(root):
    """The files of the repository, and those that are new and not ignored."""
    command = ["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.check_output(command, text=True).split("\0")
    return sorted(pathlib.PurePath(n) for n in names if n and (root / n).is_file())


def raw_string_lines(text):
    """The numbers of the lines that a raw string literal reaches: nothing may be broken there."""
    lines = set()
    for literal in RAW_STRING.finditer(text):
        first = text.count("\n", 0, literal.start()) + 1
        lines.update(range(first, first + literal.group(0).count("\n") + 1))
    return lines


def too_wide(name, line):
    narrow = name.suffix in NARROW or name.name == "CMakeLists.txt"
    if not narrow or name.as_posix().startswith(RECORDED) or URL.match(line):
        return False
    return len(line.expandtabs(TAB)) > MAX_COLUMNS


def native_lock(name, line):
    name = name.as_posix()
    if not name.startswith("host/") or name == "host/base/mutex.h":
        return False
    return NATIVE_LOCK.search(line) or (
        MUTEX_HEADER.search(line) and not name.startswith("host/base/")
    )


def stray_character(name, line):
    return any(ord(c) < 32 and not (c == "\t" and name.suffix == ".go") for c in line)


def breaches_of_code(name, line):
    """What is wrong with a line of code of ours, apart from its width."""
    if LATER.search(line):
        yield "do it now, or say it in an issue"
    if name.parts[0] == "host" and name.parts[1] != "http" and PREFIX.search(line):
        yield "host/http puts the prefix in front of an error"
    if native_lock(name, line):
        yield "host/base/mutex.h has the mutexes, locks and condition variable of the host"
    if stray_character(name, line):
        yield "a control character"
    if name.parts[0] == "tests" and name.suffix in CPP and SLEEP.search(line):
        yield "wait for the event, do not sleep"


def breaches(root, name):
    text = (root / name).read_text(errors="replace")
    lines = text.splitlines()
    code = name.suffix in CODE and name.parts[0] in TOPS
    if code and len(lines) > MAX_LINES:
        yield f"{name}: {len(lines)} lines, at most {MAX_LINES}"
    unbreakable = raw_string_lines(text) if name.suffix in CPP else set()
    for number, line in enumerate(lines, 1):
        if too_wide(name, line) and number not in unbreakable:
            yield f"{name}:{number}: {len(line.expandtabs(TAB))} columns"
        for why in breaches_of_code(name, line) if code else ():
            yield f"{name}:{number}: {why}"


def missing_keys(root):
    """(the number of keys, what config/rhumb.yaml lacks)"""
    keys = re.findall(
        r'(?:text|choice|number|flag|bytes|share)\("([a-z_]+)\.([a-z_]+)"',
        (root / "host/settings/settings_keys.cc").read_text(),
    )
    config = (root / "config/rhumb.yaml").read_text()
    return len(keys), [
        f"config/rhumb.yaml: {section}.{key} is missing"
        for section, key in keys
        if not re.search(rf"^{section}:\n(?:(?:  .*)?\n)*?  {key}:", config, re.M)
    ]


PLANTED = [  # check, file, line, whether it is refused
    (native_lock, "host/shard/shard.h", "  mutable std::mutex mutex_;", True),
    (native_lock, "host/shard/shard.cc", "  std::unique_lock lock(mutex_);", True),
    (native_lock, "host/base/timer.h", "  std::condition_variable wake_;", True),
    (native_lock, "host/base/timer.h", "#include <shared_mutex>", True),
    (native_lock, "host/shard/shard.h", "#include <mutex>", True),
    (native_lock, "host/base/mutex.h", "  std::mutex native_;", False),
    (native_lock, "host/base/overdue.cc", "#include <mutex>", False),
    (native_lock, "plugins/log_file/writer.h", "  std::mutex mutex_;", False),
    (native_lock, "host/shard/shard.h", "  base::Mutex mutex_;", False),
    (too_wide, "tests/run.sh", "x" * 101, True),
    (too_wide, "host/CMakeLists.txt", "# " + "words " * 17, True),
    (too_wide, "tests/linear/main.go", "\t" + "x" * 97, True),
    (too_wide, "tests/e2e/demo.py", "x" * 100, False),
    (too_wide, "tests/e2e/demo.py", "# https://example.org/" + "x" * 100, False),
    (too_wide, "docs/benchmarks/ann.json", "x" * 101, False),
    (stray_character, "tests/linear/main.go", "\tx", False),
    (stray_character, "tests/e2e/demo.py", "\tx", True),
]


def self_check():
    for check, name, line, refused in PLANTED:
        if bool(check(pathlib.PurePath(name), line)) != refused:
            yield f"{check.__name__} is wrong about {line!r} in {name}"


def main():
    root = pathlib.Path(sys.argv[1])
    found, files = list(self_check()), sources(root)
    checked = [f for f in files if f.suffix in NARROW or f.name == "CMakeLists.txt"]
    for name in checked:
        found += breaches(root, name)
    keys, missing = missing_keys(root)
    found += missing
    print("\n".join(found) or f"{len(checked)} files, {keys} keys")
    sys.exit(1 if found or len(checked) < 100 or not keys else 0)


if __name__ == "__main__":
    main()
