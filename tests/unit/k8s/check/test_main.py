"""The check as CI runs it: every overlay is valid, every planted error found, and the last line says so."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from k8s import generate
from k8s.check import __main__ as program
from k8s.check import planted, rendering
from k8s.check.manifests import Overlay
from k8s.check.planted import Planted, plant

ERROR = Planted("root", "Deployment", "collectors", ("spec", "template", "spec", "hostPID"), True, "a namespace")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, rendered: dict[str, Overlay]) -> None:
    """Overlays are rendered already, and one planted error is enough here: test_planted.py has all."""
    monkeypatch.setattr(rendering, "render", rendered.__getitem__)
    monkeypatch.setattr(planted, "ERRORS", (ERROR,))


def test_the_manifests_are_valid(capsys: pytest.CaptureFixture[str], rendered: dict[str, Overlay]) -> None:
    assert program.main() == 0
    counts = {name: len(overlay.manifests) for name, overlay in rendered.items()}
    assert capsys.readouterr().out.splitlines() == [
        *(f"overlay {name}: {count} objects, 0 invalid" for name, count in counts.items()),
        "planted errors: 1, found: 1",
        f"k8s: objects={sum(counts.values())} invalid=0",
    ]


def test_an_invalid_object_is_named_with_file_path_and_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, rendered: dict[str, Overlay]
) -> None:
    monkeypatch.setattr(rendering, "render", lambda name: plant(rendered[name], ERROR))
    assert program.main() == 1
    out = capsys.readouterr().out
    assert (
        "overlay production: k8s/base/collectors/deployment.yaml: Deployment/collectors: spec.template.spec.hostPID:"
        " shares a namespace of the host\n" in out
    )
    assert re.fullmatch(r"k8s: objects=\d+ invalid=2", out.splitlines()[-1])


def test_an_error_that_no_rule_finds_fails_the_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted, "ERRORS", (ERROR, replace(ERROR, title="harmless", value=False)))
    assert program.main() == 1
    assert "planted and not found: harmless ('a namespace')" in capsys.readouterr().out


def test_a_generated_file_that_is_stale_counts_as_invalid(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = generate.ROOT / "k8s" / "base" / "flink" / "generated" / "enrichment.yaml"
    monkeypatch.setattr(generate, "stale", lambda: iter([Path(stale)]))
    assert program.main() == 1
    out = capsys.readouterr().out
    assert "k8s/base/flink/generated/enrichment.yaml: not what its source makes: run `python -m k8s.generate`" in out
    assert out.splitlines()[-1].endswith(" invalid=1")
