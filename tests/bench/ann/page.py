#!/usr/bin/env python3
"""Writes the tables and plots of docs/benchmarks/ann.md from the results of run.py: page.py
[ANN.json]. It also writes the tables of hostile.md (hostile_page.py). The text around the tables is
written by hand."""
import json
import math
import pathlib
import sys

import hostile_page

COLOURS = {
    "rhumb": "#d62728",
    "hnswlib": "#1f77b4",
    "faiss-HNSW16": "#2ca02c",
    "faiss-HNSW16_SQ8": "#98df8a",
    "usearch-f32": "#9467bd",
    "usearch-i8": "#c5b0d5",
}
WIDTH, HEIGHT, LEFT, BOTTOM = 640, 400, 70, 45


def plot(curves, title):
    """Recall against queries per second, as SVG."""
    points = [
        (p["recall"], 1e6 / p["cpu_us"]) for c in curves.values() for p in c if p["recall"] >= 0.8
    ]
    low, high = math.log10(min(q for _, q in points)), math.log10(max(q for _, q in points))
    x = lambda recall: LEFT + (WIDTH - LEFT - 20) * (recall - 0.8) / 0.2
    y = lambda qps: 20 + (HEIGHT - BOTTOM - 20) * (1 - (math.log10(qps) - low) / (high - low))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/><text x="{LEFT}" y="14">{title}: '
        "queries/s of one core (log) over recall@10</text>",
    ]
    for recall in (0.8, 0.85, 0.9, 0.95, 0.99, 1.0):
        out.append(
            f'<path d="M{x(recall):.0f} 20V{HEIGHT - BOTTOM}" stroke="#ddd"/><text '
            f'x="{x(recall) - (24 if recall == 0.99 else 4):.0f}" '
            f'y="{HEIGHT - BOTTOM + 16}">{recall}</text>'
        )
    for exponent in range(math.floor(low), math.ceil(high) + 1):
        for factor in (1, 2, 5):
            value = factor * 10**exponent
            if 10**low <= value <= 10**high:
                out.append(
                    f'<path d="M{LEFT} {y(value):.0f}H{WIDTH - 20}" stroke="#ddd"/><text x="5" '
                    f'y="{y(value) + 4:.0f}">{value:,}</text>'
                )
    for i, (name, curve) in enumerate(sorted(curves.items())):
        colour = COLOURS.get(name, "#333")
        line = " ".join(
            f'{x(p["recall"]):.1f},{y(1e6 / p["cpu_us"]):.1f}' for p in curve if p["recall"] >= 0.8
        )
        out.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{LEFT + 10}" y="{HEIGHT - BOTTOM - 10 - 15 * i}" '
            f'fill="{colour}">{name}</text>'
        )
    return "\n".join(out + ["</svg>"]) + "\n"


def search_table(results):
    targets = sorted(results)
    names = sorted(
        {name for t in targets for name in results[t]}, key=lambda n: (n != "hnswlib", n)
    )
    lines = [
        "| | " + " | ".join(f"recall {float(t):.2f}" for t in targets) + " |",
        "|---|" + "---|" * len(targets),
    ]
    for name in names:
        cells = []
        for target in targets:
            row = results[target].get(name)
            if row is None or "cpu_us" not in row:
                cells.append("–" if row is None else f'at most {row["recall_max"]:.3f}')
            else:
                ratio = f', **x{row["ratio"]:.2f}**' if "ratio" in row else ""
                wall = f' ({row["wall_us"]:.1f} wall)' if "wall_us" in row else ""
                cells.append(f'{row["cpu_us"]:.1f} us{wall}, ef {row["ef"]}{ratio}')
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def build_table(found):
    peer_s = found["build"].get("hnswlib", {}).get("cpu_s")
    lines = ["| build | threads | CPU s | us per row | hnswlib / this |", "|---|---|---|---|---|"]
    for peer, row in sorted(found["build"].items()):
        ratio = f'x{peer_s / row["cpu_s"]:.2f}' if peer_s else "–"
        lines.append(
            f'| {peer} | {row["threads"]} | {row["cpu_s"]:.1f} | {row["us_per_row"]:.1f} | '
            f"{ratio} |"
        )
    return lines + [""]


