"""Every rule can fail: each planted error is found, by its own message, and only because it was planted."""

from __future__ import annotations

import pytest

from k8s.check.__main__ import findings
from k8s.check.manifests import Overlay
from k8s.check.planted import ERRORS, Planted, plant
from k8s.check.rules import RULES


@pytest.mark.parametrize("error", ERRORS, ids=[f"{error.kind}: {error.title}" for error in ERRORS])
def test_a_planted_error_is_found(production: Overlay, error: Planted) -> None:
    said = [str(finding) for finding in findings(plant(production, error))]
    assert any(error.expected in finding for finding in said), said


def test_planting_changes_no_other_overlay(production: Overlay) -> None:
    for error in ERRORS:
        plant(production, error)
    assert findings(production) == []


def test_every_rule_finds_an_error_that_is_planted_for_it(production: Overlay) -> None:
    silent = {rule.__module__ for rule in RULES}
    for error in ERRORS:
        overlay = plant(production, error)
        silent -= {rule.__module__ for rule in RULES if _finds(rule, overlay)}
    assert silent == set()


def _finds(rule: object, overlay: Overlay) -> bool:
    try:
        return any(True for _ in rule(overlay))  # type: ignore[operator]  # a Rule
    except (AttributeError, KeyError, TypeError, ValueError):
        return False  # rules trust the shape of objects; this one has lost it


def test_no_two_errors_have_one_title() -> None:
    titles = [(error.kind, error.title) for error in ERRORS]
    assert sorted(set(titles)) == sorted(titles)
