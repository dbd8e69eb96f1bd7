"""Manifests made in a test."""

from __future__ import annotations

from typing import Any

from k8s.check.manifests import Manifest, Overlay


def manifest(kind: str, name: str, spec: Any = None, **others: Any) -> Manifest:
    """An object from no file, labelled as all are."""
    metadata = {"name": name, "labels": {"app.kubernetes.io/part-of": "cdn-usage"}}
    body = {"kind": kind, "metadata": metadata, **others}
    return Manifest("test.yaml", body if spec is None else {**body, "spec": spec})


def overlay(*manifests: Manifest, name: str = "production") -> Overlay:
    """An overlay of these alone."""
    return Overlay(name=name, manifests=manifests)


def deployment(name: str, **pod: Any) -> Manifest:
    """A Deployment whose pods have a label and this specification."""
    labels = {"app.kubernetes.io/name": name}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return manifest("Deployment", name, {"selector": {"matchLabels": labels}, "template": template})


def said(findings: Any) -> list[str]:
    """Findings as paths and reasons."""
    return [f"{finding.path}: {finding.why}" for finding in findings]
