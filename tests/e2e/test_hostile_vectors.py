"""Invalid vectors are refused, and unusual valid ones give scores that are numbers."""
import base64
import json
import struct

import pytest

from attack import VECTOR_KINDS, ask

NO_JSON = [
    "NaN",
    "-NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "1e999",
    "-1e999",
    "1e",
    "01",
    ".5",
    "1.",
    "+1",
    "0x10",
    "1_0",
    "--1",
    "1e+",
    "",
    "'1'",
    "1f",
    "1" * 400,
]
NO_NUMBER = ['"1"', '"NaN"', '""', "null", "true", "{}", '{"a":1}']
NO_FLOAT32 = ["1e39", "-1e39", "3.5e38", "-3.5e38", "1e308"]
NO_FLOAT16 = ["65520", "-65520", "1e6", "3.4e38"]
NO_BYTE = ["-1", "256", "1.5", "1e3", "-0.1", "3e38"]
NO_VECTOR = [
    "[]",
    "[1]",
    "[1,2,3]",
    "[1,2,3,4,5]",
    "[[1,2,3,4]]",
    "[[[[1]]]]",
    "[[],[],[],[]]",
    '"[1,2,3,4]"',
    "7",
    "null",
    "true",
    '{"x":[1,2,3,4]}',
    "[" + ",".join(["0"] * 65536) + "]",
    "[" + ",".join(["0"] * 65537) + "]",
    "[" + ",".join(["1"] * 1_000_000) + "]",
]
FINE = {
    "cosine": [
        "0",
        "-0.0",
        "1e-45",
        "1e-310",
        "5e-324",
        "1e-999",
        "3.4028234e38",
        "-3.4e38",
        "1e38",
        "1e19",
        "0.1e1",
        "9007199254740993",
    ],
    "euclid": [
        "0",
        "-0.0",
        "1e-45",
        "1e-310",
        "1e18",
        "-1e18",
        "2e19",
        "-1e30",
        "3.4028234e38",
        "-3.4e38",
    ],
    "half": ["0", "-0.0", "1e-8", "65504", "-65504", "65519"],
    "bytes": ["0", "255", "-0.0", "1e2", "128.0"],
}
FINE["dot"] = FINE["euclid"]


def vector_with(component):
    return f"[1,2,{component},4]"


def vector_cases():
    for kind in VECTOR_KINDS:
        for component in NO_JSON:
            yield kind, vector_with(component), ["JSON"]
        for component in NO_NUMBER:
            yield kind, vector_with(component), ["vector[2]", "expected a number"]
        for component in NO_FLOAT32:
            yield kind, vector_with(component), [
                "vector",
                "float32" if kind != "bytes" or component in NO_FLOAT32 else "0 to 255",
            ]
        yield kind, "[[1,2,3,4],[1,2,3,4]]", ["Conversion between multi and regular"]
    for component in NO_FLOAT16:
        yield "half", vector_with(component), ["vector", "float16"]
    for component in NO_BYTE:
        yield "bytes", vector_with(component), ["vector", "0 to 255"]
    for vector in NO_VECTOR:
        yield "cosine", vector, None
    for n, floats in enumerate(
        [
            (1, 2, 3),
            (1, 2, 3, 4, 5),
            (float("nan"), 0, 0, 1),
            (float("inf"), 0, 0, 1),
            (float("-inf"), 0, 0, 1),
        ]
    ):
        text = base64.b64encode(struct.pack(f"<{len(floats)}f", *floats)).decode()
        yield "euclid", json.dumps({"vector_b64": text}), ["vector"] if n > 1 else [
            "expected dim: 4"
        ]


def test_hostile_vectors(hostile):
    """More than sixty vectors, each sent where a point is written, a vector is replaced, and a
    search is made."""
    cases = list(vector_cases())
    assert len(cases) >= 60
    for kind, vector, words in cases:
        codes = [400, 422, 501] if words is None else range(400, 500)
        p = f"/collections/{kind}/points"
        point = f'{{"points":[{{"id":1,"vector":{vector}}}]}}'
        ask(hostile, "PUT", p, point, words or (), codes)
        ask(hostile, "PUT", p + "/vectors", point, words or (), codes)
        # These are a point's id, or invalid.
        if vector not in ("7", "null", '"[1,2,3,4]"', "true"):
            said = [w.replace("vector", "query") for w in words or ()]
            ask(hostile, "POST", p + "/query", f'{{"query":{vector}}}', said, codes)
    for kind in VECTOR_KINDS:
        assert hostile.ok("POST", f"/collections/{kind}/points/count", {})["count"] == 1
        assert hostile.ok("GET", f"/collections/{kind}/points/1")["payload"] == {"n": 1}
        assert hostile.ok("GET", f"/collections/{kind}/verify")["ok"] is True


def test_unusual_valid_vectors_give_scores_that_are_numbers(hostile):
    """A value that the type can hold is accepted, and its scores are numbers and not null."""
    for kind, components in FINE.items():
        p = f"/collections/{kind}/points"
        for n, component in enumerate(components):
            ask(
                hostile,
                "PUT",
                p + "?wait=true",
                f'{{"points":[{{"id":{100 + n},"vector":{vector_with(component)}}}]}}',
                codes=[200],
            )
            for exact in ("true", "false"):
                params = f'{{"exact":{exact}}}'
                found = ask(
                    hostile,
                    "POST",
                    p + "/query",
                    f'{{"query":{vector_with(component)},"limit":100,"params":{params}}}',
                    codes=[200],
                )
                points = found["result"]["points"]
                assert len(points) == n + 2, (kind, component)
                for hit in points:
                    assert isinstance(hit["score"], (int, float)), (kind, component, hit)
            vector = hostile.ok("GET", f"{p}/{100 + n}")["vector"]
            assert all(isinstance(x, (int, float)) for x in vector), (kind, component, vector)
            if kind == "cosine":
                assert sum(x * x for x in vector) == pytest.approx(1, abs=1e-3), (component, vector)
        hostile.ok(
            "POST", p + "/delete?wait=true", {"points": [100 + n for n in range(len(components))]}
        )


