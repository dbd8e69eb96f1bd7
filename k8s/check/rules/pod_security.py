"""The restricted pod security standard of Kubernetes, and a root file system that is read-only, which it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from k8s.check.manifests import Finding, Manifest, Object, Overlay
from k8s.check.pods import Pod, pods

#: The volume types of the restricted standard.
_VOLUMES: Final = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
#: Containers that Strimzi makes, and where their security is set.
_STRIMZI: Final = (
    ("kafka.template", "kafkaContainer"),
    ("kafka.template", "initContainer"),
    ("entityOperator.template", "topicOperatorContainer"),
    ("entityOperator.template", "userOperatorContainer"),
)
_HOST: Final = ("hostNetwork", "hostPID", "hostIPC")
_ENFORCE: Final = "pod-security.kubernetes.io/enforce"


def check(overlay: Overlay) -> Iterator[Finding]:
    """Pods of ours and Strimzi's, and the namespace, which refuses any other."""
    for pod in pods(overlay):
        yield from _pod(pod)
        for path, container in pod.containers:
            yield from _container(pod.manifest, path, container)
    for kafka in overlay.of("Kafka"):
        yield from _kafka(kafka)
    for namespace in overlay.of("Namespace"):
        if namespace.body["metadata"].get("labels", {}).get(_ENFORCE) != "restricted":
            yield namespace.wrong(f"metadata.labels.{_ENFORCE}", "not restricted: any pod would be let in")


def _pod(pod: Pod) -> Iterator[Finding]:
    spec = pod.spec or {}
    yield from _pod_context(pod.manifest, f"{pod.path}.spec.securityContext", spec.get("securityContext", {}))
    for name in _HOST:
        if spec.get(name):
            yield pod.wrong(name, "shares a namespace of the host")
    for volume in spec.get("volumes", ()):
        for kind in volume.keys() - {"name"} - _VOLUMES:
            yield pod.wrong(f"volumes[{volume['name']}]", f"{kind} is no volume of the restricted standard")
    if pod.manifest.kind != "FlinkDeployment" and spec.get("automountServiceAccountToken") is not False:
        yield pod.wrong("automountServiceAccountToken", "not false: a token of the API server that nobody needs")


def _pod_context(manifest: Manifest, path: str, context: Object) -> Iterator[Finding]:
    if context.get("runAsNonRoot") is not True:
        yield manifest.wrong(f"{path}.runAsNonRoot", "not true: it may run as root")
    if context.get("runAsUser", 1) == 0:
        yield manifest.wrong(f"{path}.runAsUser", "0 is root")
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield manifest.wrong(f"{path}.seccompProfile", "not RuntimeDefault: every system call is open")


def _container(manifest: Manifest, path: str, container: Object) -> Iterator[Finding]:
    context, path = container.get("securityContext", {}), f"{path}.securityContext"
    if context.get("allowPrivilegeEscalation") is not False:
        yield manifest.wrong(f"{path}.allowPrivilegeEscalation", "not false: it may become root")
    if "ALL" not in context.get("capabilities", {}).get("drop", ()):
        yield manifest.wrong(f"{path}.capabilities.drop", "not [ALL]: it keeps rights of root")
    if context.get("capabilities", {}).get("add"):
        yield manifest.wrong(f"{path}.capabilities.add", "adds rights of root")
    if context.get("readOnlyRootFilesystem") is not True:
        yield manifest.wrong(f"{path}.readOnlyRootFilesystem", "not true: what breaks in may write programs")
    if context.get("privileged") or context.get("runAsUser", 1) == 0:
        yield manifest.wrong(path, "privileged, or root")


def _kafka(kafka: Manifest) -> Iterator[Finding]:
    for path, name in _STRIMZI:
        if name == "initContainer" and "rack" not in kafka.spec["kafka"]:
            continue  # there is one for racks only
        part, _, key = path.partition(".")
        template = kafka.spec.get(part, {}).get(key, {})
        context = template.get("pod", {}).get("securityContext", {})
        yield from _pod_context(kafka, f"spec.{path}.pod.securityContext", context)
        yield from _container(kafka, f"spec.{path}.{name}", template.get(name, {}))
