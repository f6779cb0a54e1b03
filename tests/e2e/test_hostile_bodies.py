"""JSON made to explode and queries made to take all memory are answered at once and clearly, and
the server goes on."""
import json

from attack import ask


def body_with_payload(payload):
    return '{"points":[{"id":5,"vector":[1,2,3,4],"payload":' + payload + "}]}"


def json_bombs():
    """Bodies, and the words of their refusal."""
    million_keys = "{" + ",".join(f'"k{i}":1' for i in range(1_000_000)) + "}"
    refused = [
        ("[" * 5_000_000, ["JSON"]),
        ('{"a":' * 1_000_000, ["JSON"]),
        ('{"points":' + "[" * 129 + "]" * 129 + "}", ["128"]),
        (body_with_payload('{"a":' * 127 + "1" + "}" * 127), ["128"]),
        (body_with_payload(million_keys), ["points[0].payload", "4194304"]),
        (body_with_payload('{"n":' + "1" * 1_000_000 + "}"), ["JSON"]),
        (body_with_payload('{"n":1e' + "9" * 1_000_000 + "}"), ["JSON"]),
        (body_with_payload('{"s":"' + "x" * 20_000_000 + '"}'), ["points[0].payload", "4194304"]),
        (
            body_with_payload('{"s":"' + "\\u0001" * 1_000_000 + '"}'),
            ["points[0].payload", "4194304"],
        ),
        (body_with_payload('{"s":"\\ud800"}'), ["JSON"]),
        (body_with_payload('{"s":"\\udc00\\ud800"}'), ["JSON"]),
        (body_with_payload('{"s":"\\x41"}'), ["JSON"]),
        (body_with_payload('{"s":"\\u12"}'), ["JSON"]),
        (body_with_payload('{"s":"a\nb"}'), ["JSON"]),
        (body_with_payload('{"s":"\0"}'), ["JSON"]),
        (body_with_payload('{"s":1,}'), ["JSON"]),
        (body_with_payload('{"s":1}}'), ["JSON"]),
        (body_with_payload("{'s':1}"), ["JSON"]),
        (body_with_payload('{"s":1 /* c */}'), ["JSON"]),
        (body_with_payload("{}") + "x", ["JSON"]),
        (body_with_payload("{}") + body_with_payload("{}"), ["JSON"]),
        ("\ufeff" * 2 + body_with_payload("{}"), ["JSON"]),
    ]
    for bad in (
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe\xff",
    ):
        refused.append((body_with_payload('{"s":"@"}').encode().replace(b"@", bad), ["JSON"]))
        refused.append((body_with_payload('{"@":1}').encode().replace(b"@", bad), ["JSON"]))
    return refused


def test_json_bombs(hostile):
    p = "/collections/dot/points"
    for body, words in json_bombs():
        raw = body.encode() if isinstance(body, str) else body
        ask(hostile, "PUT", p, raw, words)
        ask(hostile, "POST", p + "/batch", raw)
        if words == ["JSON"]:  # otherwise it is valid JSON, and a query ignores unknown members
            ask(hostile, "POST", p + "/query", raw)
            ask(hostile, "POST", p + "/scroll", raw)
    ask(hostile, "PUT", "/collections/never", "[" * 1_000_000)
    ask(hostile, "PUT", "/collections/never", '{"a":' * 200_000)
    ask(
        hostile,
        "PUT",
        "/collections/never",
        '{"vectors":{"size":4,"distance":"Dot"},"metadata":'
        + '{"a":' * 200
        + "1"
        + "}" * 200
        + "}",
    )
    ask(hostile, "PATCH", "/collections/dot", '{"metadata":' + "[" * 100_000)
    ask(hostile, "POST", "/collections/aliases", '{"actions":' + "[" * 100_000)
    assert hostile.ok("POST", p + "/count", {})["count"] == 1


