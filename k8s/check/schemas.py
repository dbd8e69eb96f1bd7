"""Strict validation: what the API server would refuse, and what it would silently drop (a mistyped field)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from k8s.check.manifests import Finding, Manifest, Overlay

SCHEMAS: Final = Path(__file__).resolve().parents[1] / "schemas"
_BUILT_IN: Final = "kubernetes"
_DEFINITIONS: Final = "_definitions.json"


def check(overlay: Overlay) -> Iterator[Finding]:
    """Every object against the schema of its kind."""
    for manifest in overlay.manifests:
        yield from check_one(manifest)


def check_one(manifest: Manifest) -> Iterator[Finding]:
    """One object against the schema of its kind; an object without a schema is not valid either."""
    path = schema_path(manifest)
    if not path.exists():
        yield manifest.wrong("apiVersion", f"no schema of {manifest.body.get('apiVersion')} in k8s/schemas: add it")
        return
    for error in _validator(path).iter_errors(manifest.body):
        leaf = _leaf(error)
        yield manifest.wrong(".".join(str(part) for part in leaf.absolute_path) or "(object)", leaf.message)


def schema_path(manifest: Manifest) -> Path:
    """Where the schema of an object's kind lies: <group>/<kind>_<version>.json, Kubernetes' own under kubernetes/."""
    group, _, version = str(manifest.body.get("apiVersion", "")).rpartition("/")
    kind = manifest.kind.lower()
    if "." in group and not group.endswith(".k8s.io"):
        return SCHEMAS / group / f"{kind}_{version}.json"
    parts = [kind, group.partition(".")[0], version]
    return SCHEMAS / _BUILT_IN / f"{'-'.join(filter(None, parts))}.json"


def _leaf(error: ValidationError) -> ValidationError:
    """Of alternatives that all fail, the failure that says most."""
    found = best_match([error])
    return error if found is None else found


@cache
def _validator(path: Path) -> Draft7Validator:
    return Draft7Validator(_load(path), registry=_registry())


@cache
def _registry() -> Registry[Any]:
    definitions = Resource.from_contents(_load(SCHEMAS / _BUILT_IN / _DEFINITIONS), default_specification=DRAFT7)
    registry: Registry[Any] = Registry().with_resource(_DEFINITIONS, definitions)
    return registry


def _load(path: Path) -> Any:
    return json.loads(path.read_text())
