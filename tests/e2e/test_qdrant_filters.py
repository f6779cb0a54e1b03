"""The Python client filters by every condition that the server supports."""
import numpy as np
import pytest
from qdrant_client import models

import demo


def in_section(*values):
    return models.FieldCondition(key="section", match=models.MatchAny(any=list(values)))


FILTERS = {
    "match value": (
        models.Filter(
            must=[models.FieldCondition(key="section", match=models.MatchValue(value="games"))]
        ),
        lambda p: p["section"] == "games",
    ),
    "match any": (
        models.Filter(must=[in_section("games", "utils")]),
        lambda p: p["section"] in ("games", "utils"),
    ),
    "match except": (
        models.Filter(
            must=[
                models.FieldCondition(
                    key="section", match=models.MatchExcept(**{"except": ["games"]})
                )
            ]
        ),
        lambda p: p["section"] != "games",
    ),
    "array": (
        models.Filter(
            must=[models.FieldCondition(key="tags", match=models.MatchValue(value="role::program"))]
        ),
        lambda p: "role::program" in p["tags"],
    ),
    "range": (
        models.Filter(
            must=[models.FieldCondition(key="installed_kb", range=models.Range(gte=100, lt=1000))]
        ),
        lambda p: 100 <= p["installed_kb"] < 1000,
    ),
    "should": (
        models.Filter(
            should=[
                in_section("games"),
                models.FieldCondition(key="installed_kb", range=models.Range(gt=50000)),
            ]
        ),
        lambda p: p["section"] == "games" or p["installed_kb"] > 50000,
    ),
    "must_not": (
        models.Filter(must_not=[in_section("games", "utils", "science")]),
        lambda p: p["section"] not in ("games", "utils", "science"),
    ),
    "min_should": (
        models.Filter(
            min_should=models.MinShould(
                conditions=[
                    in_section("games", "utils"),
                    models.FieldCondition(key="installed_kb", range=models.Range(lt=300)),
                    models.FieldCondition(
                        key="tags", match=models.MatchValue(value="role::program")
                    ),
                ],
                min_count=2,
            )
        ),
        lambda p: (p["section"] in ("games", "utils"))
        + (p["installed_kb"] < 300)
        + ("role::program" in p["tags"])
        >= 2,
    ),
    "values_count": (
        models.Filter(
            must=[models.FieldCondition(key="tags", values_count=models.ValuesCount(gte=5))]
        ),
        lambda p: len(p["tags"]) >= 5,
    ),
    "is_empty": (
        models.Filter(must=[models.IsEmptyCondition(is_empty=models.PayloadField(key="tags"))]),
        lambda p: not p["tags"],
    ),
    "nested filter": (
        models.Filter(
            must=[models.Filter(should=[in_section("games"), in_section("utils")])],
            must_not=[models.FieldCondition(key="installed_kb", range=models.Range(gt=1000))],
        ),
        lambda p: p["section"] in ("games", "utils") and not p["installed_kb"] > 1000,
    ),
}


@pytest.mark.parametrize("what", FILTERS)
def test_filters(client, programs, what):
    condition, passes = FILTERS[what]
    expected = [i for i in range(500) if passes(demo.points()[i]["payload"])]
    assert 0 < len(expected) < 500, "the filter must decide something"
    assert client.count(programs, count_filter=condition, exact=True).count == len(expected)
    seen, offset = [], None
    while True:
        page, offset = client.scroll(
            programs, scroll_filter=condition, limit=37, offset=offset, with_payload=False
        )
        seen += [p.id for p in page]
        if offset is None:
            break
    assert seen == expected
    query = demo.questions()[1][1]
    keep = np.zeros(500, bool)
    keep[expected] = True
    wanted = demo.exact(query, demo.vectors()[:500], min(10, len(expected)), keep).tolist()
    hits = client.query_points(
        programs, query=query.tolist(), query_filter=condition, limit=10
    ).points
    assert all(keep[h.id] for h in hits) and len(hits) == len(wanted)
    assert len({h.id for h in hits} & set(wanted)) >= len(wanted) - 1


def test_filters_on_times_nested_objects_and_missing_fields(client, name):
    client.create_collection(
        name, vectors_config=models.VectorParams(size=4, distance=models.Distance.EUCLID)
    )
    payloads = [
        {"when": "2024-01-31T12:00:00Z", "dots": [{"x": 1, "y": 2}, {"x": 3, "y": 1}]},
        {"when": "2025-06-01", "dots": [{"x": 1, "y": 1}]},
        {"when": None, "dots": []},
        {"a": {"b": [{"c": 5}, {"c": 7}]}},
    ]
    client.upsert(
        name,
        [models.PointStruct(id=i, vector=[i, 0, 0, 1], payload=p) for i, p in enumerate(payloads)],
        wait=True,
    )

    def ids(**clauses):
        return [
            p.id for p in client.scroll(name, scroll_filter=models.Filter(**clauses), limit=10)[0]
        ]

    assert ids(
        must=[
            models.FieldCondition(key="when", range=models.DatetimeRange(gt="2024-06-01T00:00:00Z"))
        ]
    ) == [1]
    assert ids(must=[models.IsNullCondition(is_null=models.PayloadField(key="when"))]) == [2]
    assert ids(must=[models.IsEmptyCondition(is_empty=models.PayloadField(key="when"))]) == [2, 3]
    nested = models.NestedCondition(
        nested=models.Nested(
            key="dots",
            filter=models.Filter(
                must=[
                    models.FieldCondition(key="x", match=models.MatchValue(value=1)),
                    models.FieldCondition(key="y", match=models.MatchValue(value=1)),
                ]
            ),
        )
    )
    assert ids(must=[nested]) == [1]
    assert ids(must=[models.FieldCondition(key="a.b[].c", match=models.MatchValue(value=7))]) == [3]
    assert ids(must=[models.HasIdCondition(has_id=[1, 3, 99])]) == [1, 3]
    assert ids(must=[models.HasVectorCondition(has_vector="")]) == [0, 1, 2, 3]
    client.delete_collection(name)
