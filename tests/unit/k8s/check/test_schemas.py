"""Validation is strict: what the API server would drop without a word is an error here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from k8s.check import schemas
from k8s.check.manifests import Manifest
from tests.support.manifests import said

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"}}
TOPIC = {
    "apiVersion": "kafka.strimzi.io/v1",
    "kind": "KafkaTopic",
    "metadata": {"name": "a"},
    "spec": {"partitions": 1},
}


def found(body: dict[str, Any]) -> list[str]:
    return said(schemas.check_one(Manifest("test.yaml", body)))


@pytest.mark.parametrize(
    ("kind", "version", "file"),
    [
        ("Service", "v1", "kubernetes/service-v1.json"),
        ("Deployment", "apps/v1", "kubernetes/deployment-apps-v1.json"),
        ("NetworkPolicy", "networking.k8s.io/v1", "kubernetes/networkpolicy-networking-v1.json"),
        ("Role", "rbac.authorization.k8s.io/v1", "kubernetes/role-rbac-v1.json"),
        ("HorizontalPodAutoscaler", "autoscaling/v2", "kubernetes/horizontalpodautoscaler-autoscaling-v2.json"),
        ("FlinkDeployment", "flink.apache.org/v1beta1", "flink.apache.org/flinkdeployment_v1beta1.json"),
        ("PodMonitor", "monitoring.coreos.com/v1", "monitoring.coreos.com/podmonitor_v1.json"),
    ],
    ids=lambda value: value,
)
def test_each_kind_has_its_schema(kind: str, version: str, file: str) -> None:
    path = schemas.schema_path(Manifest("test.yaml", {"kind": kind, "apiVersion": version}))
    assert path == schemas.SCHEMAS / file
    assert path.exists()


@pytest.mark.parametrize("body", [CONFIG, TOPIC], ids=["built in", "custom resource"])
def test_a_valid_object_has_no_findings(body: dict[str, Any]) -> None:
    assert found(body) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            CONFIG | {"dta": {}},
            "(object): Additional properties are not allowed ('dta' was unexpected)",
            id="a mistyped field",
        ),
        pytest.param(CONFIG | {"data": {"x": 1}}, "data.x: 1 is not of type", id="a number in a ConfigMap"),
        pytest.param(
            TOPIC | {"spec": {"partitions": 0}}, "spec.partitions: 0 is less than the minimum of 1", id="a limit"
        ),
        pytest.param(
            TOPIC | {"spec": {"partition": 1}}, "spec: Additional properties", id="a mistyped field of Strimzi"
        ),
        pytest.param(
            TOPIC | {"apiVersion": "kafka.strimzi.io/v1beta2"},
            "apiVersion: no schema of kafka.strimzi.io/v1beta2 in k8s/schemas: add it",
            id="a version without schema",
        ),
    ],
)
def test_an_invalid_object_is_told_where_and_why(body: dict[str, Any], message: str) -> None:
    assert [finding for finding in found(body) if finding.startswith(message)] != []


def test_every_schema_says_where_it_comes_from() -> None:
    notice = (schemas.SCHEMAS / "NOTICE").read_text()
    folders = sorted(path.name for path in Path(schemas.SCHEMAS).iterdir() if path.is_dir())
    assert [folder for folder in folders if f"{folder}/" not in notice] == []
    assert "Apache License" in notice
