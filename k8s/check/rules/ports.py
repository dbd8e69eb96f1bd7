"""Where a collector listens, by its own settings and sources, is where its pod, Services and monitors look for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import yaml

from k8s.check.manifests import Finding, Manifest, Object, Overlay
from k8s.check.pods import Pod, pods
from k8s.check.variables import variables

_HTTP_PORT: Final = "COLLECTOR_HTTP_PORT"
_SOURCES: Final = "collectors-sources"


def check(overlay: Overlay) -> Iterator[Finding]:
    """Ports of collectors, then names of ports everywhere."""
    deployment = overlay.find("Deployment", "collectors")
    if deployment is not None:
        yield from _collectors(overlay, deployment)
    for service in overlay.of("Service"):
        named = set(_named_ports(overlay, service))
        for port in service.spec.get("ports", ()):
            if port.get("targetPort") not in named:
                why = f"no container that it selects has a port {port.get('targetPort')}"
                yield service.wrong(f"spec.ports[{port['name']}].targetPort", why)


def _named_ports(overlay: Overlay, service: Manifest) -> Iterator[str]:
    selector = service.spec.get("selector", {}).items()
    for pod in pods(overlay):
        if selector <= pod.labels.items():
            yield from (port["name"] for _, container in pod.containers for port in container.get("ports", ()))


def _collectors(overlay: Overlay, deployment: Manifest) -> Iterator[Finding]:
    pod = next(pod for pod in pods(overlay) if pod.manifest is deployment)
    path, container = pod.containers[-1]
    open_ = {port["containerPort"] for port in container.get("ports", ())}
    listens = {int(variables(overlay, container).get(_HTTP_PORT, 8080))} | _syslog_ports(overlay, pod)
    for port in sorted(listens - open_):
        yield deployment.wrong(f"{path}.ports", f"a collector listens on {port}, which is not among them")
    for port in sorted(open_ - listens):
        yield deployment.wrong(f"{path}.ports", f"no setting and no source makes a collector listen on {port}")
    served = {port.get("targetPort") for service in overlay.of("Service") for port in service.spec["ports"]}
    for port in container.get("ports", ()):
        if not served & {port["name"], port["containerPort"]}:
            yield deployment.wrong(f"{path}.ports[{port['name']}]", "no Service leads there")


def _syslog_ports(overlay: Overlay, pod: Pod) -> set[int]:
    listeners = [source.get("listener", {}) for source in _sources(overlay, pod)]
    return {listener["port"] for listener in listeners if "port" in listener}


def _sources(overlay: Overlay, pod: Pod) -> list[Object]:
    names = [volume["configMap"]["name"] for volume in (pod.spec or {})["volumes"] if "configMap" in volume]
    texts = [overlay.config(name).get("sources.yaml") for name in names if name.startswith(_SOURCES)]
    return [source for text in texts if text for source in yaml.safe_load(text)["sources"]]
