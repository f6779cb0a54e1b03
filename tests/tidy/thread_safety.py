#!/usr/bin/env python3
"""Lets clang check that what a mutex guards is used under it: thread_safety.py ROOT BUILD [CLANG].

Every source of host/ that names a lock, or includes a header with annotations, is compiled with the
flags of BUILD/compile_commands.json, without code generation, with -Wthread-safety as an error.
Prints each breach and exits with status 1. First it checks itself: each planted breach must be
noticed.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

CHECK = [
    "-fsyntax-only",
    "-Wno-everything",
    "-Wthread-safety",
    "-Wthread-safety-beta",
    "-Werror=thread-safety",
    "-Werror=thread-safety-beta",
]
WORDS = re.compile(
    r"\b(Mutex|SharedMutex|MutexLock|ReleasableMutexLock|ReaderLock|WriterLock|CondVar"
    r"|RHUMB_GUARDED_BY|RHUMB_REQUIRES|RHUMB_REQUIRES_SHARED)\b"
)
INCLUDE = re.compile(r'^\s*#\s*include\s+"(host/[^"]+)"', re.M)
FLAGS_WITH_VALUE = {"-I", "-D", "-isystem", "-include"}
FEWEST = 40  # files; fewer mean that the search for them is broken

PLANTED_CLASS = """
#include "host/base/mutex.h"
using namespace rhumb::base;
class Planted {
 public:
  %s
  int locked() { const MutexLock lock(mutex_); return needs_lock(); }
  int shared() { const ReaderLock lock(shared_); return read_; }
  void waits() { const MutexLock lock(mutex_); while (value_ == 0) changed_.wait(mutex_); }
  void pauses() { ReleasableMutexLock lock(mutex_); lock.unlock(); lock.lock(); ++value_; }
 private:
  int needs_lock() RHUMB_REQUIRES(mutex_) { return value_; }
  Mutex mutex_;
  SharedMutex shared_;
  CondVar changed_;
  int value_ RHUMB_GUARDED_BY(mutex_) = 0;
  int read_ RHUMB_GUARDED_BY(shared_) = 0;
};
"""
PLANTED = {
    "a guarded member is read without the lock": "int f() { return value_; }",
    "a guarded member is written without the lock": "void f() { value_ = 1; }",
    "a function that requires the lock is called without it": "int f() { return needs_lock(); }",
    "a guarded member is written under a lock for readers": (
        "void f() { const ReaderLock lock(shared_); read_ = 1; }"
    ),
    "the wrong mutex is held": "int f() { const MutexLock lock(mutex_); return read_; }",
    "a condition is waited for without the mutex": "void f() { changed_.wait(mutex_); }",
    "a guarded member is used after the lock was released": (
        "int f() { ReleasableMutexLock lock(mutex_); lock.unlock(); return value_; }"
    ),
    "a mutex is left locked": "void f() { mutex_.lock(); }",
    "a mutex is locked twice": "void f() { const MutexLock a(mutex_); const MutexLock b(mutex_); }",
    "a lambda uses a guarded member, and nobody says that it runs under the lock": (
        "int f() { const MutexLock lock(mutex_); return [this] { return value_; }(); }"
    ),
}


def compile_text(clang, root, text):
    return subprocess.run(
        [clang, "-std=c++20", f"-I{root}", *CHECK, "-x", "c++", "-"],
        input=text,
        text=True,
        capture_output=True,
        timeout=60,
    )


def self_check(clang, root):
    right = compile_text(clang, root, PLANTED_CLASS % "")
    if right.returncode != 0:
        return [f"right code is refused: {right.stderr}"]
    missed = []
    for what, code in PLANTED.items():
        done = compile_text(clang, root, PLANTED_CLASS % code)
        if done.returncode == 0 or "thread-safety" not in done.stderr:
            missed.append(f"not noticed: {what} {done.stderr}")
    return missed


def flags_of(command):
    words, kept, i = shlex.split(command), [], 1
    while i < len(words):
        if words[i] in FLAGS_WITH_VALUE:
            kept += words[i : i + 2]
            i += 1
        elif words[i].startswith(("-I", "-D", "-std=")):
            kept.append(words[i])
        i += 1
    return kept


def reached(root, text, seen):
    """Adds the headers of host/ that `text` includes, directly and through others."""
    for header in set(INCLUDE.findall(text)) - seen:
        seen.add(header)
        reached(root, (root / header).read_text(), seen)


def sources(root, build):
    """Returns (file, flags) of each source to check, and the annotated headers that no such source
    includes."""
    headers = {
        p.relative_to(root).as_posix()
        for p in root.glob("host/**/*.h")
        if WORDS.search(p.read_text())
    }
    found, included = [], set()
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"])
        if not path.is_relative_to(root / "host"):
            continue
        text = path.read_text()
        if WORDS.search(text) or headers & set(INCLUDE.findall(text)):
            found.append((path, flags_of(entry["command"])))
            reached(root, text, included)
    return found, headers - included


def check(clang, root, path, flags):
    done = subprocess.run(
        [clang, *flags, *CHECK, str(path)], capture_output=True, text=True, cwd=root, timeout=300
    )
    return done.stderr if done.returncode != 0 else ""


def main():
    root, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    clang = sys.argv[3] if len(sys.argv) > 3 else "clang++"
    began = time.monotonic()
    breaches = self_check(clang, root)
    files, unread = sources(root, build)
    breaches += [f"{header}: no source that is checked includes it" for header in sorted(unread)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        breaches += [out for out in pool.map(lambda f: check(clang, root, *f), files) if out]
    print(
        "\n".join(breaches)
        or f"{len(files)} files keep to their locks ({time.monotonic() - began:.0f} s)"
    )
    sys.exit(1 if breaches or len(files) < FEWEST else 0)


if __name__ == "__main__":
    main()
