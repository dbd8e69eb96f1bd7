"""The rules by which the Flink operator accepts a FlinkDeployment: those of its DefaultValidator (1.16).

The operator says them hours later, in the status of the object; here they fail before anything is applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from k8s.check.manifests import Finding, Manifest, Overlay

_NAME: Final = re.compile(r"[a-z]([-a-z\d]{0,43}[a-z\d])?")
_FORBIDDEN: Final = ("kubernetes.namespace", "kubernetes.cluster-id", "high-availability.cluster-id")
_LOG_FILES: Final = frozenset({"log4j-console.properties", "logback-console.xml"})
_CHECKPOINTS: Final = "execution.checkpointing.dir"
_SAVEPOINTS: Final = "execution.checkpointing.savepoint-dir"
_PERIODIC: Final = "kubernetes.operator.periodic.savepoint.interval"
_HA: Final = "high-availability.type"
_ROLLBACK: Final = "kubernetes.operator.deployment.rollback.enabled"
_HEALTH: Final = "kubernetes.operator.cluster.health-check.enabled"
_RECOVERY: Final = "kubernetes.operator.jm-deployment-recovery.enabled"


def check(overlay: Overlay) -> Iterator[Finding]:
    """Every FlinkDeployment."""
    for deployment in overlay.of("FlinkDeployment"):
        options = deployment.spec.get("flinkConfiguration", {})
        yield from _names(deployment, options)
        yield from _options(deployment, options)
        yield from _state(deployment, options)
        yield from _components(deployment, options)


def _names(deployment: Manifest, options: Mapping[str, Any]) -> Iterator[Finding]:
    if not _NAME.fullmatch(deployment.name):
        yield deployment.wrong(
            "metadata.name", "not at most 45 letters in lower case, digits and dashes, a letter first"
        )
    for key in _FORBIDDEN:
        if key in options:
            yield deployment.wrong(f"spec.flinkConfiguration.{key}", "forbidden: the operator's own")
    for key in deployment.spec.get("logConfiguration", {}).keys() - _LOG_FILES:
        yield deployment.wrong(f"spec.logConfiguration.{key}", f"not one of {sorted(_LOG_FILES)}")
    if deployment.spec.get("ingress") is not None:
        yield deployment.wrong("spec.ingress", "opens Flink's REST API, which knows no users and runs programs")


def _options(deployment: Manifest, options: Mapping[str, Any]) -> Iterator[Finding]:
    for key, value in options.items():
        if not isinstance(value, str):
            yield deployment.wrong(f"spec.flinkConfiguration.{key}", "no string: write flat keys and quoted values")
    if _on(options, _ROLLBACK) and not has_ha(options):
        yield deployment.wrong(f"spec.flinkConfiguration.{_ROLLBACK}", f"needs {_HA}")
    if _on(options, _HEALTH) and options.get(_RECOVERY, "true") != "true":
        yield deployment.wrong(f"spec.flinkConfiguration.{_HEALTH}", f"needs {_RECOVERY}")


def _state(deployment: Manifest, options: Mapping[str, Any]) -> Iterator[Finding]:
    job = deployment.spec.get("job")
    if job is None:
        return
    if job.get("upgradeMode") != "stateless" and not options.get(_CHECKPOINTS):
        yield deployment.wrong(f"spec.flinkConfiguration.{_CHECKPOINTS}", "missing: an upgrade finds no state")
    if not options.get(_SAVEPOINTS) and (job.get("upgradeMode") == "savepoint" or _PERIODIC in options):
        yield deployment.wrong(f"spec.flinkConfiguration.{_SAVEPOINTS}", "missing: savepoints have no place")
    if job.get("parallelism", 0) < 1:
        yield deployment.wrong("spec.job.parallelism", "below 1")


def _components(deployment: Manifest, options: Mapping[str, Any]) -> Iterator[Finding]:
    for component in ("jobManager", "taskManager"):
        part = deployment.spec.get(component, {})
        needs = part.get("resources", {})
        if "memory" not in {**needs.get("limits", {}), **needs.get("requests", {})}:
            yield deployment.wrong(f"spec.{component}.resources", "no memory: the operator refuses it")
        if part.get("replicas", 1) < 1:
            yield deployment.wrong(f"spec.{component}.replicas", "below 1")
    if deployment.spec.get("jobManager", {}).get("replicas", 1) > 1 and not has_ha(options):
        yield deployment.wrong("spec.jobManager.replicas", f"above 1 needs {_HA}")


def has_ha(options: Mapping[str, Any]) -> bool:
    """Whether a JobManager that comes back finds its job."""
    return str(options.get(_HA, "NONE")).upper() != "NONE"


def _on(options: Mapping[str, Any], key: str) -> bool:
    return bool(options.get(key, "false") == "true")
