"""The work of make_golden.sh."""
import json
import pathlib
import sys
import tarfile
import tempfile

import golden
from rhumbd import Rhumbd


def put(server, name, points):
    for first in range(0, len(points), 100):
        server.ok(
            "PUT", f"/collections/{name}/points?wait=true", {"points": points[first : first + 100]}
        )


def change(server, name, payload, ids):
    server.ok(
        "POST",
        f"/collections/{name}/points/payload?wait=true",
        {"payload": payload, "points": ids},
    )


def delete(server, name, ids):
    server.ok("POST", f"/collections/{name}/points/delete?wait=true", {"points": ids})


def create(server):
    optimizers = {"indexing_threshold": golden.GRAPHS_FROM_KB}
    for name, shards in (("one", 1), ("three", 3)):
        server.ok(
            "PUT",
            f"/collections/{name}",
            {
                "vectors": {"size": golden.DIM, "distance": "Euclid"},
                "shard_number": shards,
                "optimizers_config": optimizers,
            },
        )
        for field, kind in (("word", "keyword"), ("n", "integer")):
            server.ok(
                "PUT",
                f"/collections/{name}/index?wait=true",
                {"field_name": field, "field_schema": kind},
            )
    multi = {
        "size": golden.DIM,
        "distance": "Cosine",
        "multivector_config": {"comparator": "max_sim"},
    }
    server.ok("PUT", "/collections/rows", {"vectors": multi})
    server.ok(
        "POST",
        "/collections/aliases",
        {"actions": [{"create_alias": {"collection_name": "one", "alias_name": "another"}}]},
    )


def fill(server):
    create(server)
    points = [golden.point(i) for i in range(golden.POINTS)]
    put(server, "one", points)
    put(server, "three", points[:300])
    put(server, "rows", [golden.multi_point(i) for i in range(60)])
    change(server, "one", {"changed": True}, list(range(100, 130)))
    delete(server, "one", list(range(200, 250)))
    delete(server, "three", list(range(10)))
    while server.ok("GET", "/collections/one")["indexed_vectors_count"] < 1024:
        pass  # each turn is a request, and the graphs take less than a second


def write_what_only_the_log_has(server):
    # The shard remembers the request by its id.
    status, reply, _ = server.request(
        "PUT",
        "/collections/one/points?wait=true",
        {"points": [golden.point(2)]},
        {"X-Request-Id": "golden"},
    )
    assert status == 200, reply
    put(server, "one", [golden.point(i) for i in range(250, 270)])
    put(server, "one", [golden.point(i) for i in range(golden.POINTS, golden.POINTS + 20)])
    change(server, "three", {"late": True}, [250, 251])
    delete(server, "one", [0, 1, 1199])


def main():
    out = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as place:
        data = pathlib.Path(place) / "data"
        server = Rhumbd(data, golden.SETTINGS).start()
        try:
            fill(server)
            assert server.stop() == 0, server.log_tail()
            server.start()
            write_what_only_the_log_has(server)
            told = golden.answers(server)
        finally:
            server.kill()
        with tarfile.open(f"{out}.tar.xz", "w:xz") as tar:
            tar.add(data, "data", filter=anonymous)
    out.with_name(out.name + ".json").write_text(json.dumps(told, indent=1) + "\n")
    print(f"{out}.tar.xz has {pathlib.Path(f'{out}.tar.xz').stat().st_size} bytes")


def anonymous(member):
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main()
