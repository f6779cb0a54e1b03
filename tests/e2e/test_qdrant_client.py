"""The Python client drives everything that the server supports."""
import uuid

import numpy as np
import pytest
from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse

import demo


def test_collections(client, name):
    assert not client.collection_exists(name)
    params = {
        "text": models.VectorParams(size=8, distance=models.Distance.DOT),
        "image": models.VectorParams(size=4, distance=models.Distance.EUCLID),
    }
    assert client.create_collection(
        name,
        vectors_config=params,
        shard_number=2,
        hnsw_config=models.HnswConfigDiff(m=24, ef_construct=64),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=5000),
        metadata={"owner": "tests"},
        quantization_config=models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
        ),
    )
    assert client.collection_exists(name)
    assert name in [c.name for c in client.get_collections().collections]
    info = client.get_collection(name)
    assert info.status == models.CollectionStatus.GREEN and info.points_count == 0
    assert info.config.params.vectors["image"].distance == models.Distance.EUCLID
    assert info.config.params.shard_number == 2
    assert info.config.hnsw_config.m == 24 and info.config.hnsw_config.ef_construct == 64
    assert info.config.optimizer_config.indexing_threshold == 5000
    assert info.config.quantization_config.scalar.always_ram is True
    assert info.config.metadata == {"owner": "tests"}
    with pytest.raises(UnexpectedResponse) as error:
        client.create_collection(name, vectors_config=params)
    assert error.value.status_code == 409 and b"already exists!" in error.value.content
    assert client.update_collection(
        name,
        hnsw_config=models.HnswConfigDiff(m=32),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=7000),
    )
    info = client.get_collection(name)
    assert info.config.hnsw_config.m == 32 and info.config.hnsw_config.ef_construct == 64
    assert info.config.optimizer_config.indexing_threshold == 7000
    assert client.delete_collection(name)
    assert not client.collection_exists(name)
    assert client.delete_collection(name) is False
    with pytest.raises(UnexpectedResponse) as error:
        client.get_collection(name)
    assert (
        error.value.status_code == 404
        and f"Collection `{name}` doesn't exist!".encode() in error.value.content
    )


def test_aliases(client, programs):
    alias, other = programs + "_alias", programs + "_other"
    client.update_collection_aliases(
        [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name=programs, alias_name=alias)
            )
        ]
    )
    assert client.count(alias).count == 500
    assert [a.alias_name for a in client.get_collection_aliases(programs).aliases] == [alias]
    assert (alias, programs) in [
        (a.alias_name, a.collection_name) for a in client.get_aliases().aliases
    ]
    client.update_collection_aliases(
        [
            models.RenameAliasOperation(
                rename_alias=models.RenameAlias(old_alias_name=alias, new_alias_name=other)
            )
        ]
    )
    assert client.count(other).count == 500
    client.update_collection_aliases(
        [models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=other))]
    )
    with pytest.raises(UnexpectedResponse):
        client.count(other)


def test_search_is_right(client, programs):
    texts, questions = demo.questions()
    base = demo.vectors()[:500]
    for question in questions[:20]:
        hits = client.query_points(
            programs, query=question.tolist(), limit=10, with_payload=True
        ).points
        expected = demo.exact(question, base, 10)
        assert len({h.id for h in hits} & set(expected.tolist())) >= 9
        scores = [h.score for h in hits]
        assert scores == sorted(scores, reverse=True)
        top = hits[0]
        similarity = float(
            base[top.id] @ question / np.linalg.norm(base[top.id]) / np.linalg.norm(question)
        )
        assert abs(top.score - similarity) < 1e-4
        assert top.payload == demo.points()[top.id]["payload"]


def test_search_by_id_leaves_the_point_out(client, programs):
    hits = client.query_points(programs, query=17, limit=5).points
    assert 17 not in [h.id for h in hits]
    expected = [
        i for i in demo.exact(demo.vectors()[17], demo.vectors()[:500], 6).tolist() if i != 17
    ]
    assert [h.id for h in hits] == expected[:5]