def batch_line(found):
    cells = []
    for target, row in sorted(found.get("batch", {}).items()):
        cells.append(
            f'{float(target):.2f}: {row["rhumb"]["cpu_us"]:.1f} us per query, '
            f'x{row["rhumb"]["ratio"]:.2f}'
        )
    return ["", "All queries in one call (rhumb): " + "; ".join(cells) + "."] if cells else []


def filter_table(cells):
    """CPU us per query at recall 0.95, against the better of hnswlib and a float scan of the rows
    that pass. hnswlib has no filters, so rows that fail are marked as deleted."""
    lines = [
        "",
        "Filters at a recall of at least 0.95, in CPU us per query. "
        "*with*: whole clusters pass, and the",
        "query's cluster is among them. *against*: the query's cluster does not pass. "
        "hnswlib 0.6.2 has no",
        "filters, so rows that fail are marked as deleted; "
        "it walks through those in the same way. *scan*:",
        "compares the floats of all rows that pass.",
        "",
        "| filter | queries | hnswlib | scan | rhumb | recall | better of both / rhumb |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in cells.items():
        ours, scan = row["rhumb"], row["scan"]["cpu_us"]
        peer = row["hnswlib"].get("cpu_us", math.inf)
        lines.append(
            f'| {name} | {row["queries"]} | {peer:.0f} | {scan:.0f} | {ours["cpu_us"]:.0f} | '
            f'{ours["recall"]:.3f} | **x{min(scan, peer) / ours["cpu_us"]:.2f}** |'
        )
    return lines


def verdict_row(text, must, goal, values, form="x{:.2f}", least=True):
    worst = min(values) if least else max(values)
    met = lambda bound: worst >= bound if least else worst <= bound
    verdict = "goal" if met(goal) else "must" if met(must) else "**missed**"
    return (
        f"| {text} | {form.format(must)} | {form.format(goal)} | "
        f'{", ".join(form.format(v) for v in values)} | {verdict} |'
    )


def search_rows(row, sets):
    def ours(name, target, part="search"):
        found = sets.get(name, {}).get(part, {}).get(target, {})
        return found.get("rhumb", {}).get("ratio")

    row("queries/s, 128-d 1M, recall 0.95", 3.0, 4, [ours("c128m", "0.950")])
    row("the same, all queries in one call", 3.0, 5, [ours("c128m", "0.950", "batch")])
    for target, must, goal in (("0.950", 3.2, 5), ("0.990", 3.5, 6)):
        row(f"queries/s, 384-d real, recall {target[0:4]}", must, goal, [ours("minilm", target)])
    for target, must, goal in (("0.950", 6, 8), ("0.990", 7, 10)):
        row(f"queries/s, 1536-d, recall {target[0:4]}", must, goal, [ours("e1536", target)])
    row(
        "queries/s against the best other engine, for every set and recall",
        1.5,
        2,
        [
            min(p["cpu_us"] for n, p in found.items() if n != "rhumb" and "cpu_us" in p)
            / found["rhumb"]["cpu_us"]
            for s in sets.values()
            for found in s["search"].values()
            if len(found) > 1
        ],
    )


def build_rows(row, sets, life):
    def built(name):
        build = sets.get(name, {}).get("build", {})
        if "hnswlib" in build and "rhumb" in build:
            return build["hnswlib"]["cpu_s"] / build["rhumb"]["cpu_s"]
        return None

    for name, text, must, goal in (
        ("c128", "128-d", 3, 5),
        ("c128m", "128-d 1M", 3, 5),
        ("minilm", "384-d real", 3.5, 6),
        ("e1536", "1536-d", 7, 10),
    ):
        row(
            f"build, {'CPU time of two threads' if name == 'c128m' else 'one thread'}, {text}",
            must,
            goal,
            [built(name)],
        )
    row(
        "two threads against one: build, insert and search of each set",
        1.9,
        1.95,
        [
            r[part]
            for r in life.get("threads", {}).values()
            for part in ("build", "insert", "search")
        ],
    )


def memory_rows(row, life):
    def memory(name):
        found = life.get("memory", {}).get(name)
        return found["hnswlib_bytes_per_vector"] / found["bytes_per_vector"] if found else None

    row(
        "resident bytes per vector, 128-d, as a part of hnswlib's",
        2.9,
        3,
        [memory("c128")],
        "1/{:.3f}",
    )
    row("the same, for a million rows", 2.9, 3, [memory("c128m")], "1/{:.3f}")
    row("resident bytes per vector, 1536-d", 3, 12, [memory("e1536")], "1/{:.2f}")


def filter_rows(row, sets):
    cells = [
        (
            min(c["scan"]["cpu_us"], c["hnswlib"].get("cpu_us", math.inf)) / c["rhumb"]["cpu_us"],
            c["rhumb"]["recall"],
        )
        for s in sets.values()
        for c in s.get("filter", {}).values()
    ]
    if cells:
        row(
            "filters against the better of hnswlib and a scan, "
            f"worst of {len(cells)} cells (recall >= {min(r for _, r in cells):.3f})",
            1,
            3,
            [min(c for c, _ in cells)],
        )


def life_rows(row, life):
    merges = life.get("merge", {}).values()
    row(
        "a tenth merged into nine tenths, against a build",
        4,
        8,
        [r["tenth"]["ratio"] for r in merges],
    )
    row(
        "recall lost in ten turnovers by merges, points",
        0.5,
        0.5,
        [100 * (r["turnover"]["recall_fresh"] - r["turnover"]["recall_after"]) for r in merges],
        "{:.2f}",
        least=False,
    )
    row(
        "unreachable points after that",
        0,
        0,
        [r["turnover"]["unreachable"] for r in merges],
        "{}",
        least=False,
    )
    row(
        "queries/s while another core inserts, of idle",
        80,
        90,
        [100 * r["ratio"] for r in life.get("writer", {}).values()],
        "{:.0f} %",
    )
    opened = life.get("memory", {}).get("c128m")
    row(
        "time from opening a saved 1M x 128 index to its first answer, ms",
        200,
        50,
        [opened and opened["open_ms"] + opened["first_answer_ms"]],
        "{:.0f}",
        least=False,
    )


def asked_table(report):
    """The requirements (must, goal) and the results of this run. Where a line covers several cases,
    the worst one counts."""
    sets, life, rows = report["sets"], report.get("life", {}), []

    def row(text, must, goal, values, *more, **named):
        values = [v for v in values if v is not None]
        if values:
            rows.append(verdict_row(text, must, goal, values, *more, **named))

    search_rows(row, sets)
    build_rows(row, sets, life)
    memory_rows(row, life)
    filter_rows(row, sets)
    life_rows(row, life)
    return [
        "",
        "## Requirements and results",
        "",
        "Ratios are to hnswlib (M = 16, efConstruction = 200) unless a line says otherwise. "
        "The worst figure",
        "of a line decides its verdict.",
        "",
        "| | must | goal | measured | reached |",
        "|---|---|---|---|---|",
    ] + rows


def life_tables(life):
    lines = ["", "## Threads, memory, merges and growth", ""]
    if "threads" in life:
        lines += ["| two threads against one | build | insert | search |", "|---|---|---|---|"]
        lines += [
            f'| {name} ({r["rows"]:,} rows) | x{r["build"]:.2f} | x{r["insert"]:.2f} | '
            f'x{r["search"]:.2f} |'
            for name, r in life["threads"].items()
        ] + [""]
    if "memory" in life:
        lines += [
            "| opened from its file | bytes per vector | hnswlib | ratio | open | first answer |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f'| {name} ({r["rows"]:,} rows) | {r["bytes_per_vector"]:.0f} | '
            f'{r["hnswlib_bytes_per_vector"]:.0f} | 1/'
            f'{r["hnswlib_bytes_per_vector"] / r["bytes_per_vector"]:.2f} '
            f'| {r["open_ms"]:.1f} ms | {r["first_answer_ms"]:.2f} ms |'
            for name, r in life["memory"].items()
        ]
        lines += [
            "",
            "The host keeps the vectors in files, so they are not counted for our engine; "
            "hnswlib keeps them in",
            "memory.",
            "",
        ]
    if "merge" in life:
        lines += [
            "| | a tenth into nine tenths, CPU s | build of all | ratio | recall merged / fresh | "
            "after 10 turnovers / fresh | unreachable points | "
            "rows that do not find themselves at breadth 1,024, after / fresh |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for name, r in life["merge"].items():
            t, u = r["tenth"], r["turnover"]
            lines.append(
                f'| {name} | {t["merge_cpu_s"]:.2f} | {t["build_cpu_s"]:.2f} | '
                f'**x{t["ratio"]:.1f}** | {t["recall_merged"]:.4f} / {t["recall_fresh"]:.4f} '
                f'| {u["recall_after"]:.4f} / {u["recall_fresh"]:.4f} ({u["rows"]:,} rows) | '
                f'{u["unreachable"]} | {u["rows_not_found"]} / {u["rows_not_found_fresh"]} |'
            )
        lines.append("")
    if "writer" in life:
        lines += ["| | queries/s idle | while another core inserts | ratio |", "|---|---|---|---|"]
        lines += [
            f'| {name} | {r["idle_per_s"]:,.0f} | {r["with_writer_per_s"]:,.0f} | '
            f'{100 * r["ratio"]:.0f} % |'
            for name, r in life["writer"].items()
        ] + [""]
    for name, r in life.get("curve", {}).items():
        lines += [
            f"Scaling, {name} and its prefixes, recall 0.95: "
            f'time = {r["us_at_1"]:.1f} + {r["us_per_doubling"]:.2f} log2(rows) us, '
            f'R² = {r["r_squared"]:.3f}.',
            "",
            "| rows | " + " | ".join(f'{p["rows"]:,}' for p in r["points"]) + " |",
            "|---|" + "---|" * len(r["points"]),
            "| us per query | " + " | ".join(f'{p["cpu_us"]:.1f}' for p in r["points"]) + " |",
            "| ef | " + " | ".join(str(p["ef"]) for p in r["points"]) + " |",
            "",
        ]
    return lines


BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main():
    root = pathlib.Path(__file__).resolve().parents[3] / "docs/benchmarks"
    report = json.loads(
        pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else root / "ann.json").read_text()
    )
    lines = [
        BEGIN,
        f'{report["machine"]}, {report["cores"]} cores; {report["date"]}, '
        f'commit {report["commit"]}; '
        f'load average {report["load_average"]:.1f} at the end, '
        f'{report.get("minutes", 0):.0f} minutes. Measured by:',
        "",
    ] + [f"- `{c}`" for c in report["commands"]]
    lines += asked_table(report)
    for name, found in report["sets"].items():
        lines += [
            "",
            f'## {name}: {found["rows"]:,} x {found["dim"]}, {found["metric"]}',
            "",
            f'{found["queries"]:,} queries, k = {found["k"]}, {found["rounds"]} rounds.',
            "",
        ]
        lines += build_table(found) + search_table(found["search"]) + batch_line(found)
        if "filter" in found:
            lines += filter_table(found["filter"])
        if "curve" in found:
            (root / f"ann-{name}.svg").write_text(plot(found["curve"], name))
            lines += ["", f"![{name}](ann-{name}.svg)"]
    if report.get("life"):
        lines += life_tables(report["life"])
    if (root / "hostile.json").exists():
        hostile_page.main()
    page = root / "ann.md"
    text = page.read_text()
    page.write_text(
        text[: text.index(BEGIN)] + "\n".join(lines + [END]) + text[text.index(END) + len(END) :]
    )


if __name__ == "__main__":
    main()
