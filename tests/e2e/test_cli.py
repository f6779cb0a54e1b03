"""The command line rhumb, as a person types it and as a script reads its output."""
import json
import subprocess

from rhumbd import BIN, ROOT

DEMO = ROOT / "tests" / "data" / "demo"


def rhumb(*words, url=None, stdin=None):
    words = [str(BIN / "rhumb"), *words] + (["--url", url] if url else [])
    return subprocess.run(words, capture_output=True, text=True, timeout=120, input=stdin)


def test_help_and_wrong_usage():
    assert "Commands:" in rhumb("--help").stdout
    assert "Examples:" in rhumb("search", "--help").stdout
    for words, code in [
        ((), 2),
        (("serch",), 2),
        (("status", "--colour"), 2),
        (("search", "x"), 2),
        (("collections", "show"), 2),
        (("collections", "create", "x"), 2),
        (("snapshot", "create"), 2),
        (("snapshot", "prune", "x"), 2),
        (("snapshot", "fetch", "x"), 2),
        (("import",), 2),
        (("status", "-o", "xml"), 2),
    ]:
        done = rhumb(*words, url="http://127.0.0.1:9" if words and words[0] == "search" else None)
        assert done.returncode == code, (words, done.returncode, done.stderr)
    done = rhumb("status", url="http://127.0.0.1:9")
    assert done.returncode == 3 and "cannot reach" in done.stderr


def test_import_search_export(server, name, tmp_path):
    done = rhumb(
        "import",
        name,
        str(DEMO / "points.ndjson.zst"),
        "--vectors",
        str(DEMO / "vectors.f16"),
        "--create",
        "--size",
        "384",
        "--index",
        "section:keyword",
        url=server.url,
    )
    assert done.returncode == 0, done.stderr
    assert "10,000 points" in done.stderr
    status = json.loads(rhumb("status", "-o", "json", url=server.url).stdout)
    assert status["ready"] is True and status["points"] >= 10000
    table = rhumb(
        "search",
        name,
        "--like",
        "gimp",
        "--limit",
        "3",
        "--fields",
        "section,summary",
        url=server.url,
    ).stdout
    assert (
        table.splitlines()[0].split() == ["score", "id", "section", "summary"]
        and "3 points in" in table
        and "graphics" in table
    )
    by_file = rhumb(
        "search",
        name,
        "--vector",
        f"{DEMO}/questions.f16:1",
        "--filter",
        '{"must":[{"key":"section","match":{"value":"games"}}]}',
        "--limit",
        "5",
        "-o",
        "json",
        url=server.url,
    )
    points = json.loads(by_file.stdout)["result"]["points"]
    assert len(points) == 5 and all(p["payload"]["section"] == "games" for p in points)
    assert "chess" in json.dumps(points)
    out = tmp_path / "all.ndjson"
    done = rhumb("export", name, str(out), url=server.url)
    assert done.returncode == 0 and len(out.read_text().splitlines()) == 10000, done.stderr
    again = rhumb("import", name + "_again", str(out), "--create", "--size", "384", url=server.url)
    assert again.returncode == 0, again.stderr
    assert rhumb("search", "none", "--like", "1", url=server.url).returncode == 4
    listed = rhumb("collections", url=server.url).stdout
    assert name in listed and "384 Cosine" in listed
    for n in (name, name + "_again"):
        assert rhumb("collections", "drop", n, url=server.url).returncode == 0
    assert rhumb("collections", "drop", name, url=server.url).returncode == 4


def test_an_import_names_the_members_that_it_ignored(server, name, tmp_path):
    lines = tmp_path / "points.ndjson"
    lines.write_text(
        "".join(
            json.dumps({"id": i, "vector": [1, i], "payloads" if i > 2 else "payload": {"n": i}})
            + "\n"
            for i in range(1, 5)
        )
    )
    done = rhumb("import", name, str(lines), "--create", "--size", "2", url=server.url)
    assert (
        done.returncode == 0
        and "Unknown member 'payloads' of line 3 was ignored; 1 more object has it" in done.stderr
    ), done.stderr
    # Each line already has its vector.
    both = rhumb("import", name, str(lines), "--vectors", str(DEMO / "vectors.f16"), url=server.url)
    assert (
        both.returncode != 0 and "`vector_b64` and `vector` do not go together" in both.stderr
    ), both.stderr
    assert rhumb("collections", "drop", name, url=server.url).returncode == 0
