"""The alarms and the dashboard: every expression finds its metrics on a running server, each alarm
fires in its fault, and docs/OPERATING.md says what to do about it."""
import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
import yaml

import demo
from rhumbd import ROOT, Rhumbd, free_port

RULES = ROOT / "packaging" / "prometheus" / "alerts.yaml"
RULE_TESTS = ROOT / "packaging" / "prometheus" / "alerts_test.yaml"
DASHBOARD = ROOT / "packaging" / "grafana" / "rhumb.json"
ALERTS = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
SELECTOR = re.compile(r"\brhumb_\w+(?:\{[^}]*\})?")
TIMEOUT_S = 60

needs_prometheus = pytest.mark.skipif(
    not (shutil.which("promtool") and shutil.which("prometheus")),
    reason="prometheus is not installed (packaging/dependencies.sh test)",
)


def panel_expressions():
    """As Grafana sends them."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            yield (target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*"))


def test_each_alarm_has_its_section_in_the_handbook():
    text = (ROOT / "docs" / "OPERATING.md").read_text()
    sections = dict(re.findall(r"^### (Rhumb\w+)\n\n(.+?)(?=\n#|\Z)", text, re.M | re.S))
    assert set(sections) == {alert["alert"] for alert in ALERTS}
    assert all(len(section.split()) >= 20 for section in sections.values())


def test_each_metric_of_the_dashboard_and_the_alarms_is_in_the_table():
    table = set(re.findall(r"^\| `(rhumb_\w+)`", (ROOT / "docs/METRICS.md").read_text(), re.M))
    expressions = [*panel_expressions(), *(alert["expr"] for alert in ALERTS)]
    for expression in expressions:
        for name in re.findall(r"\brhumb_\w+", expression):
            assert re.sub(r"_(bucket|count|sum)$", "", name) in table, expression
    assert len(expressions) > 40


def test_each_alarm_has_a_rehearsal():
    names = [test["name"] for test in yaml.safe_load(RULE_TESTS.read_text())["tests"]]
    assert names == [alert["alert"] for alert in ALERTS]


@needs_prometheus
@pytest.mark.parametrize("words", [["check", "rules", RULES], ["test", "rules", RULE_TESTS]])
def test_promtool_accepts_the_rules(words):
    done = subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


class Prometheus:
    """Scrapes the servers each second."""

    def __init__(self, home, servers):
        home.mkdir()
        self.port = free_port()
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [
                {
                    "job_name": "rhumb",
                    "static_configs": [{"targets": [f"127.0.0.1:{s.port}" for s in servers]}],
                }
            ],
        }
        (home / "prometheus.yaml").write_text(json.dumps(config))  # JSON is YAML
        words = [
            "prometheus",
            f"--config.file={home}/prometheus.yaml",
            f"--storage.tsdb.path={home}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        self.log = home / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log)

    def query(self, expression):
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression}
        )
        with urllib.request.urlopen(url, timeout=30) as reply:
            return json.load(reply)["data"]["result"]

    def wait_for(self, expression):
        """The first result that is not empty."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                if result := self.query(expression):
                    return result
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"{expression} found nothing"
            time.sleep(0.2)  # the next scrape is an event that nobody announces

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A server with data, a contract and requests, and the Prometheus that scrapes it."""
    home = tmp_path_factory.mktemp("watched")
    server = Rhumbd(home / "data").start()
    server.ok(
        "PUT",
        "/collections/a",
        {"vectors": {"size": demo.DIM, "distance": "Cosine"}, "contract": {"recall": 0.9}},
    )
    points = [{"id": i, "vector": demo.vectors()[i].tolist()} for i in range(500)]
    server.ok("PUT", "/collections/a/points?wait=true", {"points": points})
    server.ok("GET", "/collections/a/contract?wait=true")
    prometheus = Prometheus(home / "prometheus", [server])
    prometheus.wait_for("rhumb_ready == 1")
    for point in points[:20]:
        server.ok("POST", "/collections/a/points/query", {"query": point["vector"]})
        server.request("POST", "/collections/none/points/query", {"query": point["vector"]})
    prometheus.wait_for("count_over_time(rhumb_ready[1m]) > 3")
    yield prometheus
    prometheus.stop()
    assert server.stop() == 0


@needs_prometheus
def test_each_expression_of_the_dashboard_finds_something(watched):
    for expression in panel_expressions():
        assert watched.query(expression), expression


@needs_prometheus
def test_each_metric_of_an_alarm_exists_and_none_fires_on_a_healthy_server(watched):
    for alert in ALERTS:
        watched.query(alert["expr"])
        for selector in SELECTOR.findall(alert["expr"]):
            assert watched.query(selector), (alert["alert"], selector)
    firing = {r["metric"]["alertname"] for r in watched.query("ALERTS{alertstate='firing'}")}
    assert firing <= {"RhumbDiskNearlyFull"}, firing  # of the machine that runs the test


@needs_prometheus
def test_real_faults_fire_their_alarms(tmp_path):
    full = Rhumbd(tmp_path / "full", {"memory.limit_bytes": 1000000}).start()
    broken = Rhumbd(tmp_path / "broken").start()
    broken.ok("PUT", "/collections/a", {"vectors": {"size": 4, "distance": "Dot"}})
    broken.stop()
    next(broken.data.glob("shards/*/manifest")).write_text("not a manifest")
    broken.start()
    prometheus = Prometheus(tmp_path / "prometheus", [full, broken])
    try:
        for name, server in [("RhumbMemoryFull", full), ("RhumbShardFailed", broken)]:
            found = prometheus.wait_for(f"ALERTS{{alertname='{name}',alertstate='firing'}}")
            assert found[0]["metric"]["instance"] == f"127.0.0.1:{server.port}"
    finally:
        prometheus.stop()
        full.stop()
        broken.stop()
