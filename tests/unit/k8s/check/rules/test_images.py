"""Which names of images are let in where."""

from __future__ import annotations

import pytest

from k8s.check.rules import images
from tests.support.manifests import deployment, overlay, said

DIGEST = f"registry.example.com/a@sha256:{'0' * 64}"


def found(image: str, where: str) -> list[str]:
    return said(images.check(overlay(deployment("a", containers=[{"name": "a", "image": image}]), name=where)))


@pytest.mark.parametrize("image", [DIGEST, "a:1.0", "registry:5000/a:development"])
def test_a_tag_or_a_digest_will_do_in_development(image: str) -> None:
    assert found(image, "development") == []


@pytest.mark.parametrize("image", ["a", "a:latest", "registry.example.com/a", ""])
def test_whatever_is_newest_will_do_nowhere(image: str) -> None:
    assert len(found(image, "development")) == len(found(image, "production")) == 1


@pytest.mark.parametrize("image", ["a:1.0", f"a@sha256:{'0' * 63}", "a:sha256"])
def test_production_wants_a_whole_digest(image: str) -> None:
    assert len(found(image, "production")) == 1


def test_a_digest_will_do_in_production() -> None:
    assert found(DIGEST, "production") == []