def test_vectors_of_any_length_have_a_direction(hostile):
    """Normalising vectors whose components are all huge or all denormal gives a unit vector."""
    hostile.ok(
        "PUT",
        "/collections/turned",
        {
            "vectors": {
                "full": {"size": 4, "distance": "Cosine"},
                "half": {"size": 4, "distance": "Cosine", "datatype": "float16"},
            }
        },
    )
    try:
        for n, scale in enumerate([3.4e38, 1e30, 1e-30, 1e-40, 2e-44]):
            vector = [scale, -scale, scale, scale]
            hostile.ok(
                "PUT",
                "/collections/turned/points?wait=true",
                {"points": [{"id": n, "vector": {"full": vector, "half": vector}}]},
            )
            stored = hostile.ok("GET", f"/collections/turned/points/{n}")["vector"]
            for name in ("full", "half"):
                assert stored[name] == pytest.approx([0.5, -0.5, 0.5, 0.5], abs=1e-3), (scale, name)
                found = hostile.ok(
                    "POST",
                    "/collections/turned/points/query",
                    {"query": vector, "using": name, "limit": 10},
                )["points"]
                assert len(found) == n + 1 and all(
                    p["score"] == pytest.approx(1, abs=1e-3) for p in found
                ), (scale, found)
    finally:
        hostile.ok("DELETE", "/collections/turned")


def scored(points):
    return [(p["id"], p["score"]) for p in points]


FARTHEST = 3.4028234663852886e38
# distance, vectors (ids from 1), query, expected answer
BEYOND_FLOAT32 = [
    (
        "Dot",
        [[1, 1], [3.2e38, 3.2e38], [3e38, -3e38], [-3e38, 3e38]],
        [5, -5],
        [(3, FARTHEST), (1, 0), (2, 0), (4, -FARTHEST)],
    ),
    (
        "Euclid",
        [[0, 3e20], [1, 0], [4e25, 3e25], [2.5e38, 0], [0, -6e22]],
        [0, 0],
        [(2, 1), (1, 3e20), (5, 6e22), (3, 5e25), (4, 2.5e38)],
    ),
    (
        "Euclid",
        [[0, 3e-30], [1, 0], [4e-35, 3e-35], [0, 0]],
        [0, 0],
        [(4, 0), (3, 5e-35), (1, 3e-30), (2, 1)],
    ),
    (
        "Manhattan",
        [[3e38, 3e38], [1e38, -1e38], [-3e38, -3e38], [2, 3]],
        [0, 0],
        [(4, 5), (2, 2e38), (1, FARTHEST), (3, FARTHEST)],
    ),
]


@pytest.mark.parametrize("distance, vectors, query, right", BEYOND_FLOAT32)
def test_scores_are_right_where_sums_in_float32_would_be_wrong(
    hostile, distance, vectors, query, right
):
    """By every route of a search, and also as rows of one multivector each."""
    p = "/collections/beyond/points"
    for multivector in (False, True):
        rows = [[v] for v in vectors] if multivector else vectors
        config = {
            "size": len(query),
            "distance": distance,
            **({"multivector_config": {"comparator": "max_sim"}} if multivector else {}),
        }
        hostile.ok("PUT", "/collections/beyond", {"vectors": config})
        try:
            hostile.ok(
                "PUT",
                p + "?wait=true",
                {"points": [{"id": i + 1, "vector": v} for i, v in enumerate(rows)]},
            )
            asked = {"query": [query] if multivector else query, "limit": 10}
            answers = [
                hostile.ok("POST", p + "/query", {**asked, **more})["points"]
                for more in (
                    {},
                    {"params": {"exact": True}},
                    {"filter": {"must_not": [{"has_id": [77]}]}},
                )
            ]
            answers += [
                a["points"]
                for a in hostile.ok("POST", p + "/query/batch", {"searches": [asked, asked]})
            ]
            if not multivector:
                answers.append(hostile.ok("POST", p + "/search", {"vector": query, "limit": 10}))
            for points in answers:
                assert [i for i, _ in scored(points)] == [i for i, _ in right], points
                assert [s for _, s in scored(points)] == pytest.approx(
                    [s for _, s in right], rel=2e-6
                ), points
            like = hostile.ok("POST", p + "/query", {"query": right[0][0], "limit": 10})["points"]
            assert len(like) == len(vectors) - 1 and all(
                isinstance(s, float) for _, s in scored(like)
            )
            reached = hostile.ok(
                "POST", p + "/query", {**asked, "score_threshold": right[1][1] * (1 + 1e-6)}
            )["points"]
            assert {i for i, _ in right[:2]} <= {i for i, _ in scored(reached)} and right[-1][
                0
            ] not in [i for i, _ in scored(reached)], reached
        finally:
            hostile.ok("DELETE", "/collections/beyond")
