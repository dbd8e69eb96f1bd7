"""What a container's environment is, as far as the manifests say."""

from __future__ import annotations

from k8s.check.variables import REFERENCE, variables
from tests.support.manifests import manifest, overlay

CONFIG = manifest("ConfigMap", "settings", data={"A": "1", "B": "2"})


def test_config_maps_come_first_and_a_variables_own_value_wins() -> None:
    container = {
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "unknown"}}],
        "env": [{"name": "B", "value": "3"}, {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
    }
    assert variables(overlay(CONFIG), container) == {"A": "1", "B": "3", "C": REFERENCE}


def test_a_container_without_environment_has_none() -> None:
    assert variables(overlay(CONFIG), {}) == {}
