"""Real senders of syslog, each with a configuration of its own: every line arrives as it was written."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from collectors.sources import Source
from collectors.trust.credentials import Credentials
from collectors.trust.tls import TlsFiles
from tests.support.certificates import Issued, issue
from tests.support.syslog_world import World, syslog_source

#: Quotes, brackets and other letters than ASCII, and something that looks like a header of syslog.
LINES = [
    json.dumps({"v": 1, "n": number, "ua": 'Player "X" [7] <134>1', "city": "Malmö"}, ensure_ascii=False)
    for number in range(300)
]
LONG = json.dumps({"v": 1, "ua": "x" * 70_000})


def installed(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")


@asynccontextmanager
async def listening(source: Source) -> AsyncIterator[World]:
    world = World(source)
    await world.listener.start()
    yield world
    await world.listener.stop(1)


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[Process]:
    """A sender that goes on until it is told to stop."""
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def until_all_are_there(world: World, lines: list[str]) -> None:
    """Wait for the last line; each must be there once."""
    async with asyncio.timeout(30):
        while len(world.intake.lines) < len(lines):  # noqa: ASYNC110  # the sender tells nobody
            await asyncio.sleep(0.05)
    found = Counter(line.decode() for line in world.intake.lines)
    assert found == Counter(lines)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What a sender is to send."""
    return written(tmp_path / "lines.log", [*LINES, LONG])


@pytest.fixture
def short_file(tmp_path: Path) -> Path:
    """The same without the line that no datagram can hold."""
    return written(tmp_path / "short-lines.log", LINES)


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """That line alone."""
    return written(tmp_path / "long-line.log", [LONG])


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def authority(tmp_path: Path) -> Issued:
    return issue(tmp_path, "ca.example", is_authority=True)


@pytest.fixture
def server(tmp_path: Path, authority: Issued) -> Issued:
    return issue(tmp_path, "collector.example", by=authority)


@pytest.fixture
def client(tmp_path: Path, authority: Issued) -> Issued:
    return issue(tmp_path, "logs.acme.example", by=authority)


def over_tls(authority: Issued, server: Issued, client: Issued) -> Source:
    """A source that takes lines from the owner of one certificate alone."""
    return syslog_source(
        transport="tls",
        tls=TlsFiles(certificate=server.certificate, key=server.key, client_ca=authority.certificate),
        credentials=Credentials(fingerprints=(bytes.fromhex(client.fingerprint),)),
    )


@installed("logger")
class TestLogger:
    """util-linux's `logger`."""

    @pytest.mark.parametrize(
        "options",
        [
            ["--tcp"],
            ["--tcp", "--octet-count"],
            ["--tcp", "--rfc3164"],
            ["--tcp", "--rfc5424=notime,nohost", "--sd-id", "zoo@123", "--sd-param", 'tiger="a\\]b"'],
            ["--udp"],
            ["--udp", "--rfc3164"],
        ],
        ids=" ".join,
    )
    async def test_lines_arrive_as_they_were_written(self, short_file: Path, options: list[str]) -> None:
        source = syslog_source(transport="udp" if "--udp" in options else "tcp")
        async with listening(source) as world:
            target = ["--server", "127.0.0.1", "--port", str(world.listener.port), "--tag", "mediabill"]
            async with running("logger", *target, *options, "--file", str(short_file)) as process:
                assert await process.wait() == 0
                await until_all_are_there(world, LINES)

    async def test_a_message_of_64_kib_arrives_whole(self, long_file: Path) -> None:
        async with listening(syslog_source()) as world:
            target = ["--server", "127.0.0.1", "--port", str(world.listener.port), "--tcp", "--octet-count"]
            async with running("logger", *target, "--size", "80000", "--file", str(long_file)):
                await until_all_are_there(world, [LONG])


def rsyslog(tmp_path: Path, file: Path, action: str, settings: str = "") -> list[str]:
    """The command of an rsyslog that sends a file's lines and knows nothing of this machine's."""
    config = tmp_path / "rsyslog.conf"
    config.write_text(
        f"""\
global(workDirectory="{tmp_path}" maxMessageSize="128k" {settings})
module(load="imfile")
input(type="imfile" file="{file}" tag="mediabill:" freshStartTail="off")
action(type="omfwd" target="127.0.0.1" {action})
"""
    )
    return ["rsyslogd", "-n", "-f", str(config), "-i", str(tmp_path / "rsyslog.pid")]


