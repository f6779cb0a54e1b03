#!/usr/bin/env python3
"""Asks an installed server for answers: answers.py URL write|read. `write` makes a collection and
fills it; both modes then search it. Exits with status 1 at the first wrong answer.
"""
import json
import sys
import urllib.request

POINTS = [
    {"id": 1, "vector": [0.05, 0.61, 0.76, 0.74], "payload": {"city": "Berlin"}},
    {"id": 2, "vector": [0.19, 0.81, 0.75, 0.11], "payload": {"city": "London"}},
    {"id": 3, "vector": [0.36, 0.55, 0.47, 0.94], "payload": {"city": "Moscow"}},
]
QUERY = {"query": [0.2, 0.8, 0.7, 0.1], "limit": 1, "with_payload": True}


def ask(url, method, path, body):
    request = urllib.request.Request(
        url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)["result"]


def main():
    url, mode = sys.argv[1:]
    if mode == "write":
        vectors = {"vectors": {"size": 4, "distance": "Cosine"}}
        ask(url, "PUT", "/collections/cities", vectors)
        ask(url, "PUT", "/collections/cities/points?wait=true", {"points": POINTS})
    count = ask(url, "POST", "/collections/cities/points/count", {"exact": True})["count"]
    hits = ask(url, "POST", "/collections/cities/points/query", QUERY)["points"]
    nearest = [hit["payload"]["city"] for hit in hits]
    print(f"{count} points, nearest: {nearest}")
    sys.exit(0 if count == len(POINTS) and nearest == ["London"] else 1)


if __name__ == "__main__":
    main()
