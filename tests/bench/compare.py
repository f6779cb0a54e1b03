#!/usr/bin/env python3
"""Compares the micro benchmarks (tests/bench/micro) of two commits.

  tests/bench/compare.py OLD NEW [--instructions] [--only WORD] [--rounds N] [--min-time S]
                         [--work DIR] [--json FILE]

NEW may be `.`, the files of this checkout that git knows. Each commit gets a worktree under DIR
(default build/compare), and the target `micro` is built there as Release. If OLD has no
tests/bench/micro, that of NEW is copied into OLD's worktree. Programs that do not compile in one of
the commits are named and left out.

CPU time: processes take turns (old, old again, new), N rounds (default 10). The table shows the
medians, the ratio of new to old within a round, and how far old is from itself. A change is beyond
the noise if the ratio is above the largest of old against old.

--instructions: callgrind counts the instructions of a fixed number of iterations, with the kernels
for AVX2, and the table shows those of one iteration. More than 3 per cent more are marked.

--only WORD: benchmarks whose name contains WORD. The worktrees stay, so that the next comparison
builds little; `git worktree remove --force DIR/COMMIT` removes one. The exit status is 1 if a
benchmark got worse beyond the bound.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import turns

ROOT = pathlib.Path(__file__).resolve().parents[2]
MICRO = pathlib.Path("tests/bench/micro")
MEASURED = "*rhumb_bench_measured*"
ITERATIONS = 20  # under callgrind; each one does the same
CONFIGURE = [
    "-G",
    "Ninja",
    "-DCMAKE_BUILD_TYPE=Release",
    "-DRHUMB_TESTS=ON",
    "-DRHUMB_BENCHMARKS=ON",
    "-DRHUMB_TEST_FOLDERS=bench",
]


def git(*words):
    return turns.run(["git", "-C", ROOT, *words]).strip()


def commit_of(name):
    """`.` is what `git stash create` makes of the checkout, without changing it."""
    if name == ".":
        name = git("stash", "create") or "HEAD"
    return git("rev-parse", "--verify", f"{name}^{{commit}}")


def bare(name):
    """The name without what Google Benchmark appends: how often it runs, and the kind of time."""
    return re.sub(r"/(iterations:\d+|process_time)", "", name)


class Side:
    """A commit with its worktree and its programs."""

    def __init__(self, commit, work):
        self.tree = work / commit[:12]
        self.build = self.tree / "build" / "micro"
        if not self.tree.exists():
            git("worktree", "add", "--detach", self.tree, commit)

    def take_benchmarks(self, other):
        """Copies the benchmarks of another commit into this worktree, which has none."""
        shutil.rmtree(self.tree / MICRO, ignore_errors=True)
        for made in (self.build / "bin").glob("micro_*"):
            made.unlink()
        shutil.copytree(other.tree / MICRO, self.tree / MICRO)
        lists = self.tree / MICRO.parent / "CMakeLists.txt"
        if "add_subdirectory(micro)" not in lists.read_text():
            lists.write_text(lists.read_text() + "add_subdirectory(micro)\n")

    def make(self):
        """Builds what compiles and returns the names of the programs."""
        environment = {**os.environ, "CCACHE_BASEDIR": str(self.tree), "CCACHE_NOHASHDIR": "1"}
        self.build.mkdir(parents=True, exist_ok=True)
        log = self.build / "micro.log"
        with open(log, "w") as out:
            for words in (
                ["-S", self.tree, "-B", self.build, *CONFIGURE],
                ["--build", self.build, "--target", "micro", "--", "-k", "0"],
            ):
                subprocess.run(["cmake", *map(str, words)], stdout=out, stderr=out, env=environment)
        made = {path.name for path in (self.build / "bin").glob("micro_*")}
        for name in sorted(self.wanted() - made):
            print(f"{name} does not compile in {self.tree.name}: {log}", flush=True)
        return made & self.wanted()

    def wanted(self):
        return {
            f"micro_{name}"
            for name in re.findall(
                r"^rhumb_micro\((\w+)", (self.tree / MICRO / "CMakeLists.txt").read_text(), re.M
            )
        }

    def benchmarks(self, program, only):
        listed = turns.run([self.build / "bin" / program, "--benchmark_list_tests"]).split()
        return [name for name in map(bare, listed) if only in name]

    def times(self, program, only, min_time):
        """CPU time in ns of one iteration, by benchmark."""
        words = [
            self.build / "bin" / program,
            "--benchmark_format=json",
            f"--benchmark_min_time={min_time}",
            f"--benchmark_filter={re.escape(only)}",
        ]
        return {
            bare(row["name"]): row["cpu_time"] for row in json.loads(turns.run(words))["benchmarks"]
        }

    def instructions(self, program, name):
        """Instructions of one iteration."""
        out = self.build / "callgrind.out"
        environment = {
            **os.environ,
            "RHUMB_KERNELS": "avx2",
            "RHUMB_BENCH_ITERATIONS": str(ITERATIONS),
        }
        exactly = f"--benchmark_filter=^{re.escape(name)}(/.*)?$"
        turns.run(
            [*turns.callgrind(MEASURED, out), self.build / "bin" / program, exactly],
            env=environment,
        )
        return turns.counted(out, MEASURED) / ITERATIONS


class Comparison:
    def __init__(self, options):
        self.options = options
        work = pathlib.Path(options.work).resolve()
        commits = [commit_of(options.old), commit_of(options.new)]
        self.old, self.new = (Side(commit, work) for commit in commits)
        print(f"old {commits[0][:12]}, new {commits[1][:12]}", flush=True)
        if not git("ls-tree", commits[0], f"{MICRO}/"):
            self.old.take_benchmarks(self.new)
        old, new = self.old.make(), self.new.make()
        self.programs = sorted(old & new)
        self.rows = {}

    def named(self, program):
        """Benchmarks that both commits have."""
        old, new = (side.benchmarks(program, self.options.only) for side in (self.old, self.new))
        for name in sorted(set(old) ^ set(new)):
            print(f"{name} is in one commit only", flush=True)
        return [name for name in new if name in old]

    def time(self):
        print(
            f"{'CPU time of an iteration':36} {'old':>12} {'new':>12}    ratio   old against old",
            flush=True,
        )
        for program in self.programs:
            names = self.named(program)
            if not names:
                continue
            sides = {"before": self.old, "after": self.new}
            found = turns.take_turns(
                self.options.rounds,
                lambda side: sides[side].times(program, self.options.only, self.options.min_time),
            )
            for name in names:
                row = turns.compared(
                    **{which: [times[name] for times in rounds] for which, rounds in found.items()}
                )
                mark = "" if row["holds"] else "  slower"
                medians = f"{row['before']:9,.0f} ns {row['after']:9,.0f} ns   {row['ratio']:6.3f}"
                spread = f"{row['same_min']:.3f} to {row['same_max']:.3f}"
                print(f"{name:36} {medians}   {spread}{mark}", flush=True)
                self.rows[name] = row

    def count(self):
        print(f"{'instructions of an iteration':36} {'old':>14} {'new':>14}    growth", flush=True)
        for program in self.programs:
            for name in self.named(program):
                before, after = (side.instructions(program, name) for side in (self.old, self.new))
                growth = after / before - 1
                holds = growth <= turns.GROWTH_MAX
                mark = "" if holds else "  more"
                counts = f"{before:14,.0f} {after:14,.0f}  {100 * growth:+7.2f} %"
                print(f"{name:36} {counts}{mark}", flush=True)
                self.rows[name] = {
                    "before": before,
                    "after": after,
                    "growth": growth,
                    "holds": holds,
                }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--min-time", type=float, default=0.05, metavar="S", help="of one benchmark in one process"
    )
    parser.add_argument("--work", default=str(ROOT / "build" / "compare"))
    parser.add_argument("--json", help="writes the figures there, too")
    options = parser.parse_args()
    comparison = Comparison(options)
    if options.instructions:
        comparison.count()
    else:
        comparison.time()
    if options.json:
        report = {
            "date": time.strftime("%Y-%m-%d"),
            "old": comparison.old.tree.name,
            "new": comparison.new.tree.name,
            "load_average": os.getloadavg()[0],
            "rows": comparison.rows,
        }
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    worse = [name for name, row in comparison.rows.items() if not row["holds"]]
    print(
        "\n".join(["beyond the bound:", *worse])
        if worse
        else f"{len(comparison.rows)} benchmarks, all within the bounds"
    )
    sys.exit(1 if worse or not comparison.rows else 0)


if __name__ == "__main__":
    main()