def test_large_valid_json_is_accepted(hostile):
    p = "/collections/dot/points"
    ask(
        hostile,
        "PUT",
        p + "?wait=true",
        body_with_payload("{" + '"a":1,' * 1_000_000 + '"a":2}'),
        codes=[200],
    )
    assert hostile.ok("GET", p + "/5")["payload"] == {"a": 2}
    ask(
        hostile,
        "PUT",
        p + "?wait=true",
        body_with_payload('{"a":' * 120 + "1" + "}" * 120),
        codes=[200],
    )
    ask(
        hostile,
        "PUT",
        p + "?wait=true",
        body_with_payload(
            '{"s":"a\\u0000b","\\u0000":"\\ud83d\\ude00","f":0.' + "0" * 100_000 + "1}"
        ),
        codes=[200],
    )
    got = hostile.ok("GET", p + "/5")["payload"]
    assert got["s"] == "a\0b" and got["\0"] == "\U0001f600"
    for value, count in (("a\0b", 1), ("a", 0)):
        same = {"must": [{"key": "s", "match": {"value": value}}]}
        assert hostile.ok("POST", p + "/count", {"filter": same})["count"] == count
    hostile.ok("POST", p + "/delete?wait=true", {"points": [5]})


ONE = '{"key":"n","match":{"value":1}}'  # a condition


def query_bombs():
    """Paths, bodies, and the words of their refusal."""
    nested = '{"must":[' * 10_000 + ONE + "]}" * 10_000
    wide = '{"must":[' + ",".join(['{"should":[' + ONE + "]}"] * 10_000) + "]}"
    ids = ",".join(map(str, range(100_000)))
    return [
        (
            "/query",
            '{"query":[1,2,3,4],"params":{"hnsw_ef":1000000000}}',
            ["params.hnsw_ef", "1000000000", "65536"],
        ),
        ("/count", f'{{"filter":{nested}}}', ["128"]),
        ("/query", f'{{"query":[1,2,3,4],"filter":{nested}}}', ["128"]),
        ("/delete", f'{{"filter":{nested}}}', ["128"]),
        ("/count", f'{{"filter":{wide}}}', ["4096"]),
        (
            "/count",
            f'{{"filter":{{"must":[{{"has_id":[{ids}]}}]}}}}',
            ["has_id", "100000", "65536"],
        ),
        (
            "/count",
            f'{{"filter":{{"must":[{{"key":"n","match":{{"any":[{ids}]}}}}]}}}}',
            ["match.any", "100000", "65536"],
        ),
        (
            "/count",
            f'{{"filter":{{"must":[{{"key":"n","match":{{"except":[{ids}]}}}}]}}}}',
            ["match.except", "100000", "65536"],
        ),
        ("", f'{{"ids":[{ids}]}}', ["ids", "100000", "65536"]),
        ("/delete", f'{{"points":[{ids}]}}', ["points", "100000", "65536"]),
        (
            "/query/batch",
            '{"searches":[' + ",".join(['{"query":[1,2,3,4]}'] * 5000) + "]}",
            ["searches", "5000", "1024"],
        ),
        (
            "/batch",
            '{"operations":[' + ",".join(['{"delete":{"points":[9]}}'] * 5000) + "]}",
            ["operations", "5000", "1024"],
        ),
        (
            "/count",
            '{"filter":{"must":[{"key":"' + "a." * 300 + 'b","match":{"value":1}}]}}',
            ["filter.must[0].key", "512"],
        ),
        (
            "/count",
            '{"filter":{"must":[{"key":"' + "a[0]" * 100 + '","match":{"value":1}}]}}',
            ["filter.must[0].key"],
        ),
        ("/payload/delete", '{"points":[1],"keys":["' + "[" * 500 + '"]}', ["keys[0]"]),
    ]


