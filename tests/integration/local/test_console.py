"""The console of the stack: started behind its database, open to this machine, gone at the end."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from local import console
from local.ports import free_base, is_open
from local.settings import Settings
from local.stack import Stack


def test_the_console_answers_from_the_stack_s_own_database(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "state", port_base=free_base())
    with Stack(settings, {"postgres", "console"}) as stack:
        assert sorted(stack.running()) == ["console", "postgres"]
        with urllib.request.urlopen(console.url(settings), timeout=10) as answer:
            page = answer.read().decode()
        assert "Open to this machine" in page
        assert "Nothing has been billed yet." in page
        stack.stop_service("console")
        assert (console.running(settings), is_open(settings.ports.console)) == (False, False)
        stack.start_service("console")
        assert console.running(settings)
    assert not is_open(settings.ports.console)
