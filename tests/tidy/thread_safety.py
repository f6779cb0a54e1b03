#!/usr/bin/env python3
"""Checks that clang notices data used without its mutex: thread_safety.py ROOT [CLANG].

The annotations of host/base/mutex.h are checked in every build by clang (preset asan-ubsan), where
a breach is an error. This test plants breaches, each of which must be noticed.
"""
import pathlib
import subprocess
import sys

CHECK = [
    "-fsyntax-only",
    "-Wno-everything",
    "-Wthread-safety",
    "-Wthread-safety-beta",
    "-Werror=thread-safety",
    "-Werror=thread-safety-beta",
]
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


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    missed = self_check(sys.argv[2] if len(sys.argv) > 2 else "clang++", root)
    if "-Werror=thread-safety" not in (root / "CMakeLists.txt").read_text():
        missed.append("CMakeLists.txt: clang's builds do not hold -Werror=thread-safety")
    print("\n".join(missed) or f"{len(PLANTED)} planted breaches were noticed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
