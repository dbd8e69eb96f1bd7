"""Nothing talks to anything, unless a policy says so: default deny, and both directions of every pod thought of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from k8s.check.manifests import Finding, Manifest, Object, Overlay
from k8s.check.pods import Pod, all_pods

_DIRECTIONS: Final = ("Ingress", "Egress")
#: For every pod alike: they speak for none in particular.
_GENERAL: Final = frozenset({"default-deny", "dns"})


def check(overlay: Overlay) -> Iterator[Finding]:
    """A default deny of both directions, policies of its own for every pod, and its ports among those let in."""
    policies = list(overlay.of("NetworkPolicy"))
    if not any(_denies_all(policy) for policy in policies):
        for namespace in overlay.of("Namespace"):
            yield namespace.wrong("(namespace)", "no NetworkPolicy denies by default, in both directions, for all pods")
    for pod in all_pods(overlay):
        own = [policy for policy in policies if policy.name not in _GENERAL and selects(policy, pod.labels)]
        yield from _directions(pod, own)
        yield from _ports(pod, own)


def selects(policy: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether a policy is for pods with these labels."""
    return _matches(policy.spec.get("podSelector", {}), labels)


def _directions(pod: Pod, policies: list[Manifest]) -> Iterator[Finding]:
    for direction in _DIRECTIONS:
        # What comes in to Kafka is governed by the policies that Strimzi makes of the listeners' networkPolicyPeers.
        if pod.manifest.kind == "Kafka" and direction == "Ingress":
            continue
        if not any(direction in policy.spec.get("policyTypes", ()) for policy in policies):
            yield pod.manifest.wrong(pod.path, f"no NetworkPolicy of its own for {direction} of {dict(pod.labels)}")


def _ports(pod: Pod, policies: list[Manifest]) -> Iterator[Finding]:
    let_in = {
        port.get("port")
        for policy in policies
        for rule in policy.spec.get("ingress", ())
        for port in rule.get("ports", ())
    }
    for path, container in pod.containers:
        for port in container.get("ports", ()):
            if port["containerPort"] not in let_in:
                yield pod.manifest.wrong(f"{path}.ports", f"no NetworkPolicy lets {port['containerPort']} in")


def _denies_all(policy: Manifest) -> bool:
    spec = policy.spec
    open_ = spec.get("ingress") or spec.get("egress")
    return spec.get("podSelector") == {} and set(spec.get("policyTypes", ())) == set(_DIRECTIONS) and not open_


def _matches(selector: Object, labels: Mapping[str, str]) -> bool:
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_expression(each, labels) for each in selector.get("matchExpressions", ()))


def _expression(expression: Object, labels: Mapping[str, str]) -> bool:
    """The operator In; the manifests use no other."""
    return expression["operator"] == "In" and labels.get(expression["key"]) in expression["values"]
