"""A collector as a process of its own, without Kafka."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from local.settings import ROOT

Sources = list[dict[str, Any]]


@asynccontextmanager
async def running(folder: Path, sources: Sources, **variables: object) -> AsyncIterator[tuple[Process, str]]:
    """A collector that has started, and what it has logged until then."""
    file = folder / "sources.yaml"
    file.write_text(yaml.safe_dump({"sources": sources}))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COLLECTOR_")}
    environ |= {
        "COLLECTOR_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "COLLECTOR_SOURCES_FILE": str(file),
        "COLLECTOR_HTTP_PORT": "0",
        "COLLECTOR_DELIVERY_TIMEOUT_S": "1",
        "COLLECTOR_DRAIN_TIMEOUT_S": "2",
        **{f"COLLECTOR_{name}": str(value) for name, value in variables.items()},
    }
    log_file = folder / "collector.log"
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "collectors", stdout=log, stderr=log, cwd=ROOT, env=environ
        )
    try:
        async with asyncio.timeout(20):
            while "listens on" not in log_file.read_text() and process.returncode is None:  # noqa: ASYNC110  # a file
                await asyncio.sleep(0.05)
        yield process, log_file.read_text()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def port(log: str, pattern: str) -> int:
    """A port that the log names."""
    found = re.search(pattern, log)
    assert found is not None, log
    return int(found[1])
