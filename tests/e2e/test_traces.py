"""Traces of requests, as an OpenTelemetry collector gets them."""
import http.server
import json
import re
import subprocess
import threading
import time

import pytest

from rhumbd import BIN, free_port

TIMEOUT_S = 30
TRACE, PARENT = "0123456789abcdef0123456789abcdef", "fedcba9876543210"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
OTHER = {"traceparent": f"00-{TRACE[::-1]}-{PARENT}-01"}
INTERNAL, SERVER, CLIENT = 1, 2, 3  # kinds of spans
VECTOR = [0.5, 0.5, 0.5, 0.5]


class Collector:
    """Keeps the spans that it is sent. `statuses` are the answers to the next requests, and while
    `open` is not set, requests wait."""

    def __init__(self, port=0):
        self.changed = threading.Condition()
        self.posts, self.statuses = [], []
        self.open = threading.Event()
        self.open.set()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with collector.changed:
                    status = collector.statuses.pop(0) if collector.statuses else 200
                    collector.posts.append((status, self.path, self.headers, json.loads(body)))
                    collector.changed.notify_all()
                collector.open.wait(TIMEOUT_S)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def spans(self):
        """The spans that were taken."""
        with self.changed:
            return [
                span
                for status, _, _, body in self.posts
                if status == 200
                for resource in body["resourceSpans"]
                for scope in resource["scopeSpans"]
                for span in scope["spans"]
            ]

    def wait_for(self, found):
        """Waits until found() is not empty."""
        deadline = time.monotonic() + TIMEOUT_S
        with self.changed:
            while not (result := found()):
                assert self.changed.wait(deadline - time.monotonic()), self.spans()
            return result

    def trace(self, answer_headers):
        """All spans of the request that got this answer. Its own span ends last."""
        _, trace, span, flags = answer_headers["traceparent"].split("-")
        assert flags == "01"
        self.wait_for(lambda: [s for s in self.spans() if s["spanId"] == span])
        return Tree([s for s in self.spans() if s["traceId"] == trace], span)

    def stop(self):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()


class Tree:
    def __init__(self, spans, root):
        self.spans = {span["spanId"]: span for span in spans}
        assert len(self.spans) == len(spans), "each span is sent once"
        self.root = self.spans[root]

    def children(self, span):
        return [s for s in self.spans.values() if s.get("parentSpanId") == span["spanId"]]

    def shape(self, span=None):
        """{name: shape of the children}"""
        return {s["name"]: self.shape(s) for s in self.children(span or self.root)}

    def check(self):
        for span in self.spans.values():
            check_span(span)
            if span is not self.root:
                parent = self.spans[span["parentSpanId"]]
                assert int(parent["startTimeUnixNano"]) <= int(span["startTimeUnixNano"])


def attributes(thing):
    return {a["key"]: next(iter(a["value"].values())) for a in thing["attributes"]}


def check_span(span):
    """The JSON encoding of OTLP: ids are lower-case hexadecimal, 64-bit numbers are text."""
    assert set(span) <= {
        *("traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano"),
        *("endTimeUnixNano", "attributes", "status"),
    }
    assert re.fullmatch("[0-9a-f]{32}", span["traceId"])
    assert re.fullmatch("[0-9a-f]{16}", span["spanId"])
    assert re.fullmatch("[0-9a-f]{16}", span.get("parentSpanId", PARENT))
    assert span["name"] and span["kind"] in (INTERNAL, SERVER, CLIENT)
    start, end = span["startTimeUnixNano"], span["endTimeUnixNano"]
    assert isinstance(start, str) and isinstance(end, str) and int(start) <= int(end)
    assert abs(int(end) / 1e9 - time.time()) < 600
    for attribute in span["attributes"]:
        ((kind, value),) = attribute["value"].items()
        assert kind in ("stringValue", "intValue") and isinstance(value, str)
        assert kind != "intValue" or value.isdigit()
    assert set(span.get("status", {})) <= {"code", "message"}


@pytest.fixture
def collector():
    running = Collector()
    yield running
    running.stop()


