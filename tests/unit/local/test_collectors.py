"""Collectors of the stack: every one has its own ports for the same sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.sources import load_sources
from local import collectors
from local.settings import Settings

SOURCES = """\
sources:
  - {id: one, cdn: fastly, listener: {type: syslog-tcp, port: 0}}
  - {id: posts, cdn: fastly, listener: {type: http}}
  - {id: two, cdn: fastly, listener: {type: syslog-udp, host: 0.0.0.0, port: 6514}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "sources.yaml"
    file.write_text(SOURCES)
    return Settings(state=tmp_path, port_base=19_000, sources_file=file)


@pytest.mark.parametrize(
    ("index", "ports"),
    [
        pytest.param(0, {"one": 19_050, "two": 19_060}, id="first collector"),
        pytest.param(1, {"one": 19_051, "two": 19_061}, id="second collector"),
    ],
)
def test_every_syslog_source_has_a_port_at_every_collector(
    settings: Settings, index: int, ports: dict[str, int]
) -> None:
    assert collectors.syslog_ports(settings, index) == ports


def test_only_listeners_of_syslog_are_changed_and_only_this_machine_reaches_them(settings: Settings) -> None:
    document, _ = collectors._sources(settings, 0)
    assert document == {
        "sources": [
            {"id": "one", "cdn": "fastly", "listener": {"type": "syslog-tcp", "port": 19_050, "host": "127.0.0.1"}},
            {"id": "posts", "cdn": "fastly", "listener": {"type": "http"}},
            {"id": "two", "cdn": "fastly", "listener": {"type": "syslog-udp", "host": "127.0.0.1", "port": 19_060}},
        ]
    }


def test_every_collector_has_a_url_of_its_own(settings: Settings) -> None:
    assert [collectors.url(settings, index) for index in range(2)] == [
        "http://127.0.0.1:19040",
        "http://127.0.0.1:19041",
    ]


def test_collectors_accept_the_sources_that_the_stack_starts_with() -> None:
    sources = load_sources(Settings().sources_file, http_host="127.0.0.1", environ={})
    assert sources.http("edge") is not None
    assert [source.id for source in sources.syslog()] == ["fastly-syslog"]
