"""The sources are ones that a collector accepts, and hold no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.sources import Sources, load_sources
from local.traffic import sources
from local.traffic.events import Cdn


@pytest.fixture
def secrets() -> dict[Cdn, str]:
    return sources.new_secrets()


@pytest.fixture
def file(tmp_path: Path, secrets: dict[Cdn, str]) -> Path:
    sources.write(tmp_path / "sources.yaml", secrets)
    return tmp_path / "sources.yaml"


@pytest.fixture
def loaded(file: Path) -> Sources:
    return load_sources(file, http_host="127.0.0.1", environ={})


def test_a_collector_reads_the_file(loaded: Sources) -> None:
    http = [loaded.http(cdn.value) for cdn in Cdn]
    assert [source and source.id for source in http] == [None, "cloudflare", "akamai", "cloudfront"]
    assert [source.id for source in loaded.syslog()] == ["fastly"]


def test_a_cdn_with_a_secret_posts_whatever_it_does_in_the_demo(tmp_path: Path) -> None:
    sources.write(tmp_path / "sources.yaml", sources.new_secrets(Cdn))
    loaded = load_sources(tmp_path / "sources.yaml", http_host="127.0.0.1", environ={})
    assert [loaded.http(cdn.value) is not None for cdn in Cdn] == [True] * len(Cdn)
    assert list(loaded.syslog()) == []


def test_lines_are_told_apart_wherever_ranges_are_billed(loaded: Sources) -> None:
    found = [*(loaded.http(cdn.value) for cdn in Cdn), *loaded.syslog()]
    asked = {source.id: source.deduplicate_records for source in found if source}
    assert asked == {"fastly": True, "cloudflare": True, "akamai": True, "cloudfront": False}


def test_a_source_accepts_its_own_secret_only(loaded: Sources, secrets: dict[Cdn, str]) -> None:
    akamai = loaded.http("akamai")
    assert akamai is not None
    assert akamai.credentials.accept(secrets[Cdn.AKAMAI])
    assert not akamai.credentials.accept(secrets[Cdn.CLOUDFLARE])


def test_the_file_holds_no_secret(file: Path, secrets: dict[Cdn, str]) -> None:
    assert not any(secret in file.read_text() for secret in secrets.values())


def test_secrets_are_new_each_time(secrets: dict[Cdn, str]) -> None:
    assert set(secrets.values()).isdisjoint(sources.new_secrets().values())
