#!/usr/bin/env python3
"""Makes docs/benchmarks/ann.md and its plots of what run.py measured: page.py ANN.json [DIRECTORY]."""
import json
import math
import pathlib
import sys

COLOURS = {"rhumb": "#d62728", "hnswlib": "#1f77b4", "faiss-HNSW16": "#2ca02c", "faiss-HNSW16_SQ8": "#98df8a", "usearch-f32": "#9467bd",
           "usearch-i8": "#c5b0d5"}
WIDTH, HEIGHT, LEFT, BOTTOM = 640, 400, 70, 45


def plot(curves, title):
    """Recall against queries a second, as SVG."""
    points = [(p["recall"], 1e6 / p["cpu_us"]) for c in curves.values() for p in c if p["recall"] >= 0.8]
    low, high = math.log10(min(q for _, q in points)), math.log10(max(q for _, q in points))
    x = lambda recall: LEFT + (WIDTH - LEFT - 20) * (recall - 0.8) / 0.2
    y = lambda qps: 20 + (HEIGHT - BOTTOM - 20) * (1 - (math.log10(qps) - low) / (high - low))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/><text x="{LEFT}" y="14">{title}: queries/s of one core (log) over recall@10</text>']
    for recall in (0.8, 0.85, 0.9, 0.95, 0.99, 1.0):
        out.append(f'<path d="M{x(recall):.0f} 20V{HEIGHT - BOTTOM}" stroke="#ddd"/><text x="{x(recall) - 10:.0f}" y="{HEIGHT - BOTTOM + 16}">{recall}</text>')
    for exponent in range(math.floor(low), math.ceil(high) + 1):
        for factor in (1, 2, 5):
            value = factor * 10 ** exponent
            if 10 ** low <= value <= 10 ** high:
                out.append(f'<path d="M{LEFT} {y(value):.0f}H{WIDTH - 20}" stroke="#ddd"/><text x="5" y="{y(value) + 4:.0f}">{value:,}</text>')
    for i, (name, curve) in enumerate(sorted(curves.items())):
        colour = COLOURS.get(name, "#333")
        line = " ".join(f'{x(p["recall"]):.1f},{y(1e6 / p["cpu_us"]):.1f}' for p in curve if p["recall"] >= 0.8)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
                   f'<text x="{LEFT + 10}" y="{HEIGHT - BOTTOM - 10 - 15 * i}" fill="{colour}">{name}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def search_table(results):
    targets = sorted(results)
    names = sorted({name for t in targets for name in results[t]}, key=lambda n: (n != "hnswlib", n))
    lines = ["| | " + " | ".join(f"recall {float(t):.2f}" for t in targets) + " |", "|---|" + "---|" * len(targets)]
    for name in names:
        cells = []
        for target in targets:
            row = results[target].get(name)
            if row is None or "cpu_us" not in row:
                cells.append("–" if row is None else f'at most {row["recall_max"]:.3f}')
            else:
                ratio = f', **x{row["ratio"]:.2f}**' if "ratio" in row else ""
                cells.append(f'{row["cpu_us"]:.1f} us (ef {row["ef"]}){ratio}')
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def main():
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    out = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).resolve().parents[3] / "docs/benchmarks")
    lines = ["# Index engines beside each other", "",
             "Made by `tests/bench/ann/page.py` of what `tests/bench/ann/run.py` measured. All engines in one process on one core; in each round every "
             "engine answers all queries, in turn, at the smallest breadth that reaches the recall, after a pass that is not timed. Times are CPU times "
             "of the thread per query, ratios to hnswlib are taken within a round, figures are medians over the rounds. Peers: M = 16, "
             "efConstruction = 200.", "",
             f'{report["machine"]}, {report["cores"]} cores; commit {report["commit"]}.']
    for name, found in report["sets"].items():
        lines += ["", f'## {name}: {found["rows"]:,} x {found["dim"]}, {found["metric"]}', "",
                  f'{found["queries"]:,} queries, k = {found["k"]}, {found["rounds"]} rounds; load average {found["load_average"][0]:.1f} at the end.', ""]
        if found["build"]:
            peer_s = found["build"].get("hnswlib", {}).get("cpu_s")
            lines += ["| build, one thread | CPU s | us a row | to hnswlib |", "|---|---|---|---|"]
            for peer, row in sorted(found["build"].items()):
                ratio = f'x{peer_s / row["cpu_s"]:.2f}' if peer_s else "–"
                lines.append(f'| {peer} | {row["cpu_s"]:.1f} | {row["us_per_row"]:.1f} | {ratio} |')
            lines.append("")
        lines += search_table(found["search"])
        if "filter" in found:
            lines += ["", "Filters that let so many per cent of the points pass at random, recall 0.95 (rhumb; hnswlib 0.6.2 has no filter):", "",
                      "| passes | rhumb |", "|---|---|"]
            lines += [f'| {percent} % | {rows["rhumb"]["cpu_us"]:.1f} us, recall {rows["rhumb"]["recall"]:.3f} |' for percent, rows in found["filter"].items()]
        if "curve" in found:
            (out / f"ann-{name}.svg").write_text(plot(found["curve"], name))
            lines += ["", f"![{name}](ann-{name}.svg)"]
    (out / "ann.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
