"""What running collectors say of their sources, asked as an operator does."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from local import collectors
from local.ports import free_base
from local.settings import ROOT, Settings
from local.stack import Stack
from tests.integration.collectors.traffic import cloudflare_line, fastly_line, post

TOKEN = "of-an-operator-1234"
SOURCES = [
    {"id": "busy", "cdn": "cloudflare", "listener": {"type": "http"}},
    {"id": "quiet", "cdn": "cloudflare", "listener": {"type": "http"}, "silent_after_s": 5},
    {"id": "syslog", "cdn": "fastly", "listener": {"type": "syslog-tcp", "port": 0}},
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run a broker and two collectors, whose status needs a token."""
    state: Path = tmp_path_factory.mktemp("status")
    (state / "sources.yaml").write_text(yaml.safe_dump({"sources": SOURCES}))
    (state / "token").write_text(f"{TOKEN}\n")
    environ = {"COLLECTOR_STATUS_TOKEN_FILE": str(state / "token"), "COLLECTOR_SYSLOG_FLUSH_INTERVAL_S": "0.2"}
    settings = Settings(
        state=state,
        port_base=free_base(),
        broker_heap_mb=256,
        sources_file=state / "sources.yaml",
        collector_environ=environ,
    )
    with Stack(settings, {"kafka", "collectors"}) as running:
        yield running


def ask(stack: Stack, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command against both collectors."""
    environ = {**os.environ, "COLLECTOR_STATUS_TOKEN_FILE": str(stack.settings.state / "token"), **variables}
    urls = [argument for url in stack.collector_urls for argument in ("--collector", url)]
    command = [sys.executable, "-m", "ops.sources", *urls]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environ)


def row(answer: subprocess.CompletedProcess[str], source: str) -> list[str]:
    """The words of a source's line."""
    return next(line.split() for line in answer.stdout.splitlines() if line.startswith(f"{source} "))


async def test_lines_of_both_collectors_add_up_with_their_rejects_and_delays(stack: Stack) -> None:
    lines = [cloudflare_line(f"film-{number}", ms_ago=90_000) for number in range(300)]
    for url in stack.collector_urls:
        assert (await post(url, "busy", b"\n".join([*lines, b"bad"])))[0] == 200
    _, writer = await asyncio.open_connection("127.0.0.1", collectors.syslog_ports(stack.settings, 0)["syslog"])
    writer.write(b"".join(b"<134>%s\n" % fastly_line(number) for number in range(50)))
    await writer.drain()
    writer.close()
    async with asyncio.timeout(20):
        while "50" not in row(answer := await asyncio.to_thread(ask, stack), "syslog"):
            pass
    assert row(answer, "busy")[4:11] == ["602", "602", "602", "<=", "2", "min", "<="]
    assert "    rejected lines in 60 min: bad-json 2\n" in answer.stdout


async def test_a_silent_source_is_named_and_fails_the_check_until_either_collector_gets_something(
    stack: Stack,
) -> None:
    async with asyncio.timeout(20):
        while (answer := await asyncio.to_thread(ask, stack)).returncode != 1:
            pass
    assert answer.stdout.endswith("sources: 3 by 2 collectors, silent: quiet\n")
    assert (await post(stack.collector_urls[1], "quiet", cloudflare_line("film")))[0] == 200
    answer = await asyncio.to_thread(ask, stack)
    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, "sources: 3 by 2 collectors, silent: none")


def test_without_the_token_nothing_is_told(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-somebody-else-1")
    answer = ask(stack, COLLECTOR_STATUS_TOKEN_FILE=str(tmp_path / "token"))
    assert (answer.returncode, "status 401: no valid token" in answer.stderr) == (2, True)
    assert "busy" not in answer.stdout


def test_no_token_stands_in_what_a_collector_writes(stack: Stack) -> None:
    ask(stack)
    logs = [file.read_text() for file in (stack.settings.state / "log").glob("collector-*.log")]
    assert logs
    assert not any(TOKEN in log for log in logs)


@pytest.mark.timeout(60)
async def test_a_collector_that_is_away_leaves_the_answer_open(stack: Stack) -> None:
    await asyncio.to_thread(stack.stop_collector, 1)
    try:
        answer = await asyncio.to_thread(ask, stack)
    finally:
        await asyncio.to_thread(stack.start_collector, 1)
    assert (answer.returncode, f"no answer from {stack.collector_urls[1]}" in answer.stderr) == (2, True)
    assert row(answer, "busy")[0] == "busy"