def test_query_bombs(hostile):
    p = "/collections/dot/points"
    for path, body, words in query_bombs():
        ask(hostile, "POST", p + path, body, words)
    # A limit above the number of points returns all of them, and an offset above it returns
    # nothing.
    total = hostile.ok("POST", p + "/count", {})["count"]
    for body in (
        '{"query":[1,2,3,4],"limit":1000000000}',
        '{"query":[1,2,3,4],"limit":18446744073709551615}',
        '{"limit":18446744073709551615}',
    ):
        reply = ask(hostile, "POST", p + "/query", body, codes=[200])
        assert len(reply["result"]["points"]) == total
    for body in (
        '{"query":[1,2,3,4],"offset":1000000000}',
        '{"offset":18446744073709551615,"limit":18446744073709551615}',
    ):
        assert ask(hostile, "POST", p + "/query", body, codes=[200])["result"]["points"] == []
    reply = ask(hostile, "POST", p + "/scroll", '{"limit":1000000000}', codes=[200])
    assert len(reply["result"]["points"]) == total
    # A request within the limits is answered, however large it is.
    most = ",".join(map(str, range(65_536)))
    for condition in (
        f'{{"has_id":[{most}]}}',
        f'{{"key":"n","match":{{"any":[{most}]}}}}',
        ONE + ("," + ONE) * 4095,
    ):
        reply = ask(
            hostile, "POST", p + "/count", f'{{"filter":{{"must":[{condition}]}}}}', codes=[200]
        )
        assert reply["result"]["count"] == 1


def test_the_size_of_an_answer_is_bounded(hostile):
    """1,024 queries for everything with vectors would return gigabytes. They are refused with the
    limit, and are not gathered until memory ends."""
    hostile.ok("PUT", "/collections/big", {"vectors": {"size": 512, "distance": "Dot"}})
    for first in range(0, 2000, 250):
        hostile.ok(
            "PUT",
            "/collections/big/points?wait=true",
            {
                "points": [
                    {"id": first + i, "vector": [0.001 * (first + i + d % 7) for d in range(512)]}
                    for i in range(250)
                ]
            },
        )
    query = json.dumps({"query": [1] * 512, "limit": 2000, "with_vector": True})
    ask(
        hostile,
        "POST",
        "/collections/big/points/query/batch",
        '{"searches":[' + ",".join([query] * 1024) + "]}",
        ["bytes"],
        [400, 413],
    )
    assert (
        len(hostile.ok("POST", "/collections/big/points/query", json.loads(query))["points"])
        == 2000
    )
    hostile.ok("DELETE", "/collections/big")


def test_a_page_ends_at_its_limit_of_bytes(hostile):
    """Points of 4 MB each: no page has more than 64 MB, and the pages together show every point
    once, over two shards."""
    count, large = 90, "x" * 4_000_000
    hostile.ok(
        "PUT", "/collections/large", {"vectors": {"size": 4, "distance": "Dot"}, "shard_number": 2}
    )
    p = "/collections/large/points"
    for i in range(0, count, 6):
        hostile.ok(
            "PUT",
            p + "?wait=true",
            {
                "points": [
                    {"id": i + k, "vector": [1, 2, 3, 4], "payload": {"large": large}}
                    for k in range(6)
                ]
            },
        )
    ask(
        hostile,
        "POST",
        p,
        json.dumps({"ids": list(range(count)), "with_payload": True}),
        ["67108864", "fewer"],
        [413],
    )
    ask(
        hostile,
        "POST",
        p + "/query",
        json.dumps({"query": [1, 2, 3, 4], "limit": count, "with_payload": True}),
        ["67108864", "fewer"],
        [413],
    )
    seen, pages, offset = [], 0, None
    while pages == 0 or offset is not None:
        page = hostile.ok(
            "POST", p + "/scroll", {"limit": count, "offset": offset, "with_payload": True}
        )
        assert page["points"]
        seen += [point["id"] for point in page["points"]]
        pages, offset = pages + 1, page["next_page_offset"]
    assert seen == list(range(count))
    assert pages > 1
    hostile.ok("DELETE", "/collections/large")
