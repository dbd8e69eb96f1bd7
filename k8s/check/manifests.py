"""Rendered objects, and what is found wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """One rendered object, and the file that it began in."""

    file: str
    body: Object

    @property
    def kind(self) -> str:
        """Its kind, such as Deployment."""
        return str(self.body.get("kind"))

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.body.get("metadata", {}).get("name"))

    @property
    def spec(self) -> Object:
        """Its specification; empty where it has none."""
        return dict(self.body.get("spec") or {})

    def wrong(self, path: str, why: str) -> Finding:
        """Something wrong with it; `path` says where, with dots."""
        return Finding(manifest=self, path=path, why=why)


@dataclass(frozen=True)
class Overlay:
    """All that one overlay renders."""

    name: str
    manifests: tuple[Manifest, ...]

    def of(self, *kinds: str) -> Iterator[Manifest]:
        """The objects of these kinds."""
        return (manifest for manifest in self.manifests if manifest.kind in kinds)

    def find(self, kind: str, name: str) -> Manifest | None:
        """The object of that kind and name."""
        return next((manifest for manifest in self.of(kind) if manifest.name == name), None)

    def config(self, name: str) -> Mapping[str, str]:
        """Data of the ConfigMap of that name; empty where there is none."""
        found = self.find("ConfigMap", name)
        return {} if found is None else found.body.get("data") or {}


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where: enough to mend it without a search."""

    manifest: Manifest
    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.manifest.file}: {self.manifest.kind}/{self.manifest.name}: {self.path}: {self.why}"
