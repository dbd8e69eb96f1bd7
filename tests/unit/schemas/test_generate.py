"""The generated modules are what the schema gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas import generate


def test_the_generated_modules_are_current() -> None:
    assert generate.stale_files() == []


def test_the_check_names_a_stale_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(generate, "stale_files", lambda: ["schemas/cdn_logs_pb2.py"])
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "schemas/cdn_logs_pb2.py is not current: run `make schemas` and commit the result\n"
    )


def test_a_schema_that_protoc_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.proto").write_text("message {")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "SCHEMA", "broken.proto")
    with pytest.raises(RuntimeError, match=r"protoc failed on broken\.proto"):
        generate.generate(tmp_path)
