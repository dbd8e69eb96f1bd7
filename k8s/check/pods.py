"""Every pod that the manifests ask for, whichever kind of object asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from k8s.check.manifests import Finding, Manifest, Object, Overlay

_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "FlinkDeployment": ("spec", "podTemplate"),
}
#: What Strimzi's pods of a cluster are called; each has labels of its own.
_KAFKA_COMPONENTS = {"kafka": "Kafka", "entity-operator": "Kafka"}


@dataclass(frozen=True)
class Pod:
    """A pod specification and the labels that its pods have. `spec` is None where Strimzi makes it."""

    manifest: Manifest
    path: str
    labels: Mapping[str, str]
    spec: Object | None

    @property
    def containers(self) -> list[tuple[str, Object]]:
        """All containers, init containers first, each with its path."""
        spec = self.spec or {}
        kinds = ("initContainers", "containers")
        return [
            (f"{self.path}.spec.{kind}[{container.get('name', number)}]", container)
            for kind in kinds
            for number, container in enumerate(spec.get(kind, ()))
        ]

    def wrong(self, path: str, why: str) -> Finding:
        """Something wrong with its specification; `path` is below the specification."""
        return self.manifest.wrong(f"{self.path}.spec.{path}", why)


def pods(overlay: Overlay) -> Iterator[Pod]:
    """All pods whose specification is ours."""
    for manifest in overlay.of(*_TEMPLATES):
        template, path = _template(manifest)
        labels = template.get("metadata", {}).get("labels", {})
        yield Pod(manifest, path, labels | _flink_labels(manifest, "jobmanager"), template.get("spec", {}))


def all_pods(overlay: Overlay) -> Iterator[Pod]:
    """All pods with their labels: of Flink both components, and those that Strimzi makes."""
    for pod in pods(overlay):
        yield pod
        if pod.manifest.kind == "FlinkDeployment":
            labels = {**pod.labels, **_flink_labels(pod.manifest, "taskmanager")}
            yield Pod(pod.manifest, pod.path, labels, pod.spec)
    for manifest in overlay.of("Kafka"):
        for component, kind in _KAFKA_COMPONENTS.items():
            labels = {
                "strimzi.io/cluster": manifest.name,
                "strimzi.io/kind": kind,
                "strimzi.io/component-type": component,
            }
            yield Pod(manifest, "spec", labels, None)


def _template(manifest: Manifest) -> tuple[Object, str]:
    path = _TEMPLATES[manifest.kind]
    template = manifest.body
    for key in path:
        template = template.get(key) or {}
    return template, ".".join(path)


def _flink_labels(manifest: Manifest, component: str) -> dict[str, str]:
    """The labels that the operator gives, whatever the template says."""
    return {"app": manifest.name, "component": component} if manifest.kind == "FlinkDeployment" else {}
