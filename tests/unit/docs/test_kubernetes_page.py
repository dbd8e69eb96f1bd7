"""The page on Kubernetes names every Secret that somebody has to make, with its keys, and nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from k8s.check import rendering
from k8s.check.manifests import Overlay
from k8s.check.pods import pods
from k8s.check.rendering import ROOT

PAGE = (ROOT / "docs" / "operations" / "kubernetes.md").read_text()
#: `| secret | keys | read by |`, the first column empty where a Secret has several rows.
ROW = re.compile(r"^\| (?:`([a-z-]+)`)? ?\| (.+?) \| [^|]+ \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def production() -> Overlay:
    return rendering.render("production")


def documented() -> dict[str, str]:
    """What the table of Secrets says of each one's keys."""
    table = PAGE[PAGE.index("| Secret | keys |") :].partition("\n\n")[0]
    found: dict[str, str] = {}
    name = ""
    for given, keys in ROW.findall(table):
        name = given or name
        found[name] = f"{found.get(name, '')} {keys}"
    return found


def referred_to(overlay: Overlay) -> Iterator[tuple[str, str]]:
    """Name and key of every reference to a Secret; the key empty where all of it is mounted."""
    strimzis = {f"{each.name}-cluster-ca-cert" for each in overlay.of("Kafka")} | {
        each.name for each in overlay.of("KafkaUser")
    }
    for pod in pods(overlay):
        for name, key in [*_variables(pod.containers), *_volumes(pod.spec or {})]:
            if name not in strimzis:
                yield name, key


def _variables(containers: list[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    for _, container in containers:
        references = (each.get("valueFrom", {}).get("secretKeyRef") for each in container.get("env", ()))
        yield from ((each["name"], each["key"]) for each in references if each)


def _volumes(spec: Any) -> Iterator[tuple[str, str]]:
    for volume in spec.get("volumes", ()):
        secret = volume.get("secret", {})
        keys = [item["key"] for item in secret.get("items", ())] or [""]
        yield from ((secret["secretName"], key) for key in keys if secret)


def test_every_secret_that_is_referred_to_is_documented_with_its_keys(production: Overlay) -> None:
    table = documented()
    missing = {(name, key) for name, key in referred_to(production) if key not in table.get(name, "(no row)")}
    assert missing == set()


def test_no_secret_is_asked_for_that_nobody_reads(production: Overlay) -> None:
    assert set(documented()) - {name for name, _ in referred_to(production)} == set()


def test_every_option_that_the_page_explains_has_that_value(production: Overlay) -> None:
    kafka = production.find("Kafka", "cdn-logs")
    assert kafka is not None
    assert f"{kafka.spec['kafka']['config']['min.insync.replicas']} in sync" in PAGE
    jobs = [each.spec["flinkConfiguration"] for each in production.of("FlinkDeployment") if "job" in each.spec]
    for options in jobs:
        assert options["kubernetes.operator.deployment.readiness.timeout"] == "15 min"
        assert options["kubernetes.operator.periodic.savepoint.interval"] == "6h"
        assert options["kubernetes.operator.savepoint.history.max.age"] == "7 d"
        assert options["kubernetes.operator.cluster.health-check.checkpoint-progress.window"] == "45 min"


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(k8s/[\w./-]+|tests/[\w./-]+)`", PAGE))))
def test_every_path_exists(path: str) -> None:
    assert (ROOT / path).exists()
