"""The exporter as a service of the stack: it tells what it can read, and says what it cannot."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import exporter, process
from local.ports import PortInUse, free_base
from local.settings import Settings
from local.stack import Stack
from local.waiting import until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With neither Kafka nor Flink."""
    settings = Settings(state=tmp_path_factory.mktemp("exporter"), port_base=free_base())
    with Stack(settings, {"postgres", "exporter"}) as running:
        yield running


def exported(stack: Stack) -> set[str]:
    with urllib.request.urlopen(exporter.url(stack.settings), timeout=30) as answer:
        return {line for line in answer.read().decode().splitlines() if not line.startswith("#")}


def test_what_can_be_read_is_told_and_what_cannot_is_named(stack: Stack) -> None:
    expected = {
        'exporter_reading_up{reading="billing"} 1.0',
        'exporter_reading_up{reading="topics"} 0.0',
        'exporter_reading_up{reading="failures"} 0.0',
        "billing_unresolved_assets 0.0",
    }
    until(lambda: expected <= exported(stack), "every reading was tried", 90)
    assert not any(line.startswith("pipeline_") for line in exported(stack))


def test_the_password_of_the_database_is_nowhere_to_be_seen(stack: Stack) -> None:
    password = stack.billing_dsn.split(":")[2].split("@")[0]
    child = process.find(stack.settings.state, exporter.NAME)
    assert child is not None
    command = Path(f"/proc/{child.pid}/cmdline").read_text()
    log = (stack.settings.state / "log" / "exporter.log").read_text()
    assert password not in command + log + "".join(exported(stack))


def test_a_taken_port_is_named(stack: Stack) -> None:
    with pytest.raises(PortInUse, match=r"\(exporter\) is in use by python"):
        exporter.launch(stack.settings)
