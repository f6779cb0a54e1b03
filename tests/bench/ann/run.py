#!/usr/bin/env python3
"""Measures index engines beside each other, in one process and on one core, and the cost of our
index apart from its searches.

  tests/bench/ann/run.py [--sets c128,minilm,e1536,c128m] [--parts search,life,curve] [--rounds N]
                         [--out FILE]
  tests/bench/ann/run.py --parts hostile [--label before|now] [--plugin FILE.so] [--shapes a,b]
                         [--rows N]

Installs what is missing (packaging/dependencies.sh bench), builds the programs (build/bench,
Release), fetches usearch's headers by npm, makes the data sets, and measures. This takes less than
an hour on two cores. It writes JSON, a copy after every step; page.py makes the page and its plots.
Nothing is asserted. The part hostile (shapes.cc: data that codes cannot order) takes some minutes
and goes to hostile.json beside FILE, under its label.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
REAL = ROOT / "../shared/data/debian-minilm"
# Debian's faiss is compiled for every amd64 machine and takes 1.3 to 5 ms per row to build, so it
# is used on one set only. usearch's 8-bit codes are for values in [-1, 1].
# name: metric, arguments of bench_data, peers (of hnswlib, faiss, faiss_sq8, usearch, usearch_i8),
# filters
SETS = {
    "c128": ("euclid", ["c128", "200000", "1000", "42"], "hnswlib,usearch", True),
    "minilm": (
        "cosine",
        ["f16", str(REAL / "vectors.f16"), str(REAL / "queries.f16"), "384"],
        "hnswlib,faiss,usearch,usearch_i8",
        False,
    ),
    "e1536": ("cosine", ["e1536", "50000", "1000", "43"], "hnswlib,usearch,usearch_i8", True),
    "c128m": ("euclid", ["c128", "1000000", "1000", "42"], "hnswlib", False),
    "c128-2m": ("euclid", ["c128", "2000000", "1000", "42"], "", False),
}
LIFE = [
    ("threads", "minilm"),
    ("threads", "e1536"),
    ("threads", "c128"),
    ("memory", "c128"),
    ("memory", "minilm"),
    ("memory", "e1536"),
    ("memory", "c128m"),
    ("merge", "c128"),
    ("merge", "minilm"),
    ("writer", "c128"),
    ("writer", "minilm"),
]
USEARCH = "usearch@2.25.3"


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def model_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def build(directory, usearch, programs):
    subprocess.run(
        [ROOT / "packaging/dependencies.sh", "bench" if usearch else "test"],
        check=True,
        stdout=sys.stderr,
    )
    headers = directory / "usearch/package/include"
    if usearch and not headers.exists():
        headers.parent.parent.mkdir(parents=True, exist_ok=True)
        name = subprocess.run(
            ["npm", "pack", "--silent", USEARCH],
            cwd=headers.parent.parent,
            stdout=subprocess.PIPE,
            text=True,
        )
        if name.returncode == 0:
            subprocess.run(
                ["tar", "xzf", name.stdout.strip()], cwd=headers.parent.parent, check=True
            )
            subprocess.run(
                ["node", "probes/probe.js"],
                cwd=headers.parent / "numkong",
                check=True,
                stdout=subprocess.DEVNULL,
            )
    configure = [
        "cmake",
        "-S",
        ROOT,
        "-B",
        directory,
        "-G",
        "Ninja",
        "-DCMAKE_BUILD_TYPE=Release",
        "-DRHUMB_TESTS=ON",
        "-DRHUMB_TEST_FOLDERS=bench",
        f"-DRHUMB_USEARCH_INCLUDE={headers if headers.exists() else ''}",
    ]
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        ["cmake", "--build", directory, "--target", *programs, "index_rhumb"],
        check=True,
        stdout=subprocess.DEVNULL,
    )


class Runner:
    def __init__(self, options):
        self.options = options
        self.bin = pathlib.Path(options.build).resolve() / "bin"
        self.plugin = options.plugin or str(self.bin.parent / "lib/rhumb/plugins/index_rhumb.so")
        commit = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.strip()
        self.report = (
            json.loads(pathlib.Path(options.out).read_text())
            if options.add
            else {"sets": {}, "life": {}, "minutes": 0, "commands": []}
        )
        self.report["commands"].append(
            " ".join(
                [
                    "tests/bench/ann/run.py",
                    *(pathlib.Path(a).name if a.startswith("/") else a for a in sys.argv[1:]),
                ]
            )
        )
        self.report |= {
            "machine": model_name(),
            "cores": os.cpu_count(),
            "commit": commit,
            "date": time.strftime("%Y-%m-%d"),
        }

    def data(self, name):
        path = pathlib.Path(self.options.work).resolve() / name
        if not (path / "base.fbin").exists():
            say(f"making {name}")
            # Cells.cc makes its own filters.
            subprocess.run(
                [self.bin / "bench_data", *SETS[name][1], path, "unfiltered"], check=True
            )
        return path

    def program(self, *command):
        done = subprocess.run(
            [str(c) for c in command], stdout=subprocess.PIPE, check=True, text=True
        )
        return json.loads(done.stdout)

    def keep(self):
        self.report["load_average"] = os.getloadavg()[0]
        pathlib.Path(self.options.out).write_text(json.dumps(self.report, indent=1) + "\n")

    def search(self, name):
        metric, _, peers, filters = SETS[name]
        say(f"search: {name}")
        command = [
            self.bin / "bench_ann",
            self.data(name),
            metric,
            "--plugin",
            self.plugin,
            "--peers",
            self.options.peers or peers,
            "--rounds",
            self.options.rounds,
            "--targets",
            ".90,.95,.99" if name != "c128m" else ".95,.99",
            "--batch",
            "--curve",
        ]
        if name == "c128m":
            command += ["--threads", "2"]  # CPU time is compared, so this only shortens the run
        self.report["sets"][name] = self.program(*command, *(["--filters"] if filters else []))
        self.keep()

    def life(self, part, name, *rows):
        say(f"{part}: {name}")
        found = self.program(
            self.bin / "bench_life", self.data(name), SETS[name][0], part, self.plugin, *rows
        )
        self.report["life"].setdefault(part, {})[name] = found
        self.keep()

    def hostile(self):
        say(f"hostile: {self.options.label}")
        started = time.monotonic()
        kept = pathlib.Path(self.options.work).resolve() / "hostile"
        command = [
            self.bin / "bench_hostile",
            self.plugin,
            "--kept",
            kept,
            "--rows",
            self.options.rows,
        ]
        found = self.program(
            *command, *(["--shapes", self.options.shapes] if self.options.shapes else [])
        )
        out = pathlib.Path(self.options.out).parent / "hostile.json"
        report = json.loads(out.read_text()) if out.exists() else {}
        report |= {"machine": model_name(), "cores": os.cpu_count()}
        report[self.options.label] = found | {
            "date": self.report["date"],
            "commit": self.options.commit or self.report["commit"],
            "command": self.report["commands"][-1],
            "load_average": os.getloadavg()[0],
            "minutes": (time.monotonic() - started) / 60,
        }
        out.write_text(json.dumps(report, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", default=str(ROOT / "build/bench"))
    parser.add_argument("--work", default=str(ROOT / "build/bench/ann"))
    parser.add_argument("--sets", default="minilm,e1536,c128,c128m")
    parser.add_argument(
        "--parts",
        default="search,life,curve",
        help="also threads, memory, merge, writer: those of life alone; and hostile",
    )
    parser.add_argument("--peers", help="of hnswlib, faiss, faiss_sq8, usearch, usearch_i8")
    parser.add_argument("--rounds", default="7")
    parser.add_argument("--add", action="store_true", help="to what --out has already")
    parser.add_argument("--out", default=str(ROOT / "docs/benchmarks/ann.json"))
    parser.add_argument(
        "--plugin", help="an index_rhumb.so to measure in place of the one that is built"
    )
    parser.add_argument(
        "--label",
        default="now",
        choices=["before", "now"],
        help="of the part hostile: the side of the page's table",
    )
    parser.add_argument("--commit", help="of that plugin, where it is not of this tree")
    parser.add_argument("--shapes", help="of the part hostile (default: all)")
    parser.add_argument("--rows", default="20000", help="of each shape of the part hostile")
    options = parser.parse_args()
    started = time.monotonic()
    parts, sets = options.parts.split(","), options.sets.split(",")
    others = [p for p in parts if p != "hostile"]
    programs = (["bench_ann", "bench_life", "bench_data"] if others else []) + (
        ["bench_hostile"] if "hostile" in parts else []
    )
    build(pathlib.Path(options.build), bool(others), programs)
    runner = Runner(options)
    if "hostile" in parts:
        runner.hostile()
    if not others:
        return
    if "search" in parts:
        for name in sets:
            runner.search(name)
    for part, name in LIFE:
        if ("life" in parts or part in parts) and name in sets:
            runner.life(part, name)
    if "curve" in parts:
        runner.life("curve", "c128-2m")
    runner.report["minutes"] += (time.monotonic() - started) / 60
    runner.keep()


if __name__ == "__main__":
    main()
