"""Whom a NetworkPolicy is for."""

from __future__ import annotations

from typing import Any

import pytest

from k8s.check.rules.network import selects
from tests.support.manifests import manifest

LABELS = {"app": "enrichment", "component": "taskmanager"}


@pytest.mark.parametrize(
    ("selector", "is_selected"),
    [
        pytest.param({}, True, id="everybody"),
        pytest.param({"matchLabels": {"app": "enrichment"}}, True, id="a label"),
        pytest.param({"matchLabels": {"app": "enrichment", "component": "jobmanager"}}, False, id="one label of two"),
        pytest.param({"matchLabels": {"role": "enrichment"}}, False, id="a label that it lacks"),
        pytest.param(
            {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "enrichment"]}]}, True, id="one of"
        ),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]}, False, id="none of"),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, False, id="an unknown operator"),
    ],
)
def test_a_policy_selects_by_labels_and_expressions(selector: dict[str, Any], *, is_selected: bool) -> None:
    assert selects(manifest("NetworkPolicy", "p", {"podSelector": selector}), LABELS) is is_selected
