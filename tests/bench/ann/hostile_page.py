#!/usr/bin/env python3
"""Writes the tables of docs/benchmarks/hostile.md from the results of `run.py --parts hostile`. The
text around them is written by hand."""
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3] / "docs/benchmarks"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
BARS = {
    "equal_ef": "recall at equal ef",
    "default": "recall at defaults",
    "query": "CPU per query",
    "build": "CPU of the build",
}
WAYS = {"build": "built", "insert": "inserted"}


def three(at):
    return " / ".join(f"{at[ef]:.3f}" for ef in ("40", "100", "200"))


def cell(text, holds):
    return text if holds else f"**{text}**"


def row(name, shape, way):
    found, holds = shape[way], shape[way]["holds"]
    query = "not reached" if found["query_ratio"] is None else f'x{found["query_ratio"]:.2f}'
    stats = found["stats"]
    measured = stats.get("measured", {}).get("recall")
    said = [
        str(stats.get("codes", "")),
        "" if measured is None else f"{measured:.3f}",
        stats.get("why", ""),
    ]
    return (
        f'| {name} | {WAYS[way]} | {three(shape["hnswlib"]["at"])}'
        f'{"*" if shape["hnswlib"].get("shuffled") else ""} | '
        f'{cell(three(found["at"]), holds["equal_ef"])} '
        f'| {cell("{:.3f}".format(found["default"]["recall"]), holds["default"])} | '
        f'{found["default"]["compared"]:,.0f} '
        f'| {cell(query, holds["query"])} | '
        f'{cell("x{:.2f}".format(found["build_ratio"]), holds["build"])} | {found["renewals"]} | '
        f'{" | ".join(said)} |'
    )


def verdict(run):
    kept = {
        bar: sum(shape[way]["holds"][bar] for shape in run["shapes"].values() for way in WAYS)
        for bar in BARS
    }
    return kept, len(run["shapes"]) * len(WAYS)


def table(run):
    lines = [
        "| | rows | hnswlib, ef 40 / 100 / 200 | index_rhumb, the same ef | at defaults | "
        "compared | CPU per query / hnswlib's | CPU of the build / hnswlib's "
        "| renewals | codes | measured | why |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in run["order"]:
        lines += [row(name, run["shapes"][name], way) for way in WAYS]
    return lines


def page(report):
    runs = {label: report[label] for label in ("before", "now") if label in report}
    lines = [f'{report["machine"]}, {report["cores"]} cores. Measured by:', ""]
    lines += [
        f'- {label}: `{run["command"]}`; {run["date"]}, commit {run["commit"]}, '
        f'load average {run["load_average"]:.1f}, {run["minutes"]:.0f} minutes'
        for label, run in runs.items()
    ]
    some = next(iter(runs.values()))
    lines += [
        "",
        f'{some["rows"]:,} rows and {some["queries"]} queries per shape. '
        "The table shows how often each bar holds:",
        "",
        "| bar | " + " | ".join(runs) + " |",
        "|---|" + "---|" * len(runs),
    ]
    bounds = {
        "equal_ef": f'never more than {some["bars"]["equal_ef"]} below hnswlib\'s',
        "default": f'at least {some["bars"]["default"]}',
        "query": f'at most {some["bars"]["query"]:.0f} times hnswlib\'s at equal recall',
        "build": f'at most {some["bars"]["build"]:.0f} times hnswlib\'s',
    }
    for bar, text in BARS.items():
        cells = [f"{verdict(run)[0][bar]} of {verdict(run)[1]}" for run in runs.values()]
        lines.append(f"| {text}: {bounds[bar]} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "The shapes:",
        "",
        "| | rows | distance | dimensions | seed |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f'| {name} | {s["what"]} | {s["metric"]} | {s["dim"]} | {s["seed"]} |'
        for name, s in ((n, some["shapes"][n]) for n in some["order"])
    ]
    for label, run in reversed(runs.items()):
        lines += (
            ["", f"## {label.capitalize()}", "", "A figure that breaks its bar is bold."]
            + [""]
            + table(run)
        )
    return lines


def main():
    report = json.loads((ROOT / "hostile.json").read_text())
    path = ROOT / "hostile.md"
    text = path.read_text()
    path.write_text(
        text[: text.index(BEGIN)]
        + "\n".join([BEGIN] + page(report) + [END])
        + text[text.index(END) + len(END) :]
    )


if __name__ == "__main__":
    main()
