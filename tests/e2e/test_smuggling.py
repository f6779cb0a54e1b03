"""Requests that two servers could read differently, sent to the shipped rhumbd. They are refused,
the connection is closed, and the bytes after them are never read as a request. tests/http has the
same tests in process and byte by byte."""
import socket

import pytest

HOST = b"Host: x\r\n"
POST = b"POST /collections/guard/points/scroll HTTP/1.1\r\n" + HOST
SMUGGLED = b"DELETE /collections/guard HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LAST = b"0\r\n\r\n"

# name, bytes, status
CASES = [
    # Requests that the parser itself would accept.
    ("two equal lengths", POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
    ("a list of lengths", POST + b"Content-Length: 2, 2\r\n\r\n{}", 400),
    ("a folded field", POST + b"X-A: a\r\n b\r\nContent-Length: 2\r\n\r\n{}", 400),
    ("a folded length", POST + b"Content-Length:\r\n 2\r\n\r\n{}", 400),
    ("no host", b"GET /collections HTTP/1.1\r\n\r\n", 400),
    ("two hosts", b"GET /collections HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    (
        "chunked in 1.0",
        b"POST /collections/guard/points/scroll HTTP/1.0\r\n"
        + HOST
        + CHUNKED
        + b"\r\n2\r\n{}\r\n"
        + LAST,
        400,
    ),
    ("gzip, chunked", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n" + LAST, 400),
    ("xchunked", POST + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n" + LAST, 400),
    ("identity", POST + b"Transfer-Encoding: identity\r\n\r\n{}", 400),
    (
        "chunked, identity",
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n" + LAST,
        400,
    ),
    ("raw utf-8 in the target", "GET /collections/é HTTP/1.1\r\n".encode() + HOST + b"\r\n", 400),
    # Requests that the parser refuses.
    ("two different lengths", POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    ("length and chunked", POST + b"Content-Length: 2\r\n" + CHUNKED + b"\r\n" + LAST, 400),
    ("chunked and length", POST + CHUNKED + b"Content-Length: 2\r\n\r\n" + LAST, 400),
    ("space before the colon", POST + b"Content-Length : 2\r\n\r\n{}", 400),
    ("negative length", POST + b"Content-Length: -5\r\n\r\n{}", 400),
    ("overflowing length", POST + b"Content-Length: 18446744073709551618\r\n\r\n{}", 400),
    ("bare carriage return", POST + b"X-A: a\rb\r\n\r\n", 400),
    ("bare line feeds", b"GET /collections HTTP/1.1\nHost: x\n\n", 400),
    ("nul in a value", POST + b"X-A: a\0b\r\n\r\n", 400),
    # Requests that other servers have accepted.
    ("length of letters", POST + b"Content-Length: abc\r\n\r\n{}", 400),
    ("signed length", POST + b"Content-Length: +2\r\n\r\n{}", 400),
    ("hexadecimal length", POST + b"Content-Length: 0x2\r\n\r\n{}", 400),
    ("unknown kind of method", b"G@T /collections HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("HTTP/0.9", b"GET /collections\r\n\r\n", 400),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ("two codings", POST + CHUNKED + CHUNKED + b"\r\n" + LAST, 400),
    ("chunk size of letters", POST + CHUNKED + b"\r\nxyz\r\n{}\r\n" + LAST, 400),
    ("chunk size with a sign", POST + CHUNKED + b"\r\n-2\r\n{}\r\n" + LAST, 400),
    ("chunk longer than said", POST + CHUNKED + b"\r\n1\r\n{}\r\n" + LAST, 400),
    ("chunk with a bare line feed", POST + CHUNKED + b"\r\n2\n{}\r\n" + LAST, 400),
    ("chunk size that overflows", POST + CHUNKED + b"\r\n10000000000000002\r\n{}\r\n" + LAST, 400),
    ("unknown expectation", POST + b"Content-Length: 2\r\nExpect: surprise\r\n\r\n{}", 417),
    ("unknown content coding", POST + b"Content-Length: 2\r\nContent-Encoding: br\r\n\r\n{}", 415),
    # Requests that are too large.
    ("body over the limit", POST + b"Content-Length: 33554433\r\n\r\n", 413),
    ("body without end", POST + b"Content-Length: 9223372036854775807\r\n\r\n", 413),
    ("chunk over the limit", POST + CHUNKED + b"\r\nffffffffffffffff\r\n", 413),
    (
        "head over the limit",
        b"GET /collections HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 40_000 + b"\r\n\r\n",
        431,
    ),
    (
        "fields without number",
        b"GET /collections HTTP/1.1\r\n"
        + HOST
        + b"".join(b"X-%d: a\r\n" % i for i in range(5000))
        + b"\r\n",
        431,
    ),
]


@pytest.fixture(scope="module")
def guarded(server):
    server.ok("PUT", "/collections/guard", {"vectors": {"size": 4, "distance": "Dot"}})
    yield server
    server.ok("DELETE", "/collections/guard")


def answers(port, data, pieces=1):
    """Every byte that comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        size = -(-len(data) // pieces)
        try:
            for at in range(0, len(data), size):
                s.sendall(data[at : at + size])
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it had everything
        received = b""
        while True:
            try:
                piece = s.recv(65536)
            except ConnectionResetError:
                return received
            if not piece:
                return received
            received += piece


@pytest.mark.parametrize("name,data,status", CASES, ids=[c[0].replace(" ", "_") for c in CASES])
def test_a_request_is_refused_and_the_connection_is_closed(guarded, name, data, status):
    for pieces in (1, 7):
        received = answers(guarded.port, data + SMUGGLED, pieces)
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status), (name, received[:300])
        assert b"connection: close" in head.lower(), (name, head)
        assert received.count(b"HTTP/1.1 ") == 1, (name, received)
        assert b'"error":' in body, (name, received)
    assert guarded.ok("GET", "/collections/guard/exists") == {"exists": True}


def test_valid_requests_can_be_pipelined(guarded):
    """Checks the test itself: two requests on one connection get two answers."""
    one = POST + b"Content-Length: 2\r\n\r\n{}"
    last = b"GET /collections/guard/exists HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    received = answers(
        guarded.port, one + POST + CHUNKED + b"\r\n1\r\n{\r\n1\r\n}\r\n" + LAST + last
    )
    assert received.count(b"HTTP/1.1 200") == 3, received
