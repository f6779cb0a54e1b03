"""The stores of LangChain and LlamaIndex over the Python client: add, search with a filter,
delete."""
import hashlib

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_qdrant import QdrantVectorStore
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters, VectorStoreQuery
from llama_index.vector_stores.qdrant import QdrantVectorStore as LlamaStore
from qdrant_client import QdrantClient, models

import demo


class DemoEmbeddings(Embeddings):
    """The demo set's own embeddings, looked up by text."""

    def __init__(self):
        self.by_text = {
            p["payload"]["summary"]: demo.vectors()[i] for i, p in enumerate(demo.points()[:200])
        }
        texts, vectors = demo.questions()
        self.by_text.update(zip(texts, vectors))

    def embed_documents(self, texts):
        return [self.embed_query(t) for t in texts]

    def embed_query(self, text):
        # LangChain asks for "dummy_text" to learn the size.
        return self.by_text.get(text, demo.vectors()[0]).tolist()


def documents():
    seen = {}
    for p in demo.points()[:200]:
        seen.setdefault(p["payload"]["summary"], p)
    return list(seen.values())


def test_langchain(server, name):
    client = QdrantClient(url=server.url, timeout=60)
    client.create_collection(
        name, vectors_config=models.VectorParams(size=demo.DIM, distance=models.Distance.COSINE)
    )
    store = QdrantVectorStore(client=client, collection_name=name, embedding=DemoEmbeddings())
    docs = [
        Document(
            page_content=p["payload"]["summary"],
            metadata={"section": p["payload"]["section"], "package": p["id"]},
        )
        for p in documents()
    ]
    ids = store.add_documents(docs)
    assert len(ids) == len(docs) and client.count(name).count == len(docs)
    question = demo.questions()[0][0]
    found = store.similarity_search_with_score(question, k=5)
    assert len(found) == 5 and found[0][1] >= found[-1][1]
    section = docs[3].metadata["section"]
    condition = models.Filter(
        must=[models.FieldCondition(key="metadata.section", match=models.MatchValue(value=section))]
    )
    filtered = store.similarity_search(question, k=5, filter=condition)
    assert filtered and all(d.metadata["section"] == section for d in filtered)
    assert store.get_by_ids([ids[0]])[0].page_content == docs[0].page_content
    assert store.delete([ids[0]]) is True
    assert store.get_by_ids([ids[0]]) == []
    made = QdrantVectorStore.from_texts(
        [d.page_content for d in docs[:10]],
        DemoEmbeddings(),
        url=server.url,
        collection_name=name + "_made",
    )
    assert len(made.similarity_search(question, k=3)) == 3
    client.delete_collection(name + "_made")
    client.delete_collection(name)


def test_llama_index(server, name):
    client = QdrantClient(url=server.url, timeout=60)
    store = LlamaStore(client=client, collection_name=name)
    nodes = []
    for i, p in enumerate(documents()):
        node_id = hashlib.md5(p["id"].encode()).hexdigest()
        node_id = f"{node_id[:8]}-{node_id[8:12]}-{node_id[12:16]}-{node_id[16:20]}-{node_id[20:]}"
        node = TextNode(
            id_=node_id,
            text=p["payload"]["summary"],
            embedding=DemoEmbeddings().embed_query(p["payload"]["summary"]),
            metadata={"section": p["payload"]["section"]},
        )
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=f"doc{i}")
        nodes.append(node)
    assert len(store.add(nodes)) == len(nodes)
    question = demo.questions()[1][0].tolist()
    found = store.query(VectorStoreQuery(query_embedding=question, similarity_top_k=4))
    assert len(found.nodes) == 4 and list(found.similarities) == sorted(
        found.similarities, reverse=True
    )
    section = nodes[5].metadata["section"]
    filters = MetadataFilters(filters=[MetadataFilter(key="section", value=section)])
    filtered = store.query(
        VectorStoreQuery(query_embedding=question, similarity_top_k=4, filters=filters)
    )
    assert filtered.nodes and all(n.metadata["section"] == section for n in filtered.nodes)
    before = client.count(name).count
    store.delete("doc0")
    assert client.count(name).count == before - 1
    assert len(store.get_nodes(node_ids=[nodes[1].node_id])) == 1
    store.delete_nodes([nodes[1].node_id])
    assert client.count(name).count == before - 2
    client.delete_collection(name)
