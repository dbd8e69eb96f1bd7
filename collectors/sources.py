"""The registry of sources, from one YAML file: who may send what, how it is read, and where it is listened for.

Example with every field: sources.example.yaml. Secrets never stand in the file: a credential is the SHA-256 of a
secret, or a reference to an environment variable (`${env:NAME}`) or a file (`${file:/path}`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import yaml
from msgspec import Meta

from collectors.credentials import MIN_SECRET_CHARACTERS, Credentials, hash_of
from collectors.parsers.format import Format, Framing
from collectors.parsers.registry import FORMATS
from collectors.records import LineParser

_REFERENCE: Final = re.compile(r"\$\{(env|file):([^}]+)\}")


class InvalidSources(ValueError):
    """The file of sources is wrong; the message names source and field."""


@dataclass(frozen=True, kw_only=True)
class SyslogEndpoint:
    """Where a source's syslog connections arrive: one port a source, because syslog names no source."""

    host: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """One configured sender. `syslog` is None for a source that posts over HTTP."""

    id: str
    cdn: str
    parse: LineParser
    framing: Framing
    format: Format
    credentials: Credentials
    syslog: SyslogEndpoint | None = None
    #: Whether the usage job recognises a line that the CDN sends again in another delivery.
    deduplicate_records: bool = False
    #: Seconds without an accepted delivery after which the source is called silent; None: never.
    silent_after_s: int | None = 900
    #: Fastly services that the challenge answers for.
    fastly_service_ids: tuple[str, ...] = ()


class Sources:
    """All sources, by id."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._by_id = {source.id: source for source in sources}

    def http(self, source_id: str) -> Source | None:
        """The HTTP source of that id."""
        source = self._by_id.get(source_id)
        return source if source is not None and source.syslog is None else None

    def syslog(self) -> list[Source]:
        """The sources that listen for syslog."""
        return [source for source in self._by_id.values() if source.syslog is not None]

    def silent_after_s(self) -> dict[str, int | None]:
        """When each source is called silent, by id."""
        return {source.id: source.silent_after_s for source in self._by_id.values()}

    def fastly_service_ids(self) -> list[str]:
        """The Fastly services of all sources, ordered."""
        return sorted({name for source in self._by_id.values() for name in source.fastly_service_ids})


class _Listener(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["http", "syslog-tcp"]
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] | None = None


class _Credential(msgspec.Struct, forbid_unknown_fields=True):
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None
    secret: str | None = None


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9._-]{0,62}$")]
    cdn: str
    listener: _Listener
    format: str = "json"
    framing: Framing | None = None
    credentials: list[_Credential] = []
    options: dict[str, Any] = {}
    fastly_service_ids: list[str] = []
    deduplicate_records: bool = False
    sample_rate: float = 1.0
    silent_after_s: Annotated[int, Meta(ge=1)] | None = 900


def load_sources(path: Path, *, http_host: str, environ: Mapping[str, str]) -> Sources:
    """The sources of a YAML file. `http_host` is where HTTP listens. Raises InvalidSources."""
    entries = _entries(path)
    sources = [_Builder(number, entry, http_host, environ).source() for number, entry in enumerate(entries)]
    _refuse_doubles([source.id for source in sources], "id")
    _refuse_doubles([source.syslog for source in sources if source.syslog and source.syslog.port], "listener")
    return Sources(sources)


def _entries(path: Path) -> list[object]:
    try:
        document = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidSources(f"{path} is no YAML: {error}") from error
    if not isinstance(document, dict) or set(document) != {"sources"} or not isinstance(document["sources"], list):
        raise InvalidSources(f"{path} must have one key, `sources`, with a list")
    return document["sources"]


def _refuse_doubles(values: list[Any], what: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise InvalidSources(f"two sources have the same {what}: {value}")


class _Builder:
    """Turns one entry of the file into a source, naming both in every complaint."""

    def __init__(self, number: int, entry: object, http_host: str, environ: Mapping[str, str]) -> None:
        named = isinstance(entry, dict) and "id" in entry
        self._name = f"source {entry['id']!r}" if named else f"source number {number + 1}"  # type: ignore[index]
        self._entry = self._convert(entry, _Entry, "")
        self._http_host = http_host
        self._environ = environ

    def source(self) -> Source:
        entry = self._entry
        known = FORMATS.get((entry.cdn, entry.format))
        if known is None:
            raise self._invalid("format", f"unknown for cdn {entry.cdn!r}; known: {_known_formats()}")
        options = self._convert(entry.options, known.options, "options")
        self._check_countable(known, options)
        credentials = Credentials(hashes=tuple(self._hash(item) for item in entry.credentials))
        self._check_trust(credentials)
        return Source(
            id=entry.id,
            cdn=entry.cdn,
            parse=known.parser(options),
            framing=entry.framing or known.framing,
            format=known,
            credentials=credentials,
            syslog=self._syslog(),
            deduplicate_records=entry.deduplicate_records,
            silent_after_s=entry.silent_after_s,
            fastly_service_ids=tuple(entry.fastly_service_ids),
        )

    def _syslog(self) -> SyslogEndpoint | None:
        listener = self._entry.listener
        if listener.type == "http":
            if listener.port is not None:
                raise self._invalid("listener.port", "HTTP sources share COLLECTOR_HTTP_PORT; remove it")
            return None
        if listener.port is None:
            raise self._invalid("listener.port", "a syslog source needs its own port")
        return SyslogEndpoint(host=listener.host, port=listener.port)

    def _check_countable(self, known: Format, options: Any) -> None:  # of the format's own type
        if self._entry.sample_rate != 1:
            raise self._invalid(
                "sample_rate",
                f"{self._entry.sample_rate} of the requests cannot be billed: a bill counts every one; "
                "switch sampling off at the CDN and set 1",
            )
        if self._entry.deduplicate_records and not known.has_request_id(options):
            raise self._invalid("deduplicate_records", "lines of this format carry no request id; remove it")

    def _check_trust(self, credentials: Credentials) -> None:
        listener = self._entry.listener
        host = self._http_host if listener.type == "http" else listener.host
        if not credentials and not _is_loopback(host):
            raise self._invalid(
                "credentials", f"none, although {host} can be reached from outside; add one or listen on 127.0.0.1"
            )

    def _hash(self, credential: _Credential) -> bytes:
        if credential.sha256 is not None and credential.secret is None:
            return bytes.fromhex(credential.sha256)
        if credential.secret is None or credential.sha256 is not None:
            raise self._invalid("credentials", "each needs exactly one of sha256 and secret")
        secret = self._resolve(credential.secret)
        if len(secret) < MIN_SECRET_CHARACTERS:
            raise self._invalid("credentials", f"a secret is shorter than {MIN_SECRET_CHARACTERS} characters")
        return hash_of(secret)

    def _resolve(self, reference: str) -> str:
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise self._invalid("credentials", "a secret must be ${env:NAME} or ${file:/path}, never the text itself")
        kind, name = match.groups()
        try:
            return self._environ[name] if kind == "env" else Path(name).read_text().strip()
        except (KeyError, OSError) as error:
            raise self._invalid("credentials", f"cannot read {reference}") from error

    def _convert(self, value: object, kind: Any, field: str) -> Any:  # any Struct
        try:
            return msgspec.convert(value, kind)
        except (msgspec.ValidationError, ValueError) as error:
            raise self._invalid(field or "entry", str(error)) from error

    def _invalid(self, field: str, why: str) -> InvalidSources:
        return InvalidSources(f"{self._name}, {field}: {why}")


def _known_formats() -> str:
    return ", ".join(f"{cdn} {name}" for cdn, name in FORMATS)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
