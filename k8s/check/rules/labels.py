"""Everything can be found by what it belongs to, and every selector finds something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from k8s.check.manifests import Finding, Manifest, Object, Overlay
from k8s.check.pods import all_pods

_PART_OF: Final = "app.kubernetes.io/part-of"
_CLUSTER: Final = "strimzi.io/cluster"
_OF_A_CLUSTER: Final = frozenset({"KafkaNodePool", "KafkaTopic", "KafkaUser"})


def check(overlay: Overlay) -> Iterator[Finding]:
    """Labels of all objects, and what Services, budgets and Deployments select."""
    clusters = {kafka.name for kafka in overlay.of("Kafka")}
    for manifest in overlay.manifests:
        labels = manifest.body["metadata"].get("labels", {})
        if labels.get(_PART_OF) != "cdn-usage":
            yield manifest.wrong(f"metadata.labels.{_PART_OF}", "not cdn-usage")
        if manifest.kind in _OF_A_CLUSTER and labels.get(_CLUSTER) not in clusters:
            yield manifest.wrong(f"metadata.labels.{_CLUSTER}", f"{labels.get(_CLUSTER)!r} is no cluster here")
    pods = [pod.labels for pod in all_pods(overlay)]
    for manifest in overlay.of("Service", "PodDisruptionBudget", "Deployment"):
        yield from _selector(manifest, pods)


def _selector(manifest: Manifest, pods: list[Mapping[str, str]]) -> Iterator[Finding]:
    selector = manifest.spec.get("selector", {})
    wanted = selector if manifest.kind == "Service" else selector.get("matchLabels", {})
    if not any(_has(labels, wanted) for labels in pods):
        yield manifest.wrong("spec.selector", f"{wanted} selects no pod")


def _has(labels: Mapping[str, str], wanted: Object) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items())