def test_search_options(client, programs):
    q = demo.questions()[1][0].tolist()
    exact = client.query_points(
        programs, query=q, limit=20, search_params=models.SearchParams(exact=True)
    ).points
    page = client.query_points(
        programs, query=q, limit=5, offset=5, search_params=models.SearchParams(exact=True)
    ).points
    assert [h.id for h in page] == [h.id for h in exact[5:10]]
    above = client.query_points(
        programs,
        query=q,
        limit=20,
        score_threshold=exact[7].score - 1e-6,
        search_params=models.SearchParams(exact=True),
    ).points
    assert [h.id for h in above] == [h.id for h in exact[:8]]
    some = client.query_points(
        programs, query=q, limit=2, with_payload=["section"], with_vectors=True
    ).points
    assert set(some[0].payload) == {"section"}
    assert np.allclose(
        some[0].vector,
        demo.vectors()[some[0].id] / np.linalg.norm(demo.vectors()[some[0].id]),
        atol=1e-5,
    )
    none = client.query_points(
        programs,
        query=q,
        limit=2,
        with_payload=models.PayloadSelectorExclude(exclude=["description", "tags"]),
    ).points
    assert "description" not in none[0].payload and "summary" in none[0].payload
    batch = client.query_batch_points(
        programs, [models.QueryRequest(query=q, limit=3), models.QueryRequest(query=3, limit=2)]
    )
    assert [len(r.points) for r in batch] == [3, 2]


def test_writes_of_every_kind(client, name):
    client.create_collection(
        name,
        vectors_config={
            "a": models.VectorParams(size=4, distance=models.Distance.COSINE),
            "b": models.VectorParams(size=2, distance=models.Distance.DOT),
        },
    )
    ids = [1, 2, str(uuid.UUID(int=7))]
    client.upsert(
        name,
        models.Batch(
            ids=ids,
            vectors={
                "a": [[3, 4, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],
                "b": [[1, 2], [3, 4], [5, 6]],
            },
            payloads=[{"n": 1, "m": {"x": 1}}, {"n": 2}, {"n": 3}],
        ),
        wait=True,
    )
    one = client.retrieve(name, [1], with_vectors=True)[0]
    assert np.allclose(one.vector["a"], [0.6, 0.8, 0, 0]) and one.vector["b"] == [1, 2]
    client.update_vectors(name, [models.PointVectors(id=1, vector={"b": [9, 9]})])
    assert client.retrieve(name, [1], with_vectors=["b"])[0].vector == {"b": [9, 9]}
    client.delete_vectors(name, vectors=["b"], points=[2])
    assert set(client.retrieve(name, [2], with_vectors=True)[0].vector) == {"a"}
    assert [
        p.id
        for p in client.scroll(
            name, scroll_filter=models.Filter(must=[models.HasVectorCondition(has_vector="b")])
        )[0]
    ] == [1, ids[2]]
    client.set_payload(name, {"new": True}, points=[1])
    client.set_payload(name, {"y": 2}, points=[1], key="m")
    assert client.retrieve(name, [1])[0].payload == {"n": 1, "m": {"x": 1, "y": 2}, "new": True}
    client.overwrite_payload(name, {"only": "this"}, points=[1])
    assert client.retrieve(name, [1])[0].payload == {"only": "this"}
    client.set_payload(
        name,
        {"flag": 1},
        points=models.Filter(must=[models.FieldCondition(key="n", range=models.Range(gte=2))]),
    )
    assert [p.payload.get("flag") for p in client.retrieve(name, ids)] == [None, 1, 1]
    client.delete_payload(name, ["flag"], points=[2])
    assert client.retrieve(name, [2])[0].payload == {"n": 2}
    client.clear_payload(name, points_selector=models.PointIdsList(points=[2]))
    assert client.retrieve(name, [2])[0].payload in ({}, None)
    client.batch_update_points(
        name,
        [
            models.UpsertOperation(
                upsert=models.PointsList(
                    points=[
                        models.PointStruct(id=50, vector={"a": [1, 0, 0, 0]}, payload={"n": 50})
                    ]
                )
            ),
            models.SetPayloadOperation(
                set_payload=models.SetPayload(payload={"batch": 1}, points=[50])
            ),
            models.DeleteOperation(delete=models.PointIdsList(points=[1])),
        ],
    )
    assert client.retrieve(name, [50])[0].payload == {"n": 50, "batch": 1}
    assert client.retrieve(name, [1]) == []
    client.delete(
        name,
        points_selector=models.Filter(
            must=[models.FieldCondition(key="n", match=models.MatchValue(value=50))]
        ),
    )
    assert client.count(name).count == 2
    client.delete_collection(name)


def test_conditional_upserts(client, name):
    client.create_collection(
        name, vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT)
    )
    point = lambda i, n: models.PointStruct(id=i, vector=[1, n], payload={"n": n})
    client.upsert(name, [point(1, 1), point(2, 1)], wait=True)
    client.upsert(
        name, [point(1, 2), point(3, 2)], wait=True, update_mode=models.UpdateMode.INSERT_ONLY
    )
    assert [p.payload["n"] for p in client.retrieve(name, [1, 2, 3])] == [1, 1, 2]
    client.upsert(
        name, [point(1, 3), point(4, 3)], wait=True, update_mode=models.UpdateMode.UPDATE_ONLY
    )
    assert [p.payload["n"] for p in client.retrieve(name, [1, 2, 3, 4])] == [3, 1, 2]
    only_old = models.Filter(must=[models.FieldCondition(key="n", range=models.Range(lt=2))])
    client.upsert(name, [point(1, 4), point(2, 4)], wait=True, update_filter=only_old)
    assert [p.payload["n"] for p in client.retrieve(name, [1, 2])] == [3, 4]
    client.delete_collection(name)


