"""Every overlay, rendered once: kustomize takes a second for each."""

from __future__ import annotations

import pytest

from k8s.check import planted, rendering
from k8s.check.manifests import Overlay


@pytest.fixture(scope="session")
def rendered() -> dict[str, Overlay]:
    return {name: rendering.render(name) for name in rendering.overlays()}


@pytest.fixture(scope="session")
def production(rendered: dict[str, Overlay]) -> Overlay:
    """The overlay that errors are planted into."""
    return rendered[planted.OVERLAY]
