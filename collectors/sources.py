"""The registry of sources, from one YAML file: who may send what, how it is read, and where it is listened for.

Example with every field: sources.example.yaml. Secrets never stand in the file: a credential is the SHA-256 of a
secret, or a reference to an environment variable (`${env:NAME}`) or a file (`${file:/path}`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml
from msgspec import Meta

from collectors.batches.blocks import Delivery
from collectors.batches.records import LineParser
from collectors.framing.header_line import IsHeader
from collectors.limits.pace import Pace
from collectors.listeners import Listener, SyslogEndpoint
from collectors.parsers.format import Format, Framing
from collectors.parsers.registry import FORMATS
from collectors.trust.checks import Untrusted, check_http_trust, check_syslog_trust
from collectors.trust.credential_entries import CredentialEntry, InvalidCredential, credentials_of
from collectors.trust.credentials import Credentials


class InvalidSources(ValueError):
    """The file of sources is wrong; the message names source and field."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One configured sender. `syslog` is None for a source that posts over HTTP."""

    id: str
    cdn: str
    parse: LineParser
    framing: Framing
    format: Format
    credentials: Credentials
    #: Recognises the line of column names that starts each body; None: bodies hold log lines only.
    is_header: IsHeader | None = None
    syslog: SyslogEndpoint | None = None
    #: How fast it may send, on this collector.
    pace: Pace = field(default_factory=Pace, compare=False)
    #: Whether the usage job recognises a line that the CDN sends again in another delivery.
    deduplicate_records: bool = False
    #: Seconds without an accepted delivery after which the source is called silent; None: never.
    silent_after_s: int | None = 900
    #: Whether its deliveries are promised on the strength of the spool's disk while Kafka does not take them.
    spool: bool = False
    #: Fastly services that the challenge answers for.
    fastly_service_ids: tuple[str, ...] = ()

    def delivery(self, delivery_id: str, lines: Sequence[bytes], received_at_ms: int) -> Delivery:
        """Lines that came together, as a delivery of this source."""
        return Delivery(
            source_id=self.id,
            cdn=self.cdn,
            delivery_id=delivery_id,
            received_at_ms=received_at_ms,
            lines=lines,
            deduplicate_records=self.deduplicate_records,
        )


