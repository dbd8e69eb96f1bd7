"""Asking before something is changed."""

from __future__ import annotations

import pytest

from ops import consent


@pytest.mark.parametrize(
    ("answer", "consents"),
    [("y", True), (" YES ", True), ("n", False), ("", False), ("yesterday", False)],
)
def test_only_a_yes_is_a_yes(answer: str, consents: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def reply(prompt: str) -> str:
        asked.append(prompt)
        return answer

    monkeypatch.setattr("builtins.input", reply)
    assert consent.ask("Replace them?") is consents
    assert asked == ["Replace them? [y/N] "]


def test_where_nobody_is_there_to_be_asked_it_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_terminal(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", no_terminal)
    assert not consent.ask("Replace them?")
