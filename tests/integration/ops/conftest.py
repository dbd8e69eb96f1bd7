"""A broker, for the commands that read and write Kafka."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.ports import free_base
from local.settings import Settings
from local.stack import Stack


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run a broker with all topics for the tests of one file."""
    settings = Settings(state=tmp_path_factory.mktemp("broker"), port_base=free_base(), broker_heap_mb=256)
    with Stack(settings, {"kafka"}) as running:
        yield running
