"""What the tests of hostile requests share: a server with a collection of each kind of vector,
whose memory has to stay bounded, and a way to send any bytes."""
import contextlib
import time

from rhumbd import Rhumbd, raw_request

# Over all requests of a module: a body has at most 32 MB, and its parse takes some ten times as
# much.
RSS_GROWTH_MAX_MB = 1500
ANSWER_MAX_S = 20  # generous for a busy machine; each takes well under a second when it runs alone

VECTOR_KINDS = {
    "cosine": {"size": 4, "distance": "Cosine"},
    "euclid": {"size": 4, "distance": "Euclid"},
    "dot": {"size": 4, "distance": "Dot"},
    "half": {"size": 4, "distance": "Dot", "datatype": "float16"},
    "bytes": {"size": 4, "distance": "Manhattan", "datatype": "uint8"},
}


def memory_mb(server, field):
    with open(f"/proc/{server.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field)) / 1024


@contextlib.contextmanager
def served(directory):
    running = Rhumbd(directory).start()
    try:
        for kind, vectors in VECTOR_KINDS.items():
            running.ok("PUT", f"/collections/{kind}", {"vectors": vectors})
            running.ok(
                "PUT",
                f"/collections/{kind}/points?wait=true",
                {"points": [{"id": 1, "vector": [1, 2, 3, 4], "payload": {"n": 1}}]},
            )
        before = memory_mb(running, "VmRSS")
        yield running
        grown = memory_mb(running, "VmHWM") - before
        print(f"resident memory grew from {before:.0f} MB by {grown:.0f} MB at most")
        assert grown < RSS_GROWTH_MAX_MB
    finally:
        code = running.stop()
    assert code == 0, running.log_tail()


def ask(server, method, path, body, words=(), codes=range(400, 500)):
    """Sends the raw body. The answer must have one of the codes and contain the words."""
    started = time.monotonic()
    status, reply, _ = raw_request(server, method, path, body)
    took = time.monotonic() - started
    text = (
        reply["status"]["error"]
        if isinstance(reply, dict) and isinstance(reply.get("status"), dict)
        else str(reply)
    )
    shown = f"{method} {path[:100]} {str(body)[:100]!r} -> {status} {text[:300]} in {took:.1f} s"
    assert status in codes, shown
    assert took < ANSWER_MAX_S, shown
    for word in words:
        assert word in text, f"{word!r} is missing: {shown}"
    return reply
