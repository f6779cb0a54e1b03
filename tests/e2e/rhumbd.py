"""A rhumbd process under test: it is started on a free port with its own data directory, stopped or
killed, and started again."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RHUMB_BIN", ROOT / "build" / "release" / "bin"))
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 35


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Rhumbd:
    def __init__(self, data, settings=None, arguments=(), environment=None):
        self.data = pathlib.Path(data)
        self.port = free_port()
        self.settings = dict(settings or {})
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.prefix = []  # a program that runs rhumbd, such as strace with its options
        self.log_path = self.data.parent / f"{self.data.name}.log"
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, timeout_s=START_TIMEOUT_S):
        words = [
            *self.prefix,
            str(BIN / "rhumbd"),
            "--data",
            str(self.data),
            "--port",
            str(self.port),
            *self.arguments,
        ]
        for key, value in self.settings.items():
            words += ["--set", f"{key}={value}"]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                words, stdout=log, stderr=log, env={**os.environ, **self.environment}
            )
        self.wait_ready(timeout_s)
        return self

    def wait_ready(self, timeout_s):
        deadline = time.monotonic() + timeout_s
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"rhumbd ended with {self.process.returncode}:\n{self.log_tail()}"
                )
            try:
                if self.request("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError(f"rhumbd is not ready after {timeout_s} s:\n{self.log_tail()}")
            time.sleep(0.02)  # there is no event to await, because the port is not open yet

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.terminate()
        return self.process.wait(STOP_TIMEOUT_S)

    def log_tail(self, lines=40):
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def request(self, method, path, body=None, headers=None, timeout_s=60):
        """(status, parsed JSON or text, headers)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            headers = dict(headers or {})
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            if body is not None:
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, urllib.parse.quote(path, safe="/?&=%:,"), body, headers)
            reply = connection.getresponse()
            raw = reply.read()
            text = raw.decode("utf-8", "replace")
            if reply.headers.get("Content-Type", "").startswith("application/json"):
                return reply.status, json.loads(text), reply.headers
            return reply.status, text, reply.headers
        finally:
            connection.close()

    def ok(self, method, path, body=None):
        status, reply, _ = self.request(method, path, body)
        assert status == 200, (method, path, status, reply)
        return reply["result"]


def raw_request(server, method, path, body):
    """Sends a request without the quoting of Rhumbd.request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        text = reply.read().decode("utf-8", "replace")
        if reply.headers.get("Content-Type", "").startswith("application/json"):
            return reply.status, json.loads(text), reply.headers
        return reply.status, text, reply.headers
    finally:
        connection.close()
