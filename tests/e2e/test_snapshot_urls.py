"""Recovery from the URL of another server: which URLs are fetched, and what can go wrong."""
import http.server
import ssl
import subprocess
import threading

import pytest
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse

from rhumbd import BIN
from snapshots import Embeddings, contents, fetch, leftovers, load

KEY = "the-key"


class Files:
    """A server that has one archive, and shows what it was asked for."""

    def __init__(self, body, context=None):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append((self.path, self.headers.get("api-key")))
                if self.path.startswith("/kept/moved"):
                    self.send_response(302)
                    self.send_header("Location", "/kept/whole")
                    self.end_headers()
                elif self.path.startswith("/kept/cut"):
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body[: len(body) // 2])
                elif self.path.startswith("/kept/whole"):
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                elif self.path.startswith("/kept/long"):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(body + b"more")
                else:
                    self.send_error(404)

            def log_message(self, *_):
                pass

        self.asked = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def origin(fresh):
    """A server that asks for a key, the URL of a snapshot of it, what lists it, and its bytes."""
    server = fresh({"auth.plugin": "static", "auth.api_key": KEY})
    client = QdrantClient(url=server.url, api_key=KEY, timeout=60)
    load(client, "books", Embeddings().rows(500))
    made = client.create_snapshot("books")
    url = f"{server.url}/collections/books/snapshots/{made.name}"
    body = fetch(url, **{"api-key": KEY})[2]
    client.close()
    yield server, url, made, body


def test_a_server_recovers_from_another_one(fresh, origin):
    server, url, made, _ = origin
    there = fresh({"snapshots.allowed_urls": f"http://10.1.2.3/,{server.url}/collections"})
    client = QdrantClient(url=there.url, timeout=60)
    assert client.recover_snapshot("copy", url, api_key=KEY, checksum=made.checksum) is True
    assert client.count("copy").count == 500
    assert contents(there, "copy")
    with pytest.raises(UnexpectedResponse) as error:
        client.recover_snapshot("copy", url)
    assert error.value.status_code == 400 and b"answered 401" in error.value.content
    with pytest.raises(UnexpectedResponse) as error:
        client.recover_snapshot("copy", url, api_key=KEY, checksum="0" * 64)
    assert error.value.status_code == 400 and b"checksum" in error.value.content
    with pytest.raises(UnexpectedResponse) as error:
        client.recover_snapshot("copy", f"{server.url}/snapshots/{made.name}", api_key=KEY)
    assert error.value.status_code == 403
    client.recover_snapshot("later", url, api_key=KEY, wait=False)
    client.create_snapshot("copy")  # jobs run one after the other
    assert client.count("later").count == 500
    assert leftovers(there) == []
    client.close()


def test_without_a_list_nothing_is_fetched(server, origin):
    _, url, _, _ = origin
    status, reply, _ = server.request(
        "PUT", "/collections/copy/snapshots/recover", {"location": url}
    )
    assert status == 403 and "snapshots.allowed_urls" in reply


def test_transfers_that_go_wrong_change_nothing(fresh, origin):
    files = Files(origin[3])
    there = fresh({"snapshots.allowed_urls": f"http://127.0.0.1:{files.port}/kept"})
    client = QdrantClient(url=there.url, timeout=60)
    load(client, "books", Embeddings().rows(100))
    before = contents(there, "books")

    def recover(path):
        location = {"location": f"http://127.0.0.1:{files.port}{path}"}
        status, reply, _ = there.request(
            "PUT", "/collections/books/snapshots/recover?wait=true", location
        )
        return status, str(reply if status == 403 else reply["status"])

    for path, code, words in (
        ("/kept/none", 400, "answered 404"),
        ("/kept/moved", 400, "answered 302"),
        ("/kept/cut", 503, "cut off"),
        ("/kept/long", 400, "after"),
        ("/other/whole", 403, "allowed_urls"),
        ("/kept/../other", 400, "leads elsewhere"),
    ):
        status, text = recover(path)
        assert (status, words in text) == (code, True), (path, status, text)
        assert contents(there, "books") == before and leftovers(there) == []
    assert {path for path, _ in files.asked} == {
        "/kept/none",
        "/kept/moved",
        "/kept/cut",
        "/kept/long",
    }
    assert recover("/kept/whole") == (200, "ok")
    assert client.count("books").count == 500
    files.close()
    status, text = recover("/kept/whole")
    assert status == 503 and "cannot fetch" in text
    client.close()


def certificate(directory):
    """A certificate for localhost that vouches for itself."""
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    words += f" -addext subjectAltName=DNS:localhost -keyout {directory}/key -out {directory}/cert"
    subprocess.run(words.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "cert", directory / "key")
    return context


def test_https_needs_a_certificate_that_is_vouched_for(fresh, origin, tmp_path):
    files = Files(origin[3], certificate(tmp_path))
    url = f"https://localhost:{files.port}/kept/whole"
    for trusted in (False, True):
        there = fresh(
            {"snapshots.allowed_urls": f"https://localhost:{files.port},https://127.0.0.1"},
            environment={"SSL_CERT_FILE": str(tmp_path / "cert")} if trusted else None,
        )
        status, reply, _ = there.request(
            "PUT", "/collections/copy/snapshots/recover", {"location": url}
        )
        if trusted:
            assert status == 200, reply
            assert there.ok("GET", "/collections/copy")["points_count"] == 500
        else:
            assert status == 503 and "certificate" in reply["status"]["error"].lower(), reply
    files.close()


def test_the_command_line_restores_from_a_url(fresh, origin):
    files = Files(origin[3])
    there = fresh({"snapshots.allowed_urls": f"http://127.0.0.1:{files.port}"})
    done = subprocess.run(
        [
            str(BIN / "rhumb"),
            "snapshot",
            "restore",
            "copy",
            f"http://127.0.0.1:{files.port}/kept/whole",
            "--url",
            there.url,
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert there.ok("GET", "/collections/copy")["points_count"] == 500
    files.close()