class Sources:
    """All sources, by id."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._by_id = {source.id: source for source in sources}

    def get(self, source_id: str) -> Source | None:
        """The source of that id, however it is listened for."""
        return self._by_id.get(source_id)

    def http(self, source_id: str) -> Source | None:
        """The HTTP source of that id."""
        source = self._by_id.get(source_id)
        return source if source is not None and source.syslog is None else None

    def syslog(self) -> list[Source]:
        """The sources that listen for syslog."""
        return [source for source in self._by_id.values() if source.syslog is not None]

    def spooled(self) -> frozenset[str]:
        """Ids of the sources that ask for the spool."""
        return frozenset(source.id for source in self._by_id.values() if source.spool)

    def max_syslog_connections(self) -> int:
        """How many connections all syslog listeners together may have."""
        endpoints = [source.syslog for source in self.syslog() if source.syslog is not None]
        return sum(endpoint.max_connections for endpoint in endpoints if endpoint.transport != "udp")

    def cdns(self) -> dict[str, str]:
        """The CDN of each source, by id."""
        return {source.id: source.cdn for source in self._by_id.values()}

    def silent_after_s(self) -> dict[str, int | None]:
        """When each source is called silent, by id."""
        return {source.id: source.silent_after_s for source in self._by_id.values()}

    def fastly_service_ids(self) -> list[str]:
        """The Fastly services of all sources, ordered."""
        return sorted({name for source in self._by_id.values() for name in source.fastly_service_ids})


_Rate = Annotated[float, Meta(gt=0)]


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9._-]{0,62}$")]
    cdn: str
    listener: Listener
    format: str = "json"
    framing: Framing | None = None
    credentials: list[CredentialEntry] = []
    options: dict[str, Any] = {}
    fastly_service_ids: list[str] = []
    deduplicate_records: bool = False
    sample_rate: float = 1.0
    max_lines_per_s: _Rate | None = None
    max_bytes_per_s: _Rate | None = None
    silent_after_s: Annotated[int, Meta(ge=1)] | None = 900
    spool: bool = False


def load_sources(path: Path, *, http_host: str, environ: Mapping[str, str], has_client_ca: bool = False) -> Sources:
    """The sources of a YAML file. Raises InvalidSources.

    `http_host` is where HTTP listens, `has_client_ca` whether it verifies client certificates.
    """
    surroundings = _Surroundings(http_host=http_host, environ=environ, has_client_ca=has_client_ca)
    sources = [_Builder(number, entry, surroundings).source() for number, entry in enumerate(_entries(path))]
    _refuse_doubles([source.id for source in sources], "id")
    _refuse_doubles([_address(source.syslog) for source in sources if source.syslog and source.syslog.port], "listener")
    return Sources(sources)


def _entries(path: Path) -> list[object]:
    try:
        document = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidSources(f"{path} is no YAML: {error}") from error
    if not isinstance(document, dict) or set(document) != {"sources"} or not isinstance(document["sources"], list):
        raise InvalidSources(f"{path} must have one key, `sources`, with a list")
    return document["sources"]


def _address(endpoint: SyslogEndpoint) -> str:
    protocol = "udp" if endpoint.transport == "udp" else "tcp"
    return f"{protocol} {endpoint.host} port {endpoint.port}"


def _refuse_doubles(values: list[Any], what: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise InvalidSources(f"two sources have the same {what}: {value}")


@dataclass(frozen=True, kw_only=True)
class _Surroundings:
    http_host: str
    environ: Mapping[str, str]
    has_client_ca: bool


class _Builder:
    """Turns one entry of the file into a source, naming both in every complaint."""

    def __init__(self, number: int, entry: object, surroundings: _Surroundings) -> None:
        named = isinstance(entry, dict) and "id" in entry
        self._name = f"source {entry['id']!r}" if named else f"source number {number + 1}"  # type: ignore[index]
        self._entry = self._convert(entry, _Entry, "")
        self._surroundings = surroundings

    def source(self) -> Source:
        entry = self._entry
        known = FORMATS.get((entry.cdn, entry.format))
        if known is None:
            raise self._invalid("format", f"unknown for cdn {entry.cdn!r}; known: {_known_formats()}")
        options = self._convert(entry.options, known.options, "options")
        self._check_countable(known, options)
        credentials, endpoint = self._credentials(), self._endpoint()
        self._check_trust(credentials, endpoint)
        return Source(
            id=entry.id,
            cdn=entry.cdn,
            parse=known.parser(options),
            framing=entry.framing or known.framing,
            format=known,
            credentials=credentials,
            is_header=known.header(options),
            syslog=endpoint,
            pace=Pace(max_lines_per_s=entry.max_lines_per_s, max_bytes_per_s=entry.max_bytes_per_s),
            deduplicate_records=entry.deduplicate_records,
            silent_after_s=entry.silent_after_s,
            spool=entry.spool,
            fastly_service_ids=tuple(entry.fastly_service_ids),
        )

    def _credentials(self) -> Credentials:
        try:
            return credentials_of(self._entry.credentials, self._surroundings.environ)
        except InvalidCredential as error:
            raise self._invalid("credentials", str(error)) from error

    def _endpoint(self) -> SyslogEndpoint | None:
        try:
            endpoint: SyslogEndpoint | None = self._entry.listener.endpoint()
        except ValueError as error:
            raise self._invalid("listener", str(error)) from error
        if endpoint is not None and self._entry.spool:
            raise self._invalid("spool", "syslog acknowledges nothing that a disk could promise; remove it")
        return endpoint

    def _check_countable(self, known: Format, options: Any) -> None:  # of the format's own type
        if self._entry.sample_rate != 1:
            raise self._invalid(
                "sample_rate",
                f"{self._entry.sample_rate} of the requests cannot be billed: a bill counts every one; "
                "switch sampling off at the CDN and set 1",
            )
        if self._entry.deduplicate_records and not known.has_request_id(options):
            raise self._invalid("deduplicate_records", "lines of this format carry no request id; remove it")

    def _check_trust(self, credentials: Credentials, endpoint: SyslogEndpoint | None) -> None:
        around = self._surroundings
        try:
            if endpoint is None:
                check_http_trust(credentials, host=around.http_host, has_client_ca=around.has_client_ca)
            else:
                check_syslog_trust(credentials, endpoint)
        except Untrusted as error:
            raise self._invalid("credentials", str(error)) from error

    def _convert(self, value: object, kind: Any, field: str) -> Any:  # any Struct
        try:
            return msgspec.convert(value, kind)
        except (msgspec.ValidationError, ValueError) as error:
            raise self._invalid(field or "entry", str(error)) from error

    def _invalid(self, field: str, why: str) -> InvalidSources:
        return InvalidSources(f"{self._name}, {field}: {why}")


def _known_formats() -> str:
    return ", ".join(f"{cdn} {name}" for cdn, name in FORMATS)
