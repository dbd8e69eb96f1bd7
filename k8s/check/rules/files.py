"""What a pod mounts and refers to is there, and every file that a setting names lies in a folder that is mounted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from k8s.check.manifests import Finding, Object, Overlay
from k8s.check.pods import Pod, pods
from k8s.check.variables import variables

#: Folders in which everything is mounted.
_MOUNTED: Final = re.compile(r"(?<![\w.])(/(?:etc|run)/cdn-usage/[\w./-]+|/var/lib/[\w./-]+)")
#: Named to a program that opens them nowhere itself: operators' commands hand them on to the reprocess job, or read the
#: collectors' file of sources for its parsers.
_HANDED_ON: Final = {"ops": ("/etc/cdn-usage/tls/", "/var/lib/geoip/")}


def check(overlay: Overlay) -> Iterator[Finding]:
    """Volumes, ConfigMaps and paths of all pods."""
    for pod in pods(overlay):
        yield from _volumes(pod)
        yield from _config_maps(overlay, pod)
        for path, container in pod.containers:
            yield from _paths(overlay, pod, path, container)


def _volumes(pod: Pod) -> Iterator[Finding]:
    declared = {volume["name"] for volume in (pod.spec or {}).get("volumes", ())}
    mounted = {mount["name"] for _, container in pod.containers for mount in container.get("volumeMounts", ())}
    for name in sorted(mounted - declared):
        yield pod.wrong("volumes", f"{name} is mounted and not declared")
    for name in sorted(declared - mounted):
        yield pod.wrong(f"volumes[{name}]", "nobody mounts it")


def _config_maps(overlay: Overlay, pod: Pod) -> Iterator[Finding]:
    volumes = [volume["configMap"]["name"] for volume in (pod.spec or {}).get("volumes", ()) if "configMap" in volume]
    sources = [each for _, container in pod.containers for each in container.get("envFrom", ())]
    for name in volumes + [each["configMapRef"]["name"] for each in sources if "configMapRef" in each]:
        if overlay.find("ConfigMap", name) is None:
            yield pod.wrong("(references)", f"there is no ConfigMap {name}")


def _paths(overlay: Overlay, pod: Pod, path: str, container: Object) -> Iterator[Finding]:
    mounts = [mount["mountPath"] for mount in container.get("volumeMounts", ())]
    handed_on = _HANDED_ON.get(container["name"], ())
    for name, text in _texts(overlay, pod, container):
        for file in _MOUNTED.findall(text):
            if not file.startswith(handed_on) and not any(f"{file}/".startswith(f"{mount}/") for mount in mounts):
                yield pod.manifest.wrong(f"{path}.volumeMounts", f"{name} names {file}, which no volume holds")


def _texts(overlay: Overlay, pod: Pod, container: Object) -> Iterator[tuple[str, str]]:
    """All texts that the container's program reads and may find paths in."""
    yield from variables(overlay, container).items()
    for volume in _mounted_config_maps(pod, container):
        yield from overlay.config(volume).items()
    if pod.manifest.kind == "FlinkDeployment" and container["name"] == "flink-main-container":
        yield from _strings(pod.manifest.spec.get("flinkConfiguration", {}))


def _mounted_config_maps(pod: Pod, container: Object) -> Iterator[str]:
    mounted = {mount["name"] for mount in container.get("volumeMounts", ())}
    for volume in (pod.spec or {}).get("volumes", ()):
        if "configMap" in volume and volume["name"] in mounted:
            yield volume["configMap"]["name"]


def _strings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((name, str(value)) for name, value in options.items())
