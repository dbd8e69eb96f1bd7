"""Generated manifests are what their sources make, comments included."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from k8s import generate
from local.flink_home import read_options

OPTIONS = """\
# What it is.

# Why.
a.timeout: 5 min
a.count: 3
a.switch: true
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    file = tmp_path / "options.yaml"
    file.write_text(OPTIONS)
    return file


def test_options_become_quoted_strings_and_keep_their_reasons(source: Path) -> None:
    assert generate.flink_deployment("enrichment", source) == (
        "# Made of options.yaml by `python -m k8s.generate`: change that, not this.\n"
        "apiVersion: flink.apache.org/v1beta1\n"
        "kind: FlinkDeployment\n"
        "metadata:\n"
        "  name: enrichment\n"
        "spec:\n"
        "  flinkConfiguration:\n"
        "    # What it is.\n"
        "\n"
        "    # Why.\n"
        '    a.timeout: "5 min"\n'
        '    a.count: "3"\n'
        '    a.switch: "true"\n'
    )


def test_nothing_generated_is_stale() -> None:
    assert list(generate.stale()) == [], f"run `{generate.COMMAND}`"


@pytest.mark.parametrize("name", generate.CLUSTERS)
def test_a_generated_cluster_has_the_options_that_tests_run_with(name: str) -> None:
    file = generate.ROOT / "k8s" / "base" / "flink" / "generated" / f"{name}.yaml"
    options = yaml.safe_load(file.read_text())["spec"]["flinkConfiguration"]
    tested = read_options(generate.ROOT / "flink-conf" / f"{name}.yaml")
    assert options == {key: value.lower() if value in {"True", "False"} else value for key, value in tested.items()}


def test_alerts_are_those_of_prometheus_own_rule_file() -> None:
    rule = yaml.safe_load((generate.ALERTS.parent / "generated" / "alerts.yaml").read_text())
    assert rule["spec"] == yaml.safe_load(generate.ALERTS.read_text())


def test_a_stale_file_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "generated", lambda: {tmp_path / "new" / "a.yaml": "a: 1\n"})
    assert generate.main() == 0
    assert generate.main() == 0
    assert (tmp_path / "new" / "a.yaml").read_text() == "a: 1\n"
    assert capsys.readouterr().out == "wrote new/a.yaml\n"