@pytest.fixture
def traced(fresh, collector):
    """A server with a collection, whose client decides what is traced."""
    server = fresh({"tracing.endpoint": collector.url, "tracing.sample_ratio": 0})
    create(server)
    return server


def create(server, shards=1):
    vectors = {"size": 4, "distance": "Dot"}
    server.ok("PUT", "/collections/a", {"vectors": vectors, "shard_number": shards})


def upsert(server, headers=None, points=2):
    body = {"points": [{"id": i, "vector": VECTOR} for i in range(points)]}
    return server.request("PUT", "/collections/a/points?wait=true", body, headers)


def search(server, headers=None):
    return server.request("POST", "/collections/a/points/query", {"query": VECTOR}, headers)


def metric(server, name):
    text = server.request("GET", "/metrics")[1]
    return int(float(re.search(rf"^rhumb_trace_spans_{name}_total (\S+)", text, re.M)[1]))


@pytest.mark.parametrize("loopback", ["direct", "encode"])
def test_an_upsert_and_a_search_are_whole_trees(fresh, collector, loopback):
    server = fresh(
        {
            "tracing.endpoint": collector.url,
            "tracing.sample_ratio": 1,
            "peer.loopback": loopback,
        }
    )
    create(server)
    status, _, headers = upsert(server)
    assert status == 200
    tree = collector.trace(headers)
    tree.check()
    assert tree.root["name"] == "PUT /collections/{collection_name}/points"
    assert tree.root["kind"] == SERVER and "parentSpanId" not in tree.root
    assert "status" not in tree.root
    assert attributes(tree.root) == {
        "http.request.method": "PUT",
        "http.route": "/collections/{collection_name}/points",
        "http.response.status_code": "200",
        "url.path": "/collections/a/points",
        "url.scheme": "http",
        "db.collection.name": "a",
        "rhumb.request_id": headers["X-Request-Id"],
    }
    assert tree.shape() == {"message write": {"shard write": {"log commit": {}, "shard apply": {}}}}
    (message,) = tree.children(tree.root)
    assert message["kind"] == CLIENT
    shard = attributes(message)["rhumb.shard"]
    assert attributes(message) == {
        "rhumb.message": "write",
        "db.collection.name": "a",
        "rhumb.shard": shard,
    }
    (work,) = tree.children(message)
    assert attributes(work) == {"db.collection.name": "a", "rhumb.shard": shard}

    status, _, headers = search(server)
    assert status == 200
    tree = collector.trace(headers)
    tree.check()
    assert tree.shape() == {"message search": {"shard search": {}}}

    # A query by the id of a point asks for its vector first: the search is no child of that.
    query = {"query": 1, "limit": 1}
    _, _, headers = server.request("POST", "/collections/a/points/query", query)
    tree = collector.trace(headers)
    assert tree.shape() == {
        "message get": {"shard get": {}},
        "message search": {"shard search": {}},
    }
    with collector.changed:
        _, path, headers, body = collector.posts[0]
    assert path == "/v1/traces" and headers["Content-Type"] == "application/json"
    resource = attributes(body["resourceSpans"][0]["resource"])
    assert resource["service.name"] == "rhumb" and resource["service.version"]
    assert re.fullmatch("[0-9a-f-]{36}/1", resource["service.instance.id"])
    # Creating the collection is a trace as well.
    names = {s["name"] for s in collector.spans()}
    assert {"message metadata_command", "message await_config"} <= names


def test_a_trace_of_the_client_is_continued(traced, collector):
    status, _, headers = search(traced, SAMPLED)
    assert status == 200 and headers["traceparent"].startswith(f"00-{TRACE}-")
    tree = collector.trace(headers)
    assert tree.root["parentSpanId"] == PARENT
    assert all(s["traceId"] == TRACE for s in tree.spans.values())


