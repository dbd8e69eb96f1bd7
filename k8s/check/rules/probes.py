"""Whoever listens says when it is ready and when it is beyond help; and goes on serving until nobody asks any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from collectors.settings import Settings
from k8s.check.manifests import Finding, Object, Overlay
from k8s.check.pods import Pod, pods
from k8s.check.variables import variables

_DEFAULT_PERIOD_S: Final = 10
_DEFAULT_FAILURES: Final = 3
_DEFAULT_GRACE_S: Final = 30


def check(overlay: Overlay) -> Iterator[Finding]:
    """Containers with ports, in pods that serve. Flink's are watched by Flink and by the operator."""
    for pod in pods(overlay):
        if pod.manifest.kind not in {"Deployment", "StatefulSet"}:
            continue
        for path, container in pod.containers:
            if container.get("ports"):
                yield from _container(overlay, pod, path, container)


def _container(overlay: Overlay, pod: Pod, path: str, container: Object) -> Iterator[Finding]:
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        if probe not in container:
            yield pod.manifest.wrong(f"{path}.{probe}", "missing, though it listens")
    noticed_s, sleep_s = _noticed_s(container.get("readinessProbe", {})), _pre_stop_s(container)
    if sleep_s <= noticed_s:
        yield pod.manifest.wrong(
            f"{path}.lifecycle.preStop",
            f"{sleep_s} s: not longer than the {noticed_s} s in which its readiness is seen to fail",
        )
    grace_s = (pod.spec or {}).get("terminationGracePeriodSeconds", _DEFAULT_GRACE_S)
    needed_s = sleep_s + _drain_s(variables(overlay, container))
    if grace_s <= needed_s:
        yield pod.wrong("terminationGracePeriodSeconds", f"{grace_s} s: preStop and draining take {needed_s} s")


def _drain_s(environ: Mapping[str, str]) -> float:
    """Seconds in which a collector brings to Kafka what it has begun."""
    is_collector = "COLLECTOR_HTTP_PORT" in environ
    return float(environ.get("COLLECTOR_DRAIN_TIMEOUT_S", Settings.drain_timeout_s)) if is_collector else 0


def _noticed_s(probe: Object) -> int:
    period, failures = probe.get("periodSeconds", _DEFAULT_PERIOD_S), probe.get("failureThreshold", _DEFAULT_FAILURES)
    return int(period) * (int(failures) + 1)


def _pre_stop_s(container: Object) -> int:
    return int(container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0))
