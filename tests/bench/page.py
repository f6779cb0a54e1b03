#!/usr/bin/env python3
"""Writes the tables of docs/benchmarks/server.md from the results of run.py:

    tests/bench/page.py [JSON] [PAGE]

It replaces only the part between the two marks. The text around the figures is written by hand.
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SIZES = {"c128": "100,000 x 128", "e1536": "20,000 x 1536", "minilm": "debian-minilm, 60,185 x 384"}


def table(head, rows):
    return (
        ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]
        + [""]
    )


def search(sets):
    rows = []
    for name, s in sets.items():
        r = s["search"]
        rows.append(
            (
                SIZES[name],
                f'{r["peer_cpu_us"]:.0f} (recall {r["peer_recall"]:.3f})',
                f'{r["server_cpu_us_16"]:.0f} (recall {r["recall"]:.3f})',
                f'**{r["cpu_ratio"]:.2f}**',
                f'{r["queries_per_s_16"]:,.0f}',
                f'{r["peer_p99_us"] / 1e3:.2f}',
                f'{r["p99_us_1"] / 1e3:.2f}',
            )
        )
    return table(
        (
            "set",
            "hnswlib in process, CPU us per query",
            "REST, 16 connections, server CPU us",
            "ratio",
            "queries/s",
            "hnswlib p99 ms",
            "REST p99 ms, 1 connection",
        ),
        rows,
    )


FORM_NAMES = {"text": "text", "wide": "text, doubles and blanks", "base64": "base64"}


def forms(sets):
    rows = []
    for name, s in sets.items():
        for at in s.get("forms", {}).values():
            for r in at["rest"]:
                rows.append(
                    (
                        SIZES[name],
                        f'{at["recall"]:.3f}',
                        f'{at["engine_cpu_us"]:.0f} (recall {at["engine_recall"]:.3f})',
                        FORM_NAMES[r["vectors"]],
                        r["batch"],
                        f'{r["server_cpu_us"]:.0f}',
                        f'**{r["of_engine"]:.2f}**',
                    )
                )
    return table(
        (
            "set",
            "recall",
            "our engine in process, CPU us per query",
            "vectors over REST",
            "queries per request",
            "server CPU us per query",
            "in process / REST",
        ),
        rows,
    )


def filters(sets):
    rows = []
    for name, s in sets.items():
        for percent, r in s.get("filter", {}).items():
            plan = (r["explain"] or [{}])[0]
            examined = plan.get("rows_examined", 0) / max(1, plan.get("passed", 1))
            rows.append(
                (
                    SIZES[name],
                    f"{percent} %",
                    f'{r["recall"]:.3f}',
                    int(r["fewer_than_k"]),
                    f'{r["of_unfiltered"]:.2f}',
                    plan.get("strategy"),
                    f"{examined:.2f}",
                )
            )
    return table(
        (
            "set",
            "passing",
            "recall",
            "answers with fewer than k",
            "queries/s against unfiltered",
            "strategy",
            "rows examined per matching row",
        ),
        rows,
    )


def ingest(sets):
    rows = []
    for name, s in sets.items():
        i, peer = s["ingest"], s["peer_build"]["points_per_s"]
        points = i["points_per_s"] * i["acknowledged_s"]
        rows.append(
            (
                SIZES[name],
                f"{peer:,.0f}",
                f'{i["points_per_s"]:,.0f} (**{i["points_per_s"] / peer:.1f}**)',
                f'{points / i["green_s"]:,.0f} (**{points / i["green_s"] / peer:.2f}**)',
                f'{i["resident_mb"]["VmRSS"]:.0f} MB / {i["vectors_and_graph_mb"]:.0f} MB',
            )
        )
    return table(
        (
            "set",
            "hnswlib, 2 threads, points/s",
            "acknowledged and fsynced points/s (ratio)",
            "points/s until green (ratio)",
            "resident / vectors and graph",
        ),
        rows,
    )


def scale(report):
    rows = []
    for r in report.get("restart_200k", {}).get("restart", []):
        rows.append(
            (
                f'200,000 x 128 after {r["after"]}',
                f'ready in {r["ready_s"]:.2f} s, first answer at {r["first_answer_s"]:.2f} s',
            )
        )
    if s := report.get("scale"):
        e = s["empty_collections"]
        rows.append(("an idle connection", f'{s["idle_connection_bytes"]:.0f} bytes'))
        rows.append(
            (
                f'one empty collection of {e["count"]:,}',
                f'{e["bytes_each"] / 1024:.1f} KB when made, '
                f'{e["bytes_each_after_start"] / 1024:.1f} KB after a start',
            )
        )
        rows.append((f'a start with {e["count"]:,} empty collections', f'{e["start_s"]:.1f} s'))
    return table(("what", "measured"), rows)


def main():
    source = pathlib.Path(
        sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs/benchmarks/server.json"
    )
    page = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "docs/benchmarks/server.md")
    report = json.loads(source.read_text())
    m = report["machine"]
    lines = [
        BEGIN,
        f'{m["cpu"]}, {m["cores"]} cores, {m["date"]}, load average {m["load_average"]:.1f} '
        f'at the start; index `{report["index"]}`,',
        f'{report["rounds"]} rounds of {report["seconds"]:g} s, peer and server take turns; '
        "k=10, recall@10 at least 0.95.",
        "",
    ]
    for part in (search, forms, filters, ingest):
        lines += part(report["sets"])
    lines += scale(report) + [END]
    text = page.read_text()
    page.write_text(
        text[: text.index(BEGIN)] + "\n".join(lines) + text[text.index(END) + len(END) :]
    )


if __name__ == "__main__":
    main()
