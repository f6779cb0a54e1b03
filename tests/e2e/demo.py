"""The demo set for tests: real texts, real embeddings, real questions."""
import functools
import io
import json

import numpy as np
import zstandard

from rhumbd import ROOT

FOLDER = ROOT / "tests" / "data" / "demo"
DIM = 384


@functools.cache
def points():
    raw = (
        zstandard.ZstdDecompressor()
        .stream_reader(io.BytesIO((FOLDER / "points.ndjson.zst").read_bytes()))
        .read()
    )
    return [json.loads(line) for line in raw.decode().splitlines()]


@functools.cache
def vectors():
    return np.fromfile(FOLDER / "vectors.f16", np.float16).reshape(-1, DIM).astype(np.float32)


@functools.cache
def questions():
    texts = json.loads((FOLDER / "questions.json").read_text())
    return texts, np.fromfile(FOLDER / "questions.f16", np.float16).reshape(-1, DIM).astype(
        np.float32
    )


def exact(query, base, k, keep=None):
    """Row numbers of the k most similar rows (cosine), among `keep` if given."""
    scores = base @ query / (np.linalg.norm(base, axis=1) * np.linalg.norm(query) + 1e-12)
    if keep is not None:
        scores = np.where(keep, scores, -np.inf)
    return np.argsort(-scores)[:k]
