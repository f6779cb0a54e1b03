#!/usr/bin/env python3
"""Index engines beside each other, in one process, on one core.

  tests/bench/ann/run.py [--bin DIR] [--work DIR] [--sets c128,minilm,e1536,...] [--peers hnswlib,faiss,faiss_sq8,usearch] [--rounds N] [--out FILE]

Needs a Release build with the bench programs (RHUMB_TEST_FOLDERS=bench). With --usearch DIR (the folder `include` of its npm package) configure
with -DRHUMB_USEARCH_INCLUDE=DIR. Sets c128m (1M x 128) and e1536-50k take tens of minutes of building. Writes JSON; page.py makes the page of it.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
REAL = ROOT / "../shared/data/debian-minilm"
SETS = {  # name: (metric, arguments of bench_data)
    "c128": ("euclid", ["c128", "200000", "1000", "42"]),
    "minilm": ("cosine", ["f16", str(REAL / "vectors.f16"), str(REAL / "queries.f16"), "384"]),
    "e1536": ("cosine", ["e1536", "50000", "1000", "43"]),
    "c128-100k": ("euclid", ["c128", "100000", "1000", "42"]),
    "e1536-20k": ("cosine", ["e1536", "20000", "1000", "43"]),
    "c128m": ("euclid", ["c128", "1000000", "1000", "42"]),
}


def model_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--plugin", default="", help="index_rhumb.so; default: beside --bin")
    parser.add_argument("--work", default=str(ROOT / "build/bench/ann"))
    parser.add_argument("--sets", default="c128,minilm,e1536")
    parser.add_argument("--peers", default="hnswlib,faiss,faiss_sq8,usearch")
    parser.add_argument("--targets", default=".90,.95,.99")
    parser.add_argument("--percents", default="50,10,1")
    parser.add_argument("--rounds", default="7")
    parser.add_argument("--reuse", action="store_true", help="take indexes that a run before left")
    parser.add_argument("--out", default=str(ROOT / "build/bench/ann.json"))
    options = parser.parse_args()

    bin_dir = pathlib.Path(options.bin).resolve()
    plugin = options.plugin or str(bin_dir.parent / "lib/rhumb/plugins/index_rhumb.so")
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True).stdout.strip()
    report = {"machine": model_name(), "cores": os.cpu_count(), "kernel": platform.release(), "commit": commit, "command": " ".join(sys.argv), "sets": {}}
    for name in options.sets.split(","):
        metric, arguments = SETS[name]
        path = pathlib.Path(options.work).resolve() / name
        if not (path / "base.fbin").exists():
            subprocess.run([bin_dir / "bench_data", *arguments, path], check=True)
        print(name, file=sys.stderr)
        command = [bin_dir / "bench_ann", path, metric, "--plugin", plugin, "--peers", options.peers, "--rounds", options.rounds, "--targets",
                   options.targets, "--percents", options.percents, "--curve", *(["--reuse"] if options.reuse else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        report["sets"][name] = json.loads(done.stdout)
        report["sets"][name]["load_average"] = os.getloadavg()
        pathlib.Path(options.out).write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