@installed("rsyslogd")
class TestRsyslog:
    """rsyslog with omfwd."""

    @pytest.mark.parametrize("framing", ["octet-counted", "traditional"])
    @pytest.mark.parametrize("template", ["RSYSLOG_SyslogProtocol23Format", "RSYSLOG_TraditionalForwardFormat"])
    async def test_lines_arrive_over_tcp_as_they_were_written(
        self, tmp_path: Path, file: Path, framing: str, template: str
    ) -> None:
        async with listening(syslog_source()) as world:
            action = f'port="{world.listener.port}" protocol="tcp" TCP_Framing="{framing}" template="{template}"'
            async with running(*rsyslog(tmp_path, file, action)):
                await until_all_are_there(world, [*LINES, LONG])

    async def test_lines_arrive_over_udp_as_they_were_written(self, tmp_path: Path, short_file: Path) -> None:
        async with listening(syslog_source(transport="udp")) as world:
            action = f'port="{world.listener.port}" protocol="udp" template="RSYSLOG_SyslogProtocol23Format"'
            async with running(*rsyslog(tmp_path, short_file, action)):
                await until_all_are_there(world, LINES)

    @pytest.mark.skipif(
        not any(Path("/usr/lib").glob("**/rsyslog/lmnsd_gtls.so")), reason="rsyslog-gnutls is not installed"
    )
    async def test_lines_arrive_over_tls_with_a_client_certificate(
        self, tmp_path: Path, file: Path, authority: Issued, server: Issued, client: Issued
    ) -> None:
        driver = (
            f'DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="{authority.certificate}" '
            f'DefaultNetstreamDriverCertFile="{client.certificate}" DefaultNetstreamDriverKeyFile="{client.key}"'
        )
        async with listening(over_tls(authority, server, client)) as world:
            action = (
                f'port="{world.listener.port}" protocol="tcp" TCP_Framing="octet-counted" '
                'StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" '
                'StreamDriverPermittedPeers="collector.example" template="RSYSLOG_SyslogProtocol23Format"'
            )
            async with running(*rsyslog(tmp_path, file, action, driver)):
                await until_all_are_there(world, [*LINES, LONG])


def syslog_ng(tmp_path: Path, file: Path, destination: str) -> list[str]:
    """The command of a syslog-ng that sends a file's lines and knows nothing of this machine's."""
    config = tmp_path / "syslog-ng.conf"
    config.write_text(
        f"""\
@version: 3.35
options {{ log-msg-size(131072); }};
source lines {{ file("{file}" flags(no-parse) program-override("mediabill")); }};
destination collector {{ {destination}; }};
log {{ source(lines); destination(collector); }};
"""
    )
    places = [f"--{name}={tmp_path / name}" for name in ("persist-file", "pidfile", "control")]
    return ["syslog-ng", "--foreground", "--no-caps", f"--cfgfile={config}", *places]


@installed("syslog-ng")
class TestSyslogNg:
    """syslog-ng with its drivers of RFC 5424 and of the BSD protocol."""

    @pytest.mark.parametrize("driver", ["syslog", "network"])
    async def test_lines_arrive_over_tcp_as_they_were_written(self, tmp_path: Path, file: Path, driver: str) -> None:
        async with listening(syslog_source()) as world:
            destination = f'{driver}("127.0.0.1" port({world.listener.port}) transport("tcp"))'
            async with running(*syslog_ng(tmp_path, file, destination)):
                await until_all_are_there(world, [*LINES, LONG])

    async def test_lines_arrive_over_udp_as_they_were_written(self, tmp_path: Path, short_file: Path) -> None:
        async with listening(syslog_source(transport="udp")) as world:
            destination = f'syslog("127.0.0.1" port({world.listener.port}) transport("udp"))'
            async with running(*syslog_ng(tmp_path, short_file, destination)):
                await until_all_are_there(world, LINES)

    async def test_lines_arrive_over_tls_with_a_client_certificate(
        self, tmp_path: Path, file: Path, authority: Issued, server: Issued, client: Issued
    ) -> None:
        async with listening(over_tls(authority, server, client)) as world:
            tls = (
                f'ca-file("{authority.certificate}") cert-file("{client.certificate}") key-file("{client.key}") '
                "peer-verify(required-trusted)"
            )
            destination = f'syslog("localhost" port({world.listener.port}) transport("tls") tls({tls}))'
            async with running(*syslog_ng(tmp_path, file, destination)):
                await until_all_are_there(world, [*LINES, LONG])
