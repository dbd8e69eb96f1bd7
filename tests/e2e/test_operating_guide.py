"""Contract: whoever follows docs/operations/README.md, command by command, comes from nothing to a bill."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from local.ports import free_base
from local.settings import ROOT, Settings
from local.sql import run
from local.stack import Stack
from tests.e2e.waiting import until

pytestmark = [pytest.mark.timeout(900), pytest.mark.release]

PAGE: Final = (ROOT / "docs" / "operations" / "README.md").read_text()
#: What the local stack has done already, or does at the end.
NOT_HERE: Final = ("make ", "set -a", "DATABASE_DSN")
#: What they have to do depends on the day, and nobody is there to say yes: status 1 will do.
OF_OTHER_DAYS: Final = ("ops.reprocess", "ops.close")
BILL: Final = "SELECT environment_id, asset_id, tier, delivered_ms FROM billable_usage"


def commands() -> list[str]:
    """The commands of the section, each with its further lines."""
    _, _, section = PAGE.partition("## From zero to a bill\n")
    section, _, _ = section.partition("\n## ")
    shown = "\n".join(line for line in section.splitlines() if line.startswith("    ") or not line)
    each = re.split(r"^    (?! )", shown, flags=re.MULTILINE)
    return [command.strip() for command in each if command.strip() and not command.startswith(NOT_HERE)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Stack]:
    """What `make up` starts, in a folder and on ports of its own."""
    settings = Settings(state=tmp_path / "state", port_base=free_base())
    chosen = {"LOCAL_STATE": str(settings.state), "PORT_BASE": str(settings.port_base)}
    environ = {**os.environ, **chosen}
    subprocess.run([sys.executable, "-m", "local", "up"], cwd=ROOT, env=environ, check=True, timeout=300)
    yield Stack(settings)
    subprocess.run([sys.executable, "-m", "local", "clean"], cwd=ROOT, env=environ, check=True, timeout=120)


def follow(site: Stack, typed: Sequence[str]) -> list[tuple[str, int, str]]:
    """Type commands into one shell, as a person does; each with its status, and all that was printed."""
    script = "\n".join(
        f"{command.replace('.venv/bin/python', sys.executable)}\nstatus=$?; echo; echo status=$status"
        for command in typed
    )
    done = subprocess.run(
        ["bash", "-c", f"set -a; . {site.settings.state}/env; set +a\n{script}"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    statuses = [int(status) for status in re.findall(r"^status=(\d+)$", done.stdout, re.MULTILINE)]
    return [(command, status, done.stdout) for command, status in zip(typed, statuses, strict=True)]


def test_the_guide_leads_to_a_bill(site: Stack) -> None:
    """Contract: an asset, a source, a posted line and a row of the bill; then what is asked every day and month."""
    typed = commands()
    posted = next(number for number, command in enumerate(typed) if command.startswith("curl")) + 1
    for command, status, told in follow(site, typed[:posted]):
        assert status == 0, f"{command}\n{told}"
    until(lambda: run(site.billing_dsn, BILL)[1:] == [("acme", "trailer", "1080p", 4_000)], "the row of the bill")
    for command, status, told in follow(site, typed[posted:]):
        assert status <= any(module in command for module in OF_OTHER_DAYS), f"{command}\n{told}"
