"""Lints and renders the Helm chart, and gives rhumbd the settings that a pod would get.

Helm comes from the Go module proxy. The tests are skipped where it cannot be had.
"""
import os
import pathlib
import re
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "packaging/helm/rhumb"
RHUMBD = ROOT / "build/release/bin/rhumbd"
HELM = ROOT / "tests/packages/helm.sh"
KUBERNETES = "1.29.0"  # helm compares it with the chart's kubeVersion
EVERYTHING = """
auth: {existingSecret: keys}
config: {compaction: {threads: 2}, log: {level: debug}}
env: [{name: RHUMB_LOG_FORMAT, value: json}]
imagePullSecrets: [{name: registry}]
service: {type: LoadBalancer, port: 80, annotations: {a: b}}
persistence: {size: 100Gi, storageClassName: fast, whenDeleted: Delete}
serviceMonitor: {enabled: true, labels: {release: prometheus}}
serviceAccount: {annotations: {c: d}}
podAnnotations: {e: f}
nodeSelector: {disk: nvme}
tolerations: [{key: database, operator: Exists}]
affinity: {nodeAffinity: {}}
"""


@pytest.fixture(scope="session")
def helm():
    found = subprocess.run([HELM], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip(f"no helm: {found.stderr[-300:]}")
    return found.stdout.strip()


@pytest.fixture
def render(helm, tmp_path):
    """Returns the objects of the chart with these values by (kind, name), or the refusal."""

    def run(values):
        file = tmp_path / "values.yaml"
        file.write_text(values)
        chart = [str(CHART), "--values", str(file), "--kube-version", KUBERNETES]
        lint = subprocess.run(
            [helm, "lint", "--strict", *chart], capture_output=True, text=True, check=False
        )
        shown = subprocess.run(
            [helm, "template", "db", *chart], capture_output=True, text=True, check=False
        )
        if shown.returncode != 0:
            return shown.stderr
        assert lint.returncode == 0, lint.stdout
        objects = [o for o in yaml.safe_load_all(shown.stdout) if o]
        return {(o["kind"], o["metadata"]["name"]): o for o in objects}

    return run


def pod_of(objects):
    return objects["StatefulSet", "db-rhumb"]["spec"]["template"]["spec"]


def checked_settings(objects, tmp_path):
    """What rhumbd says of the configuration of the pod."""
    container = pod_of(objects)["containers"][0]
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "rhumb.yaml").write_text("{}\n")
    for name, text in objects["ConfigMap", "db-rhumb"]["data"].items():
        (tmp_path / "conf.d" / name).write_text(text)
    variables = {v["name"]: v.get("value", "a key of the secret") for v in container["env"]}
    config = ["--config", str(tmp_path / "rhumb.yaml"), "--data", str(tmp_path / "data")]
    return subprocess.run(
        [RHUMBD, *config, *container.get("args", []), "--check-config"],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_key_alone_is_enough(render, tmp_path):
    objects = render("auth: {apiKey: secret}")
    assert sorted(kind for kind, _ in objects) == [
        "ConfigMap",
        "PodDisruptionBudget",
        "Secret",
        "Service",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    ]
    assert objects["Secret", "db-rhumb"]["stringData"] == {"api-key": "secret"}
    checked = checked_settings(objects, tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_every_value_reaches_its_object(render, tmp_path):
    objects = render(EVERYTHING)
    pod = pod_of(objects)
    assert pod["nodeSelector"] == {"disk": "nvme"}
    assert pod["tolerations"] == [{"key": "database", "operator": "Exists"}]
    assert pod["affinity"] == {"nodeAffinity": {}}
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    stateful = objects["StatefulSet", "db-rhumb"]["spec"]
    assert stateful["template"]["metadata"]["annotations"]["e"] == "f"
    assert stateful["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete"
    claim = stateful["volumeClaimTemplates"][0]["spec"]
    assert claim["storageClassName"] == "fast"
    assert claim["resources"] == {"requests": {"storage": "100Gi"}}
    service = objects["Service", "db-rhumb"]
    assert service["metadata"]["annotations"] == {"a": "b"}
    assert service["spec"]["type"] == "LoadBalancer"
    assert service["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]
    assert objects["ServiceAccount", "db-rhumb"]["metadata"]["annotations"] == {"c": "d"}
    monitor = objects["ServiceMonitor", "db-rhumb"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert ("Secret", "db-rhumb") not in objects
    names = {
        v["valueFrom"]["secretKeyRef"]["name"]
        for v in pod["containers"][0]["env"]
        if "valueFrom" in v
    }
    assert names == {"keys"}
    settings = yaml.safe_load(objects["ConfigMap", "db-rhumb"]["data"]["chart.yaml"])
    assert settings == {"compaction": {"threads": 2}, "log": {"level": "debug"}}
    checked = checked_settings(objects, tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_selectors_find_the_pod_and_probes_its_port(render):
    objects = render("auth: {insecure: true}\nserviceMonitor: {enabled: true}")
    template = objects["StatefulSet", "db-rhumb"]["spec"]["template"]
    labels = template["metadata"]["labels"].items()
    selectors = [o["spec"]["selector"] for (kind, _), o in objects.items() if kind == "Service"]
    for kind in ("StatefulSet", "PodDisruptionBudget"):
        selectors.append(objects[kind, "db-rhumb"]["spec"]["selector"]["matchLabels"])
    for selector in selectors:
        assert selector and selector.items() <= labels
    # A scrape by both Services would count everything twice.
    endpoint = objects["ServiceMonitor", "db-rhumb"]["spec"]["endpoints"][0]
    ports = [o["spec"]["ports"][0]["name"] for (k, _), o in objects.items() if k == "Service"]
    assert ports.count(endpoint["port"]) == 1
    container = template["spec"]["containers"][0]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == container["ports"][0]["name"]
    assert container["args"] == ["--insecure"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    volumes = {v["name"] for v in template["spec"]["volumes"]} | {"data"}
    assert {m["name"] for m in container["volumeMounts"]} == volumes


def test_another_configuration_restarts_the_pod(render):
    def checksum(values):
        template = render("auth: {apiKey: secret}\n" + values)["StatefulSet", "db-rhumb"]["spec"]
        return template["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum("") == checksum("service: {port: 80}")
    assert checksum("") != checksum("config: {log: {level: debug}}")


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ("", "a key is needed"),
        ("auth: {apiKey: a, existingSecret: b}", "only one of them"),
        ("auth: {apiKey: a, insecure: true}", "contradicts"),
        ("auth: {apiKey: a}\nreplicas: 3", "replicas"),
        ("auth: {apiKey: a}\nservice: {port: 70000}", "port"),
        ("auth: {apiKey: a}\npersistence: {size: big}", "size"),
        ("auth: {apiKey: a}\nterminationGracePeriodSeconds: 5", "terminationGracePeriodSeconds"),
    ],
)
def test_wrong_values_are_refused_by_name(render, values, word):
    refusal = render(values)
    assert isinstance(refusal, str), "it was rendered"
    assert word in refusal


def test_a_setting_that_rhumbd_does_not_know_is_refused(render, tmp_path):
    objects = render("auth: {apiKey: a}\nconfig: {compaction: {threds: 2}}")
    checked = checked_settings(objects, tmp_path)
    assert checked.returncode != 0
    assert "threds" in checked.stderr


def test_the_chart_is_of_the_version_of_the_sources():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version = re.search(r"project\(rhumb VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert chart["appVersion"] == version.group(1)


def test_every_value_is_documented(helm):
    shown = subprocess.run([helm, "show", "values", str(CHART)], capture_output=True, check=True)
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())
    assert set(yaml.safe_load(shown.stdout)) | {"global"} == set(schema["properties"])
