"""The command: whom it asks, what it says, how it exits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from collectors.completeness.minutes import Report, SourceStatus
from ops import sources
from ops.collectors import NoAnswer
from ops.settings import InvalidSetting
from ops.sources import Settings, from_environment, main

ONE, OTHER = "http://one:8080", "https://other"


def report(*, silent: bool) -> Report:
    status = SourceStatus(
        id="acme", last_delivery_ms=None, quiet_s=1_000, silent_after_s=900, silent=silent, minutes=[]
    )
    return Report(started_ms=0, now_ms=1_000_000, sources=[status])


@pytest.mark.parametrize(
    ("answers", "status", "said"),
    [
        ([report(silent=False)], 0, "sources: 1 by 1 collectors, silent: none\n"),
        ([report(silent=True)], 1, "sources: 1 by 1 collectors, silent: acme\n"),
        ([report(silent=True), report(silent=False)], 0, "sources: 1 by 2 collectors, silent: none\n"),
        ([report(silent=True), NoAnswer(f"{OTHER}: refused")], 2, "sources: 1 by 1 collectors, silent: acme\n"),
        ([NoAnswer(f"{OTHER}: refused")], 2, "sources: 0 by 0 collectors, silent: none\n"),
    ],
    ids=["well", "silent", "silent on one alone", "silent but for who knows whom", "nobody there"],
)
def test_the_status_says_whether_a_source_is_silent(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers: list[Report | NoAnswer],
    status: int,
    said: str,
) -> None:
    asked: list[tuple[Sequence[str], str | None]] = []

    def ask(urls: Sequence[str], token: str | None) -> list[Report | NoAnswer]:
        asked.append((urls, token))
        return answers

    monkeypatch.setattr(sources, "ask", ask)
    monkeypatch.delenv("COLLECTOR_STATUS_TOKEN_FILE", raising=False)
    assert main(["--collector", ONE, "--collector", OTHER]) == status
    output = capsys.readouterr()
    assert output.out.endswith(said)
    assert ("no answer from https://other: refused" in output.err) is (status == 2)
    assert asked == [((ONE, OTHER), None)]


def test_nobody_to_ask_is_an_error_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPS_COLLECTORS", raising=False)
    assert main([]) == 2
    assert capsys.readouterr().err == ("sources: no collector to ask: give --collector URL, or set OPS_COLLECTORS\n")


def test_arguments_come_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-an-operator-1\nof-an-operator-2\n")
    environ = {"OPS_COLLECTORS": f"{ONE} {OTHER}", "COLLECTOR_STATUS_TOKEN_FILE": str(tmp_path / "token")}
    assert from_environment([], environ) == Settings(urls=(ONE, OTHER), token="of-an-operator-1")
    assert from_environment([OTHER], environ).urls == (OTHER,)


@pytest.mark.parametrize(
    ("urls", "token", "complaint"),
    [
        (["collector:8080"], None, "'collector:8080' is no base URL of a collector"),
        ([ONE], "", "is empty; it must hold a token"),
        ([ONE], ..., "COLLECTOR_STATUS_TOKEN_FILE: No such file or directory"),
    ],
    ids=["no scheme", "an empty file", "no file"],
)
def test_a_wrong_setting_is_named(tmp_path: Path, urls: list[str], token: str | None, complaint: str) -> None:
    file = tmp_path / "token"
    if isinstance(token, str):
        file.write_text(token)
    environ = {} if token is None else {"COLLECTOR_STATUS_TOKEN_FILE": str(file)}
    with pytest.raises(InvalidSetting, match=complaint):
        from_environment(urls, environ)
