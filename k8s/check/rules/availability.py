"""What is there more than once stays there: over drains, over the loss of a machine, and however a client comes in."""

from __future__ import annotations

from collections.abc import Iterator

from k8s.check.manifests import Finding, Manifest, Overlay


def check(overlay: Overlay) -> Iterator[Finding]:
    """Deployments that scale, Kafka's node pools, and the syslog Service."""
    for deployment in overlay.of("Deployment"):
        scaler = _scaler(overlay, deployment)
        if scaler is None and deployment.spec.get("replicas", 1) == 1:
            continue
        yield from _budget(overlay, deployment)
        yield from _spread(deployment, deployment.spec["template"]["spec"])
        if scaler is not None and "replicas" in deployment.spec:
            yield deployment.wrong("spec.replicas", "the autoscaler's: every `kubectl apply` would set it back")
    for pool in overlay.of("KafkaNodePool"):
        yield from _spread(pool, pool.spec.get("template", {}).get("pod", {}), "spec.template.pod")
    for service in overlay.of("Service"):
        yield from _syslog(service)


def _scaler(overlay: Overlay, deployment: Manifest) -> Manifest | None:
    return next(
        (each for each in overlay.of("HorizontalPodAutoscaler") if _target(each) == ("Deployment", deployment.name)),
        None,
    )


def _target(scaler: Manifest) -> tuple[str, str]:
    reference = scaler.spec["scaleTargetRef"]
    return reference["kind"], reference["name"]


def _budget(overlay: Overlay, deployment: Manifest) -> Iterator[Finding]:
    selector = deployment.spec["selector"]
    if not any(budget.spec.get("selector") == selector for budget in overlay.of("PodDisruptionBudget")):
        yield deployment.wrong("spec.selector", "no PodDisruptionBudget selects it: a drain may take all at once")


def _spread(manifest: Manifest, spec: dict[str, object], path: str = "spec.template.spec") -> Iterator[Finding]:
    constraints = spec.get("topologySpreadConstraints")
    keys = {each["topologyKey"] for each in constraints} if isinstance(constraints, list) else set()
    for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname"):
        if key not in keys:
            yield manifest.wrong(f"{path}.topologySpreadConstraints", f"none for {key}: all may stand on one")


def _syslog(service: Manifest) -> Iterator[Finding]:
    is_syslog = any(str(port.get("name", "")).startswith("syslog") for port in service.spec.get("ports", ()))
    if is_syslog and service.spec.get("externalTrafficPolicy") != "Local":
        yield service.wrong(
            "spec.externalTrafficPolicy", "not Local: collectors would see a machine's address and not the sender's"
        )
