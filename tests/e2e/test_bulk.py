"""Import and export as NDJSON and binary streams. An error names the number of the invalid line."""
import json

import numpy as np

import demo


def lines(n):
    return "".join(
        json.dumps({**demo.points()[i], "vector": demo.vectors()[i].tolist()}) + "\n"
        for i in range(n)
    )


def make(server, name):
    server.ok(
        "PUT",
        f"/collections/{name}",
        {"vectors": {"size": demo.DIM, "distance": "Cosine"}, "shard_number": 2},
    )


def hashes(server, name):
    return sorted(
        s["content_hash"] for s in server.ok("GET", f"/collections/{name}/verify")["shards"]
    )


def test_round_trip_in_both_formats(server, name):
    make(server, name)
    status, reply, _ = server.request(
        "POST", f"/collections/{name}/import", lines(1500), {"Content-Type": "application/x-ndjson"}
    )
    assert status == 200 and reply["result"]["points"] == 1500, reply
    assert server.ok("POST", f"/collections/{name}/points/count", {})["count"] == 1500
    for form in ("ndjson", "binary"):
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", f"/collections/{name}/export?format={form}")
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 200
        if form == "ndjson":
            exported = [json.loads(line) for line in body.decode().splitlines()]
            assert len(exported) == 1500 and {p["id"] for p in exported} == {
                p["id"] for p in demo.points()[:1500]
            }
        copy = f"{name}_{form}"
        make(server, copy)
        kind = reply.headers["Content-Type"]
        status, answer, _ = server.request(
            "POST", f"/collections/{copy}/import", body, {"Content-Type": kind}
        )
        assert status == 200 and answer["result"]["points"] == 1500, answer
        one = (
            server.ok("GET", f"/collections/{copy}/points/gimp")
            if any(p["id"] == "gimp" for p in demo.points()[:1500])
            else None
        )
        assert one is None or one["payload"]["package"] == "gimp"
        # Bit for bit, because vectors travel as they are stored (and a unit vector stays
        # unchanged).
        if form == "binary":
            a = server.ok(
                "POST",
                f"/collections/{name}/points",
                {"ids": [demo.points()[7]["id"]], "with_vector": True},
            )[0]
            b = server.ok(
                "POST",
                f"/collections/{copy}/points",
                {"ids": [demo.points()[7]["id"]], "with_vector": True},
            )[0]
            assert np.allclose(a["vector"], b["vector"], atol=1e-6)
        server.ok("DELETE", f"/collections/{copy}")
    server.ok("DELETE", f"/collections/{name}")


def test_a_bad_line_is_named(server, name):
    make(server, name)
    body = lines(700) + '{"id": 5, "vector": [1, 2]}\n' + lines(10)
    status, reply, _ = server.request(
        "POST", f"/collections/{name}/import", body, {"Content-Type": "application/x-ndjson"}
    )
    assert (
        status == 400
        and "line 701" in reply["status"]["error"]
        and "expected dim: 384, got 2" in reply["status"]["error"]
    ), reply
    assert "700 points were imported before" in reply["status"]["error"]
    assert server.ok("POST", f"/collections/{name}/points/count", {})["count"] == 700
    status, reply, _ = server.request(
        "POST",
        f"/collections/{name}/import",
        b"RHPOINTSxxxx",
        {"Content-Type": "application/x-rhumb-points"},
    )
    assert status == 400 and "application/x-rhumb-points" in reply["status"]["error"]
    assert (
        server.request(
            "POST", "/collections/none/import", lines(1), {"Content-Type": "application/x-ndjson"}
        )[0]
        == 404
    )
    server.ok("DELETE", f"/collections/{name}")


def test_graph_and_payload_index_serve_filtered_search(server, name):
    """10,000 programs: the graph is built. explain shows that the payload index is used, and that
    at most twice the matching points are examined."""
    make(server, name)
    server.ok(
        "PUT",
        f"/collections/{name}/index?wait=true",
        {"field_name": "section", "field_schema": "keyword"},
    )
    status, reply, _ = server.request(
        "POST",
        f"/collections/{name}/import",
        lines(10000),
        {"Content-Type": "application/x-ndjson"},
    )
    assert status == 200, reply
    games = [i for i in range(10000) if demo.points()[i]["payload"]["section"] == "games"]
    body = {
        "query": demo.questions()[1][1].tolist(),
        "limit": 10,
        "params": {"explain": True},
        "filter": {"must": [{"key": "section", "match": {"value": "games"}}]},
    }
    status, reply, _ = server.request("POST", f"/collections/{name}/points/query", body)
    assert status == 200
    plan = reply["explain"]
    assert all(p["index"] == "section" for p in plan) and sum(p["passed"] for p in plan) == len(
        games
    )
    assert sum(p["rows_examined"] for p in plan) <= 2 * len(games)
    keep = np.zeros(10000, bool)
    keep[games] = True
    wanted = {
        demo.points()[i]["id"] for i in demo.exact(demo.questions()[1][1], demo.vectors(), 10, keep)
    }
    assert len(wanted & {h["id"] for h in reply["result"]["points"]}) >= 9
    found = total = 0
    for question in demo.questions()[1]:
        hits = server.ok(
            "POST",
            f"/collections/{name}/points/query",
            {"query": question.tolist(), "limit": 10, "params": {"hnsw_ef": 128}},
        )["points"]
        found += len(
            {h["id"] for h in hits}
            & {demo.points()[i]["id"] for i in demo.exact(question, demo.vectors(), 10)}
        )
        total += 10
    assert found / total >= 0.95, f"recall@10 {found / total:.3f}"
    server.ok("DELETE", f"/collections/{name}")
