"""Every container says what it needs; memory is what it asked for, because what was promised twice is killed."""

from __future__ import annotations

from collections.abc import Iterator

from k8s.check.manifests import Finding, Manifest, Object, Overlay
from k8s.check.pods import pods


def check(overlay: Overlay) -> Iterator[Finding]:
    """Containers, Flink's components, Kafka's node pools and operators."""
    for manifest, path, needs in _all(overlay):
        requests, limits = needs.get("requests", {}), needs.get("limits", {})
        for name in ("cpu", "memory"):
            if name not in requests:
                yield manifest.wrong(f"{path}.requests.{name}", "missing: the scheduler knows nothing of it")
        if limits.get("memory") != requests.get("memory"):
            yield manifest.wrong(
                f"{path}.limits.memory", f"{limits.get('memory')} is not what it asks for ({requests.get('memory')})"
            )


def _all(overlay: Overlay) -> Iterator[tuple[Manifest, str, Object]]:
    for pod in pods(overlay):
        for path, container in pod.containers:
            if container.get("name") != "flink-main-container":
                yield pod.manifest, f"{path}.resources", container.get("resources", {})
    for deployment in overlay.of("FlinkDeployment"):
        for component in ("jobManager", "taskManager"):
            needs = deployment.spec.get(component, {}).get("resources", {})
            yield deployment, f"spec.{component}.resources", needs
    for pool in overlay.of("KafkaNodePool"):
        yield pool, "spec.resources", pool.spec.get("resources", {})
    for kafka in overlay.of("Kafka"):
        for operator in ("topicOperator", "userOperator"):
            needs = kafka.spec.get("entityOperator", {}).get(operator, {}).get("resources", {})
            yield kafka, f"spec.entityOperator.{operator}.resources", needs
