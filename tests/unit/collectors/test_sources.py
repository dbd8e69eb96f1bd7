"""The file of sources."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import collectors
from collectors.listeners import SyslogEndpoint
from collectors.parsers.registry import FORMATS
from collectors.sources import InvalidSources, Sources, load_sources

SECRET = "a-secret-of-acme-1234"
UNIDENTIFIED = {"status": "s", "body_bytes": "b", "path": "p", "end_time": "t", "method": "m"}
ENVIRON = {"ACME": SECRET}
EXAMPLE = Path(collectors.__file__).parent / "sources.example.yaml"


def entry(**different: Any) -> dict[str, Any]:
    whole = {
        "id": "acme",
        "cdn": "cloudflare",
        "listener": {"type": "http"},
        "credentials": [{"secret": "${env:ACME}"}],
        **different,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def load(tmp_path: Path, *entries: dict[str, Any], http_host: str = "0.0.0.0") -> Sources:
    file = tmp_path / "sources.yaml"
    file.write_text(yaml.safe_dump({"sources": list(entries)}))
    return load_sources(file, http_host=http_host, environ=ENVIRON)


def test_the_example_is_valid_and_has_every_format() -> None:
    environ = {name: f"a-secret-of-acme-{name}" for name in re.findall(r"\$\{env:(\w+)\}", EXAMPLE.read_text())}
    sources = load_sources(EXAMPLE, http_host="0.0.0.0", environ=environ)
    shown = yaml.safe_load(EXAMPLE.read_text())["sources"]
    assert {(each["cdn"], each.get("format", "json")) for each in shown} == set(FORMATS)
    posting = [each["id"] for each in shown if each["listener"]["type"] == "http"]
    assert [source.id for name in posting if (source := sources.http(name))] == posting
    assert [source.id for source in sources.syslog()] == [each["id"] for each in shown if each["id"] not in posting]
    assert sources.fastly_service_ids() == ["SU1Z0isxPaozGVKXdv0eY"]


def test_an_http_source_with_a_secret_of_the_environment(tmp_path: Path) -> None:
    source = load(tmp_path, entry()).http("acme")
    assert source is not None
    assert (source.id, source.cdn, source.framing, source.syslog) == ("acme", "cloudflare", "json", None)
    assert source.credentials.accept(SECRET)


def test_a_secret_can_come_as_a_hash_or_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("another-secret-of-acme\n")
    credentials = [
        {"sha256": hashlib.sha256(SECRET.encode()).hexdigest()},
        {"secret": f"${{file:{tmp_path / 'secret'}}}"},
    ]
    source = load(tmp_path, entry(credentials=credentials)).http("acme")
    assert source is not None
    assert [source.credentials.accept(text) for text in (SECRET, "another-secret-of-acme", "x")] == [True, True, False]


def test_a_syslog_source_listens_on_its_own_port_and_not_on_http(tmp_path: Path) -> None:
    sources = load(tmp_path, entry(listener={"type": "syslog-tcp", "host": "0.0.0.0", "port": 6514}))
    assert [source.syslog for source in sources.syslog()] == [SyslogEndpoint(host="0.0.0.0", port=6514)]
    assert sources.http("acme") is None


@pytest.mark.parametrize(
    ("options", "has_header"), [({}, False), ({"header": True}, True)], ids=["log lines only", "line of names"]
)
def test_a_source_knows_whether_its_files_start_with_names(
    tmp_path: Path, options: dict[str, Any], has_header: bool
) -> None:
    source = load(tmp_path, entry(cdn="cdn77", format="csv", options=options)).http("acme")
    assert source is not None
    assert (source.is_header is not None) is has_header


def test_the_connections_of_all_syslog_listeners_add_up(tmp_path: Path) -> None:
    listeners = [
        {"type": "http"},
        {"type": "syslog-tcp", "port": 1, "max_connections": 5},
        {"type": "syslog-udp", "port": 1},
        {"type": "syslog-tcp", "port": 2},
    ]
    sources = load(tmp_path, *(entry(id=f"acme-{number}", listener=each) for number, each in enumerate(listeners)))
    assert sources.max_syslog_connections() == 1_005


def test_a_framing_can_be_chosen(tmp_path: Path) -> None:
    source = load(tmp_path, entry(cdn="cloudfront", framing="lines")).http("acme")
    assert source is not None
    assert source.framing == "lines"


def test_every_source_has_its_cdn(tmp_path: Path) -> None:
    sources = load(tmp_path, entry(id="a", cdn="fastly"), entry(id="b", cdn="cloudfront"), http_host="::1")
    assert sources.cdns() == {"a": "fastly", "b": "cloudfront"}


def test_a_source_says_how_long_it_may_be_quiet(tmp_path: Path) -> None:
    sources = load(
        tmp_path, entry(id="a"), entry(id="b", silent_after_s=60), entry(id="c", silent_after_s=None), http_host="::1"
    )
    assert sources.silent_after_s() == {"a": 900, "b": 60, "c": None}


@pytest.mark.parametrize(
    ("http_host", "listener", "accepted"),
    [
        ("127.0.0.1", {"type": "http"}, True),
        ("::1", {"type": "http"}, True),
        ("localhost", {"type": "http"}, True),
        ("0.0.0.0", {"type": "http"}, False),
        ("collector.example.com", {"type": "http"}, False),
        ("0.0.0.0", {"type": "syslog-tcp", "port": 6514}, True),
        ("127.0.0.1", {"type": "syslog-tcp", "host": "10.0.0.5", "port": 6514}, False),
    ],
)
def test_a_source_without_credentials_must_stay_on_loopback(
    tmp_path: Path, http_host: str, listener: dict[str, Any], accepted: bool
) -> None:
    open_entry = entry(credentials=..., listener=listener)
    if accepted:
        load(tmp_path, open_entry, http_host=http_host)
        return
    with pytest.raises(InvalidSources, match="source 'acme', credentials: none, although"):
        load(tmp_path, open_entry, http_host=http_host)


@pytest.mark.parametrize(
    ("different", "complaint"),
    [
        ({"id": ...}, "source number 1, entry: Object missing required field `id`"),
        ({"id": "Acme Corp"}, "source 'Acme Corp', entry: .*regex"),
        ({"cdn": "nocdn"}, "source 'acme', format: unknown for cdn 'nocdn'; known: akamai json"),
        ({"format": "tab"}, "source 'acme', format: unknown for cdn 'cloudflare'"),
        ({"framing": "xml"}, r"source 'acme', entry: .*\$\.framing"),
        ({"colour": "red"}, "source 'acme', entry: .*colour"),
        ({"listener": {"type": "ftp"}}, r"source 'acme', entry: .*\$\.listener\.type"),
        ({"listener": {"type": "http", "port": 80}}, r"source 'acme', entry: .*unknown field `port`.*\$\.listener"),
        ({"listener": {"type": "syslog-tcp"}}, r"source 'acme', entry: .*required field `port`.*\$\.listener"),
        (
            {"listener": {"type": "syslog-udp", "port": 514, "allow_from": ["acme.example"]}},
            "source 'acme', listener: allow_from: 'acme.example'",
        ),
        ({"listener": {"type": "syslog-tcp", "port": 70_000}}, r"source 'acme', entry: .*\$\.listener\.port"),
        ({"credentials": [{"secret": SECRET}]}, "source 'acme', credentials: a secret must be .* never the text"),
        ({"credentials": [{"secret": "${env:NONE}"}]}, r"source 'acme', credentials: cannot read \$\{env:NONE\}"),
        ({"credentials": [{"secret": "${file:/none}"}]}, r"source 'acme', credentials: cannot read \$\{file:/none\}"),
        ({"credentials": [{}]}, "source 'acme', credentials: each needs exactly one"),
        ({"credentials": [{"sha256": "f" * 64, "secret": "${env:ACME}"}]}, "source 'acme', credentials: each needs"),
        ({"credentials": [{"sha256": "abc"}]}, r"source 'acme', entry: .*\$\.credentials"),
        ({"options": {"colour": "red"}}, "source 'acme', options: .*colour"),
        ({"cdn": "cloudfront", "format": "tab"}, "source 'acme', options: .*fields"),
        ({"cdn": "generic", "options": {"fields": {}}}, "source 'acme', options: .*status"),
        ({"listener": {"type": "syslog-tcp", "port": 0}, "spool": True}, "source 'acme', spool: syslog acknowledges"),
        ({"silent_after_s": 0}, r"source 'acme', entry: .*\$\.silent_after_s"),
        (
            {"credentials": [{"client_certificate_sha256": "f" * 64}]},
            "source 'acme', credentials: client certificates need",
        ),
        ({"max_lines_per_s": 0}, r"source 'acme', entry: .*\$\.max_lines_per_s"),
        ({"sample_rate": 0.1}, "source 'acme', sample_rate: 0.1 of the requests cannot be billed"),
        (
            {"cdn": "generic", "options": {"fields": UNIDENTIFIED}, "deduplicate_records": True},
            "source 'acme', deduplicate_records: lines of this format carry no request id",
        ),
    ],
)
def test_a_complaint_names_source_and_field(tmp_path: Path, different: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidSources, match=complaint) as caught:
        load(tmp_path, entry(**different))
    assert SECRET not in str(caught.value)


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(yaml.safe_dump({"sources": [entry()]}))
    with pytest.raises(InvalidSources, match="shorter than 16 characters"):
        load_sources(file, http_host="0.0.0.0", environ={"ACME": "short"})


def test_the_spool_is_for_those_who_ask_for_it(tmp_path: Path) -> None:
    sources = load(tmp_path, entry(), entry(id="other", spool=True), entry(id="third", spool=False))
    assert sources.spooled() == {"other"}


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (entry(), "two sources have the same id: acme"),
        (entry(id="b", listener={"type": "syslog-tcp", "port": 6514}), "the same listener: .*6514"),
    ],
    ids=["id", "port"],
)
def test_sources_do_not_share_an_id_or_a_port(tmp_path: Path, other: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidSources, match=complaint):
        load(tmp_path, entry(), entry(id="a", listener={"type": "syslog-tcp", "port": 6514}), other)


@pytest.mark.parametrize("text", ["", "[]", "sources: {}", "sources: [", "sources: []\nmore: 1", "\x00"])
def test_a_file_that_is_no_list_of_sources_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(text)
    with pytest.raises(InvalidSources, match=r"sources\.yaml"):
        load_sources(file, http_host="127.0.0.1", environ={})
