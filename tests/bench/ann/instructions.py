#!/usr/bin/env python3
"""Measures the cost of a change of index_rhumb on well-behaved data: instructions per query, and
CPU time in turns.

  tests/bench/ann/instructions.py BEFORE.so AFTER.so [--build DIR] [--work DIR] [--rounds N]
                                  [--builds] [--one-graph] [--build-before DIR]
                                  [--json FILE]

The input is fixed: 20,000 rows of 128 dimensions with euclid, 10,000 of 1,536 with cosine, and
20,000 of the MiniLM set (384, cosine) if it lies beside the repository; 200 queries.

callgrind counts the instructions on one thread with the kernels for AVX2 (RHUMB_KERNELS=avx2), of
the searches alone, after each query was sent once. CPU time is that of processes that take turns
(before, before again, after), N rounds (default 10), with the kernels of the machine. A change is
inside the noise if the median of after / before within a round is at most the largest before /
before.

Each plugin searches its own graph of the same rows, built once on one thread; --one-graph lets
AFTER load BEFORE's graph. --builds also measures builds (instructions of 4,000 rows). DIR of
--build has bin/bench_instructions and bin/bench_data. BEFORE needs a bench_instructions of its own
(--build-before) if the draft of the ABI has changed in between. The exit status is 1 if
instructions grew by more than 3 per cent or the time by more than the noise.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import turns  # noqa: E402

REAL = ROOT / "../shared/data/debian-minilm"
ROWS, ROWS_WIDE, QUERIES, BUILD_ROWS, REAL_DIM = 20_000, 10_000, 200, 4_000, 384
PASSES = 60  # per timed process, which takes at least a fifth of a second
EFS = (20, 60, 0)  # 0: the engine's own ef
MEASURED = "rhumb_bench_measured"


class Bench:
    def __init__(self, options):
        self.options, self.work = options, pathlib.Path(options.work).resolve()
        self.bin = pathlib.Path(options.build).resolve() / "bin"
        before = pathlib.Path(options.build_before or options.build).resolve() / "bin"
        self.programs = {
            "before": before / "bench_instructions",
            "after": self.bin / "bench_instructions",
        }
        self.plugins = {
            "before": str(pathlib.Path(options.before).resolve()),
            "after": str(pathlib.Path(options.after).resolve()),
        }

    def sets(self):
        found = {
            "c128": ("euclid", ["c128", str(ROWS), str(QUERIES), "42"]),
            "e1536": ("cosine", ["e1536", str(ROWS_WIDE), str(QUERIES), "43"]),
        }
        if REAL.exists():
            self.work.mkdir(parents=True, exist_ok=True)
            for name, rows in (("vectors", ROWS), ("queries", QUERIES)):
                with open(REAL / f"{name}.f16", "rb") as whole:
                    (self.work / f"{name}.f16").write_bytes(whole.read(rows * REAL_DIM * 2))
            found["minilm"] = (
                "cosine",
                [
                    "f16",
                    str(self.work / "vectors.f16"),
                    str(self.work / "queries.f16"),
                    str(REAL_DIM),
                ],
            )
        return found

    def data(self, name, arguments):
        path = self.work / name
        if not (path / "base.fbin").exists():
            subprocess.run([self.bin / "bench_data", *arguments, path, "unfiltered"], check=True)
        return path

    def program(self, data, metric, side, *command, wrapper=(), kernels=None):
        environment = {k: v for k, v in os.environ.items() if k != "RHUMB_KERNELS"} | (
            {"RHUMB_KERNELS": kernels} if kernels else {}
        )
        words = [
            *wrapper,
            self.programs[side],
            data,
            metric,
            self.plugins[side],
            *command,
        ]
        return json.loads(turns.run(words, env=environment))

    def instructions(self, data, metric, side, *command):
        out = self.work / "callgrind.out"
        answer = self.program(
            data, metric, side, *command, wrapper=turns.callgrind(MEASURED, out), kernels="avx2"
        )
        return turns.counted(out, MEASURED) / answer["items"], answer.get("recall")

    def counted(self, data, metric, what, command_of):
        (before, recall_before), (after, recall_after) = (
            self.instructions(data, metric, side, *command_of(side)) for side in ("before", "after")
        )
        growth = after / before - 1
        recalls = (
            "" if recall_before is None else f"   recall {recall_before:.4f} -> {recall_after:.4f}"
        )
        print(
            f"  {what:24} {before:14,.0f} -> {after:14,.0f} instructions"
            f"   {100 * growth:+6.2f} %{recalls}",
            flush=True,
        )
        return {
            "before": before,
            "after": after,
            "growth": growth,
            "recall_before": recall_before,
            "recall_after": recall_after,
            "holds": growth <= turns.GROWTH_MAX,
        }

    def timed(self, data, metric, what, command_of):
        us = turns.take_turns(
            self.options.rounds,
            lambda side: self.program(data, metric, side, *command_of(side))["us"],
        )
        row = turns.compared(**us)
        print(
            f'  {what:24} {row["before"]:14.1f} -> {row["after"]:14.1f} us of CPU'
            f'         {100 * (row["ratio"] - 1):+6.2f} %'
            f'   before against itself {100 * (row["same_min"] - 1):+.1f}'
            f' to {100 * (row["same_max"] - 1):+.1f} %',
            flush=True,
        )
        return row

    def measure(self, name, metric, arguments):
        data = self.data(name, arguments)
        print(f"{name}: {(ROWS_WIDE if name == 'e1536' else ROWS):,} rows, {metric}", flush=True)
        graphs = {side: self.work / f"{name}-{side}" for side in self.plugins}
        for side, graph in graphs.items():
            if not (side == "after" and self.options.one_graph):
                self.program(data, metric, side, "make", graph)
        if self.options.one_graph:
            graphs["after"] = graphs["before"]
        found = {"instructions": {}, "cpu": {}}
        named = lambda ef: f"a query, ef {ef}" if ef else "a query, own breadth"
        for ef in EFS:
            found["instructions"][named(ef)] = self.counted(
                data, metric, named(ef), lambda side: ("ask", graphs[side], ef, 1)
            )
        if self.options.builds:
            found["instructions"]["a row built"] = self.counted(
                data, metric, "a row built", lambda side: ("build", BUILD_ROWS)
            )
        if self.options.rounds:
            for ef in EFS:
                found["cpu"][named(ef)] = self.timed(
                    data, metric, named(ef), lambda side: ("ask", graphs[side], ef, PASSES)
                )
            if self.options.builds:
                found["cpu"]["a row built"] = self.timed(
                    data, metric, "a row built", lambda side: ("build", ROWS)
                )
        return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--build-before", help="as --build, for BEFORE (default: the same)")
    parser.add_argument("--work", default=str(ROOT / "build/bench/instructions"))
    parser.add_argument("--rounds", type=int, default=10, help="0: instructions alone")
    parser.add_argument("--builds", action="store_true")
    parser.add_argument("--one-graph", action="store_true")
    parser.add_argument("--json", help="writes the figures there, too")
    bench = Bench(parser.parse_args())
    found = {name: bench.measure(name, *how) for name, how in bench.sets().items()}
    if bench.options.json:
        report = {
            "date": time.strftime("%Y-%m-%d"),
            "command": " ".join(["tests/bench/ann/instructions.py", *sys.argv[1:]]),
            "load_average": os.getloadavg()[0],
            "sets": found,
        }
        pathlib.Path(bench.options.json).write_text(json.dumps(report, indent=1) + "\n")
    broken = [
        f"{name}: {what} ({kind})"
        for name, kinds in found.items()
        for kind, rows in kinds.items()
        for what, row in rows.items()
        if not row["holds"]
    ]
    print("\n".join(["beyond the bound:", *broken]) if broken else "all within the bounds")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
