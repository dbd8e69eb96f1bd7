"""Secrets are references. What stands in a manifest, a ConfigMap or a Flink option is in clear text in many places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from k8s.check.manifests import Finding, Manifest, Overlay
from k8s.check.pods import pods

#: Names of what should be secret; not of the files that hold it.
_SECRET_NAME: Final = re.compile(
    r"(password|passwd|secret|token|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key|jaas)(?!.*(file|folder))",
    re.IGNORECASE,
)
#: A user with a password in an address, or a private key.
_SECRET_VALUE: Final = re.compile(r"://[^/\s:@]+:[^/\s@]+@|PRIVATE KEY-----|password=", re.IGNORECASE)
#: `secret:` in the collectors' file of sources, which must be followed by a reference.
_PLAIN_CREDENTIAL: Final = re.compile(r"^\s*-?\s*secret:\s*(?!\$\{(env|file):)\S+", re.MULTILINE)


def check(overlay: Overlay) -> Iterator[Finding]:
    """Secret objects, variables, ConfigMaps and Flink options."""
    for secret in overlay.of("Secret"):
        yield secret.wrong("(object)", "a Secret in the manifests: make it in the cluster, and refer to it")
    for pod in pods(overlay):
        for path, container in pod.containers:
            given = {each["name"]: each["value"] for each in container.get("env", ()) if "value" in each}
            yield from _pairs(pod.manifest, f"{path}.env", given)
    for config in overlay.of("ConfigMap"):
        data = config.body.get("data") or {}
        yield from _pairs(config, "data", data)
        for name, text in data.items():
            if _PLAIN_CREDENTIAL.search(text):
                yield config.wrong(f"data.{name}", "holds a credential in clear text: refer to a file or variable")
    for deployment in overlay.of("FlinkDeployment"):
        options = deployment.spec.get("flinkConfiguration", {})
        yield from _pairs(deployment, "spec.flinkConfiguration", {key: str(value) for key, value in options.items()})


def _pairs(manifest: Manifest, path: str, pairs: Mapping[str, str]) -> Iterator[Finding]:
    for name, value in pairs.items():
        if _SECRET_NAME.search(name):
            yield manifest.wrong(f"{path}.{name}", "looks like a secret in clear text: use a reference to a Secret")
        elif _SECRET_VALUE.search(value):
            yield manifest.wrong(f"{path}.{name}", "its value holds a password or a key: use a reference to a Secret")
