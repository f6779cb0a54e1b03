"""rhumbd as an operator uses it: flags, configuration, a second server on the same data, keys,
stopping, metrics, logs."""
import json
import signal
import socket
import subprocess

import pytest

from rhumbd import BIN, ROOT, Rhumbd


def run(*words, **more):
    return subprocess.run(
        [str(BIN / "rhumbd"), *words], capture_output=True, text=True, timeout=60, **more
    )


def test_version_help_and_wrong_flags(tmp_path):
    assert "0.1.0" in run("--version").stdout
    assert "--data" in run("--help").stdout
    done = run("--dta", str(tmp_path))
    assert done.returncode != 0 and "dta" in done.stderr
    done = run("--data", str(tmp_path / "d"), "--port", "99999")
    assert done.returncode != 0 and "99999" in done.stderr


def test_configuration_is_checked(tmp_path):
    config = tmp_path / "rhumb.yaml"
    config.write_text("http:\n  port: 7000\n  prot: 1\n")
    done = run("--config", str(config), "--check-config")
    assert (
        done.returncode != 0
        and "prot" in done.stderr
        and "rhumb.yaml" in done.stderr
        and ":3" in done.stderr
    )
    config.write_text("http:\n  port: seven\n")
    done = run("--config", str(config), "--check-config")
    assert done.returncode != 0 and "http.port" in done.stderr and ":2" in done.stderr
    config.write_text("http:\n  port: 7000\n")
    assert run("--config", str(config), "--check-config").returncode == 0
    printed = run(
        "--config",
        str(config),
        "--print-config",
        env={"RHUMB_HTTP_PORT": "7001", "PATH": "/usr/bin:/bin"},
    )
    assert "port: 7001" in printed.stdout, "the environment goes over the file"
    printed = run(
        "--config",
        str(config),
        "--print-config",
        "--port",
        "7002",
        env={"RHUMB_HTTP_PORT": "7001", "PATH": "/usr/bin:/bin"},
    )
    assert "port: 7002" in printed.stdout, "the command line goes over both"
    assert run("--config", str(ROOT / "config" / "rhumb.yaml"), "--check-config").returncode == 0


def test_listening_on_all_addresses_needs_authentication(tmp_path):
    done = run("--data", str(tmp_path / "d"), "--host", "0.0.0.0", "--port", "0")
    assert done.returncode != 0 and "--insecure" in done.stderr


def test_second_server_on_the_same_data_is_refused(fresh):
    first = fresh()
    done = run("--data", str(first.data), "--port", "0")
    assert done.returncode != 0 and str(first.data) in done.stderr


def test_api_keys(fresh):
    s = fresh(
        {"auth.plugin": "static", "auth.api_key": "secret-w", "auth.read_only_api_key": "secret-r"}
    )
    body = {"vectors": {"size": 2, "distance": "Dot"}}
    status, text, _ = s.request("PUT", "/collections/a", body)
    assert status == 401 and isinstance(text, str)
    assert s.request("PUT", "/collections/a", body, {"api-key": "wrong"})[0] in (401, 403)
    assert s.request("PUT", "/collections/a", body, {"api-key": "secret-r"})[0] == 403
    assert s.request("PUT", "/collections/a", body, {"api-key": "secret-w"})[0] == 200
    assert s.request("GET", "/collections", None, {"Authorization": "Bearer secret-r"})[0] == 200
    for public in ("/", "/healthz", "/livez", "/readyz"):
        assert s.request("GET", public)[0] == 200, public
    assert "secret" not in s.log_path.read_text()


def test_stops_cleanly_and_comes_back(fresh):
    s = fresh()
    s.ok("PUT", "/collections/a", {"vectors": {"size": 2, "distance": "Dot"}})
    s.ok(
        "PUT",
        "/collections/a/points?wait=true",
        {"points": [{"id": 1, "vector": [1, 2], "payload": {"x": [1, {"y": None}]}}]},
    )
    before = s.ok("GET", "/collections/a/verify")
    assert s.stop() == 0, s.log_tail()
    s.start()
    assert s.ok("GET", "/collections/a/points/1")["payload"] == {"x": [1, {"y": None}]}
    after = s.ok("GET", "/collections/a/verify")
    assert [x["content_hash"] for x in after["shards"]] == [
        x["content_hash"] for x in before["shards"]
    ]
    assert s.ok("DELETE", "/collections/a") is True
    assert s.stop() == 0, s.log_tail()
    s.start()
    assert not any((s.data / "shards").iterdir()), "a dropped collection leaves nothing behind"


def test_a_service_manager_is_told_of_start_reload_and_stop(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        server = Rhumbd(tmp_path / "data", environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        server.start()
        try:
            told = manager.recv(4096).decode()
            while told.startswith("STATUS="):  # what it waits for
                told = manager.recv(4096).decode()
            assert told == "READY=1\nSTATUS="
            server.process.send_signal(signal.SIGHUP)
            assert manager.recv(4096).decode().startswith("RELOADING=1\nMONOTONIC_USEC=")
            assert manager.recv(4096).decode() == "READY=1"
            server.process.terminate()
            assert manager.recv(4096).decode() == "STOPPING=1"
        finally:
            assert server.stop() == 0


def test_metrics_and_request_ids(fresh):
    s = fresh()
    _, _, headers = s.request("GET", "/collections", None, {"X-Request-Id": "my-id-1"})
    assert headers["X-Request-Id"] == "my-id-1"
    status, text, headers = s.request("GET", "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain")
    assert any(line.startswith("rhumb_") for line in text.splitlines())
    for line in s.log_path.read_text().splitlines():
        json.loads(line)  # logs are one JSON object per line when the output is not a terminal


@pytest.mark.parametrize("mode", ["direct", "encode"])
def test_linearizable_reads_and_session_tokens(fresh, mode):
    s = fresh({"peer.loopback": mode})
    s.ok("PUT", "/collections/a", {"vectors": {"size": 2, "distance": "Dot"}, "shard_number": 2})
    for i in range(50):
        status, _, headers = s.request(
            "PUT", "/collections/a/points?wait=true", {"points": [{"id": i, "vector": [1, i]}]}
        )
        assert status == 200
        token = headers["X-Rhumb-Session"]
        assert (
            s.ok("POST", "/collections/a/points/count?consistency=linearizable", {})["count"]
            == i + 1
        )
        status, reply, _ = s.request(
            "POST", "/collections/a/points/count", {}, {"X-Rhumb-Session": token}
        )
        assert status == 200 and reply["result"]["count"] == i + 1
    assert (
        s.request("POST", "/collections/a/points/count", {}, {"X-Rhumb-Session": "%%%"})[0] == 400
    )
