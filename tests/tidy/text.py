#!/usr/bin/env python3
"""Checks the sources for text that should not be there: text.py ROOT. Prints each place, and exits
with status 1 if there is one.

It finds files over 450 lines (the aim is 400), C and C++ lines over 100 columns that clang-format
could break, tabs and control characters, notes to do something later, sleeping in C++ tests,
prefixes of the protocol's error texts outside host/http, and the standard library's mutexes in host/
outside host/base/mutex.h. config/rhumb.yaml must name every key of host/settings/settings_keys.cc.
"""
import pathlib
import re
import sys

MAX_LINES, MAX_COLUMNS = 450, 100
CODE = {".h", ".cc", ".c", ".rs", ".py", ".mjs", ".sh"}
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


def native_lock(name, line):
    if not name.startswith("host/") or name == "host/base/mutex.h":
        return False
    return NATIVE_LOCK.search(line) or (
        MUTEX_HEADER.search(line) and not name.startswith("host/base/")
    )


def self_check():
    refused = [
        ("host/shard/shard.h", "  mutable std::mutex mutex_;"),
        ("host/shard/shard.cc", "  std::unique_lock lock(mutex_);"),
        ("host/base/timer.h", "  std::condition_variable wake_;"),
        ("host/base/timer.h", "#include <shared_mutex>"),
        ("host/shard/shard.h", "#include <mutex>"),
    ]
    allowed = [
        ("host/base/mutex.h", "  std::mutex native_;"),
        ("host/base/overdue.cc", "#include <mutex>"),
        ("plugins/log_file/writer.h", "  std::mutex mutex_;"),
        ("host/shard/shard.h", "  base::Mutex mutex_;"),
    ]
    return [
        f"not noticed: {line} in {name}" for name, line in refused if not native_lock(name, line)
    ] + [f"refused: {line} in {name}" for name, line in allowed if native_lock(name, line)]


def raw_string_lines(text):
    """The numbers of the lines that a raw string literal reaches: nothing may be broken there."""
    lines = set()
    for literal in RAW_STRING.finditer(text):
        first = text.count("\n", 0, literal.start()) + 1
        lines.update(range(first, first + literal.group(0).count("\n") + 1))
    return lines


def main():
    root = pathlib.Path(sys.argv[1])
    found, files = self_check(), 0
    for top in ("host", "plugins", "sdk", "tests", "packaging"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in CODE or not path.is_file() or "__pycache__" in path.parts:
                continue
            files += 1
            text = path.read_text(errors="replace")
            name, lines = path.relative_to(root), text.splitlines()
            unbreakable = raw_string_lines(text) if path.suffix in {".h", ".cc", ".c"} else set()
            if len(lines) > MAX_LINES:
                found.append(f"{name}: {len(lines)} lines, at most {MAX_LINES}")
            for number, line in enumerate(lines, 1):
                if (
                    len(line) > MAX_COLUMNS
                    and path.suffix in {".h", ".cc", ".c"}
                    and number not in unbreakable
                ):
                    found.append(f"{name}:{number}: {len(line)} columns")
                if LATER.search(line):
                    found.append(f"{name}:{number}: do it now, or say it in an issue")
                if top == "host" and name.parts[1] != "http" and PREFIX.search(line):
                    found.append(f"{name}:{number}: host/http puts the prefix in front of an error")
                if native_lock(name.as_posix(), line):
                    found.append(
                        f"{name}:{number}: host/base/mutex.h has the mutexes, locks "
                        "and condition variable of the host"
                    )
                if any(ord(c) < 32 for c in line):
                    found.append(f"{name}:{number}: a control character")
                if top == "tests" and path.suffix in {".cc", ".h"} and SLEEP.search(line):
                    found.append(f"{name}:{number}: wait for the event, do not sleep")
    keys = re.findall(
        r'(?:text|choice|number|flag|bytes|share)\("([a-z_]+)\.([a-z_]+)"',
        (root / "host/settings/settings_keys.cc").read_text(),
    )
    config = (root / "config/rhumb.yaml").read_text()
    found += [
        f"config/rhumb.yaml: {section}.{key} is missing"
        for section, key in keys
        if not re.search(rf"^{section}:\n(?:(?:  .*)?\n)*?  {key}:", config, re.M)
    ]
    print("\n".join(found) or f"{files} files, {len(keys)} keys")
    sys.exit(1 if found or files < 100 or not keys else 0)


if __name__ == "__main__":
    main()