def test_ids_of_all_kinds_scroll_in_order(client, server, name):
    client.create_collection(
        name,
        vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT),
        shard_number=3,
    )
    u = [str(uuid.UUID(int=i)) for i in (3, 1, 2)]
    server.ok(
        "PUT",
        f"/collections/{name}/points?wait=true",
        {
            "points": [
                {"id": i, "vector": [1, 0]} for i in ["gimp", 2**64 - 1, *u, 0, "a b/ü", 10]
            ]
        },
    )
    expected = [0, 10, 2**64 - 1, *sorted(u), "a b/ü", "gimp"]
    seen, offset = [], None
    while True:
        page = server.ok(
            "POST", f"/collections/{name}/points/scroll", {"limit": 3, "offset": offset}
        )
        seen += [p["id"] for p in page["points"]]
        offset = page["next_page_offset"]
        if offset is None:
            break
    assert seen == expected
    assert server.ok("GET", f"/collections/{name}/points/gimp")["id"] == "gimp"
    assert server.ok("GET", f"/collections/{name}/points/a b%2F%C3%BC")["id"] == "a b/ü"
    client.delete_collection(name)


def test_upload_points_in_bulk(client, name):
    client.create_collection(
        name, vectors_config=models.VectorParams(size=demo.DIM, distance=models.Distance.COSINE)
    )
    client.upload_points(
        name,
        (models.PointStruct(id=i, vector=demo.vectors()[i], payload={"i": i}) for i in range(1000)),
        batch_size=100,
        wait=True,
    )
    assert client.count(name).count == 1000
    client.upload_collection(name, demo.vectors()[1000:1200], ids=range(1000, 1200), wait=True)
    assert client.count(name).count == 1200
    client.delete_collection(name)


def test_a_feature_that_is_not_served_answers_501(client, programs):
    q = demo.questions()[1][0].tolist()
    for request in [
        lambda: client.query_points(
            programs,
            query=models.FusionQuery(fusion=models.Fusion.RRF),
            prefetch=[models.Prefetch(query=q, limit=5)],
        ),
        lambda: client.query_points(
            programs, query=models.RecommendQuery(recommend=models.RecommendInput(positive=[1]))
        ),
        lambda: client.query_points_groups(programs, group_by="section", query=q),
        lambda: client.facet(programs, "section"),
    ]:
        with pytest.raises(UnexpectedResponse) as error:
            request()
        assert error.value.status_code == 501, error.value.content
