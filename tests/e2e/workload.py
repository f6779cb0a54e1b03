"""Writers that remember what was acknowledged, and a comparison with the state of a server after it
was killed, cut off or damaged."""
import os
import random
import threading

import numpy as np

WRITERS, IDS_EACH, DIM = 3, 120, 24
SEED = int(os.environ.get("RHUMB_SEED", "20261120"))  # printed by each test that uses it


def vector_for(tag):
    """The vector that belongs to a write, so that a torn point (payload of one write, vector of
    another) is detected."""
    return np.random.default_rng(tag).standard_normal(DIM).astype(np.float32)


def point(i, tag, filler=""):
    return {
        "id": i,
        "vector": vector_for(tag).tolist(),
        "payload": {"tag": tag, "extra": 0, "filler": filler},
    }


class Writer(threading.Thread):
    """Writes to ids of its own, one request at a time. `state[id]` is the set of states that the
    point may have: one state after an acknowledged write, two after a write with an unknown
    outcome."""

    def __init__(self, server, number, state, seed, filler):
        super().__init__()
        self.server, self.number, self.state, self.filler = server, number, state, filler
        self.random = random.Random(seed)
        self.acknowledged = 0

    def run(self):
        while True:
            i = self.number * IDS_EACH + self.random.randrange(IDS_EACH)
            before = self.state.get(i, {None})
            tag = self.random.getrandbits(40)
            what = self.random.random()
            known = len(before) == 1 and before != {None}
            if what < 0.6 or not known:
                after = (tag, 0)
                path, method = "/collections/kill/points?wait=true", "PUT"
                body = {"points": [point(i, tag, self.filler)]}
            elif what < 0.8:
                after = (next(iter(before))[0], tag)
                path, method = "/collections/kill/points/payload?wait=true", "POST"
                body = {"payload": {"extra": tag}, "points": [i]}
            else:
                after = None
                path, method = "/collections/kill/points/delete?wait=true", "POST"
                body = {"points": [i]}
            self.state[i] = before | {after}
            try:
                status, _, _ = self.server.request(method, path, body)
            except Exception:  # the connection broke, so the outcome is unknown
                return
            if status == 200:
                self.state[i] = {after}
                self.acknowledged += 1


def stored(server):
    points, offset = {}, None
    while True:
        page = server.ok(
            "POST",
            "/collections/kill/points/scroll",
            {"limit": 100, "offset": offset, "with_vector": True},
        )
        for p in page["points"]:
            assert p["id"] not in points, f"point {p['id']} is shown twice"
            points[p["id"]] = p
        offset = page["next_page_offset"]
        if offset is None:
            return points


def check(server, state):
    found = stored(server)
    phantoms = set(found) - set(state)
    assert not phantoms, f"points that nobody wrote: {phantoms}"
    for i, allowed in state.items():
        p = found.get(i)
        now = (p["payload"]["tag"], p["payload"]["extra"]) if p else None
        assert now in allowed, f"point {i} is {now}, acknowledged was one of {allowed}"
        if p:
            assert np.allclose(
                p["vector"], vector_for(now[0]), rtol=1e-6, atol=1e-6
            ), f"point {i} is torn"
        state[i] = {now}
    assert server.ok("POST", "/collections/kill/points/count", {"exact": True})["count"] == len(
        found
    )
    by_filter = server.ok(
        "POST",
        "/collections/kill/points/count",
        {"exact": True, "filter": {"must": [{"key": "extra", "match": {"value": 0}}]}},
    )["count"]
    assert by_filter == sum(
        p["payload"]["extra"] == 0 for p in found.values()
    ), "the payload index and the points differ"
    sample = random.Random(SEED).sample(sorted(found), min(5, len(found)))
    for i in sample:
        reply = server.request(
            "POST",
            "/collections/kill/points/query",
            {"query": found[i]["vector"], "limit": 1, "params": {"explain": True}},
        )[1]
        hits = reply["result"]["points"]
        assert hits[0]["id"] == i and hits[0]["score"] < 1e-3, (found[i], reply)
    verified = server.ok("GET", "/collections/kill/verify")
    assert verified["ok"] is True, verified


def create(server):
    server.ok(
        "PUT",
        "/collections/kill",
        {"vectors": {"size": DIM, "distance": "Euclid"}, "shard_number": 2},
    )
    server.ok(
        "PUT",
        "/collections/kill/index?wait=true",
        {"field_name": "extra", "field_schema": "integer"},
    )


def write_until(server, state, rng, end, filler=""):
    """Writes from several threads until `end` (called on a thread of its own) has made the server
    unreachable. Returns how many writes were acknowledged. `state` then holds the states that each
    point may have."""
    states = [{i: s for i, s in state.items() if i // IDS_EACH == w} for w in range(WRITERS)]
    writers = [Writer(server, w, states[w], rng.getrandbits(32), filler) for w in range(WRITERS)]
    ender = threading.Timer(rng.uniform(0.15, 0.6), end)
    for thread in (*writers, ender):
        thread.start()
    for thread in (*writers, ender):
        thread.join()
    for s in states:
        state.update(s)
    return sum(w.acknowledged for w in writers)
