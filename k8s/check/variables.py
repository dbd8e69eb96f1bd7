"""The environment of a container, as far as the manifests hold it."""

from __future__ import annotations

from typing import Final

from k8s.check.manifests import Object, Overlay

#: Stands for the value of a variable that comes from a Secret.
REFERENCE: Final = "(a reference)"


def variables(overlay: Overlay, container: Object) -> dict[str, str]:
    """Name and value of every variable; later ones win, as in the cluster."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        if "configMapRef" in source:
            found |= overlay.config(source["configMapRef"]["name"])
    for each in container.get("env", ()):
        found[each["name"]] = each.get("value", REFERENCE)
    return found
