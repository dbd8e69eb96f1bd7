"""Objects are found by kind and name, and a finding says all that one needs to mend it."""

from __future__ import annotations

from tests.support.manifests import manifest, overlay

ONE = manifest("ConfigMap", "settings", data={"A": "1"})
TWO = manifest("Service", "web", {"type": "ClusterIP"})


def test_objects_are_found_by_kind_and_name() -> None:
    both = overlay(ONE, TWO)
    assert list(both.of("Service")) == [TWO]
    assert list(both.of("ConfigMap", "Service")) == [ONE, TWO]
    assert both.find("Service", "web") is TWO
    assert both.find("Service", "settings") is None


def test_a_config_map_that_is_not_there_has_no_data() -> None:
    assert overlay(ONE).config("settings") == {"A": "1"}
    assert overlay(ONE).config("other") == {}
    assert overlay(manifest("ConfigMap", "empty")).config("empty") == {}


def test_an_object_without_specification_has_an_empty_one() -> None:
    assert ONE.spec == {}


def test_a_finding_names_file_kind_name_path_and_reason() -> None:
    assert str(TWO.wrong("spec.type", "not LoadBalancer")) == "test.yaml: Service/web: spec.type: not LoadBalancer"