def test_exports_and_imports_are_traced_until_they_end(traced, collector):
    lines = "\n".join(json.dumps({"id": i, "vector": VECTOR}) for i in range(3))
    status, _, headers = traced.request(
        "POST",
        "/collections/a/import",
        lines,
        {**SAMPLED, "Content-Type": "application/x-ndjson"},
    )
    assert status == 200
    tree = collector.trace(headers)
    tree.check()
    assert list(tree.shape()) == ["message write"]
    status, _, headers = traced.request("GET", "/collections/a/export", headers=OTHER)
    assert status == 200
    tree = collector.trace(headers)
    tree.check()
    assert "message scroll" in tree.shape()


def test_failures_set_the_status_of_their_spans(traced, collector):
    _, _, headers = traced.request("GET", "/nothing/here", headers=SAMPLED)
    root = collector.trace(headers).root
    assert root["name"] == "GET" and "status" not in root  # it was the fault of the client
    assert attributes(root)["http.response.status_code"] == "404"
    _, _, headers = traced.request("POST", "/collections/a/facet", {}, headers=OTHER)
    root = collector.trace(headers).root
    assert attributes(root)["http.response.status_code"] == "501"
    assert root["status"]["code"] == 2 and "facets" in root["status"]["message"]


def test_what_is_not_sampled_leaves_nothing(traced, collector):
    for parent in [
        f"00-{TRACE}-{PARENT}-00",
        f"00-{TRACE}-{PARENT}",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        "\xff" * 20,
    ]:
        for _, _, headers in [
            search(traced, {"traceparent": parent}),
            upsert(traced, {"traceparent": parent}),
        ]:
            assert "traceparent" not in headers, parent
    # Only this one arrives, and it would arrive last.
    _, _, headers = search(traced, SAMPLED)
    collector.trace(headers)
    assert {s["traceId"] for s in collector.spans()} == {TRACE}


def test_a_collector_that_is_busy_gets_the_spans_again(traced, collector):
    collector.statuses = [503, 429]
    _, _, headers = search(traced, SAMPLED)
    assert collector.trace(headers).shape() == {"message search": {"shard search": {}}}
    assert [post[0] for post in collector.posts] == [503, 429, 200]
    assert metric(traced, "dropped") == 0


def test_requests_do_not_wait_for_a_slow_collector(traced, collector):
    collector.open.clear()
    search(traced, SAMPLED)
    collector.wait_for(lambda: collector.posts)
    for _ in range(20):
        assert upsert(traced, SAMPLED)[0] == 200
        assert search(traced, SAMPLED)[0] == 200
    with collector.changed:
        assert len(collector.posts) == 1, "one request to the collector at a time"
    collector.open.set()
    roots = collector.wait_for(lambda: [s for s in collector.spans() if s["kind"] == SERVER][40:])
    assert len(roots) == 1


def test_a_collector_that_is_away_costs_spans_and_no_request(fresh):
    server = fresh(
        {"tracing.endpoint": f"http://127.0.0.1:{free_port()}", "tracing.sample_ratio": 1}
    )
    create(server, shards=16)  # a search has 33 spans
    assert upsert(server)[0] == 200
    status, _, headers = search(server)
    assert status == 200 and "traceparent" in headers
    assert metric(server, "exported") == 0
    deadline = time.monotonic() + TIMEOUT_S
    while metric(server, "dropped") == 0:
        assert time.monotonic() < deadline
        assert search(server)[0] == 200
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < TIMEOUT_S
    assert '"message":"spans were not exported"' in server.log_tail(100)


def test_without_an_endpoint_nothing_is_traced(fresh):
    server = fresh()
    create(server)
    assert "traceparent" not in search(server, SAMPLED)[2]
    assert metric(server, "exported") == metric(server, "dropped") == 0


@pytest.mark.parametrize(
    "key,value",
    [
        ("tracing.endpoint", "https://collector:4318"),
        ("tracing.endpoint", "collector:4318"),
        ("tracing.endpoint", "http://collector:70000"),
        ("tracing.sample_ratio", "1.5"),
        ("tracing.sample_ratio", "nan"),
    ],
)
def test_a_bad_setting_is_refused_at_start(tmp_path, key, value):
    words = [str(BIN / "rhumbd"), "--data", str(tmp_path / "data"), "--set", f"{key}={value}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode != 0
    assert key in done.stderr and value in done.stderr
