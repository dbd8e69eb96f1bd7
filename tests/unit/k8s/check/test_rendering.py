"""What kustomize makes of an overlay, with the file that each object began in."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8s.check import rendering


def test_every_overlay_is_known() -> None:
    assert rendering.overlays() == ["development", "production"]


def test_an_object_knows_its_file_and_the_cluster_does_not() -> None:
    overlay = rendering.render("development")
    collectors = overlay.find("Deployment", "collectors")
    assert collectors is not None
    assert collectors.file == "k8s/base/collectors/deployment.yaml"
    assert "annotations" not in collectors.body["metadata"]


def test_an_overlay_that_kustomize_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    monkeypatch.setattr(rendering, "OVERLAYS", tmp_path)
    with pytest.raises(rendering.RenderFailed, match=r"overlay broken: .*missing\.yaml"):
        rendering.render("broken")


def test_a_machine_without_kubectl_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    with pytest.raises(FileNotFoundError, match="make setup"):
        rendering.kubectl()
