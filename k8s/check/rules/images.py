"""What runs is what was tested: by digest in production, and never whatever a tag says today."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from k8s.check.manifests import Finding, Manifest, Overlay
from k8s.check.pods import pods

#: Overlays that run what was released.
_BY_DIGEST: Final = frozenset({"production"})
_DIGEST: Final = re.compile(r".+@sha256:[0-9a-f]{64}")
_TAG: Final = re.compile(r".+:(?!latest$)[\w.-]+")
#: The operator puts the deployment's image there.
_FLINK_MAIN: Final = "flink-main-container"


def check(overlay: Overlay) -> Iterator[Finding]:
    """Images of all containers and of Flink's clusters."""
    for pod in pods(overlay):
        for path, container in pod.containers:
            if container.get("name") != _FLINK_MAIN:
                yield from _image(overlay, pod.manifest, f"{path}.image", container.get("image", ""))
    for deployment in overlay.of("FlinkDeployment"):
        yield from _image(overlay, deployment, "spec.image", deployment.spec.get("image", ""))


def _image(overlay: Overlay, manifest: Manifest, path: str, image: str) -> Iterator[Finding]:
    if overlay.name in _BY_DIGEST and not _DIGEST.fullmatch(image):
        yield manifest.wrong(path, f"{image!r} has no digest: set one in the images of overlays/{overlay.name}")
    elif not _DIGEST.fullmatch(image) and not _TAG.fullmatch(image):
        yield manifest.wrong(path, f"{image!r} has neither tag nor digest, or the tag latest")
