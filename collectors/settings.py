"""Settings of a collector, from COLLECTOR_* environment variables, checked before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from collectors.clock import Clock, clock_from
from collectors.trust.credentials import MIN_SECRET_CHARACTERS, Credentials, hash_of
from collectors.trust.tls import TlsFiles

_PREFIX: Final = "COLLECTOR_"
_MIB: Final = 1024 * 1024
_Value = TypeVar("_Value")


class InvalidSettings(ValueError):
    """A setting that is missing or wrong; the message names its variable and the fix."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may hold. The longest line is no setting: it is part of the batch contract."""

    #: Bytes of a request body as sent. Firehose sends up to 64 MiB, Fastly up to 100 MB.
    max_body_bytes: int = 100 * _MIB
    #: Bytes of a body once decompressed.
    max_decompressed_bytes: int = 128 * _MIB
    #: Decompressed size as a multiple of the compressed one. Log lines reach 10 to 30.
    max_ratio: int = 200
    #: Seconds in which a request body must be complete.
    body_timeout_s: float = 120.0


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """What HTTP connections may do before and between requests."""

    #: Seconds in which a new connection must have sent a complete header.
    header_timeout_s: float = 20.0
    #: Seconds that a connection may be idle after an answer, the next header included. Longer than a load balancer
    #: keeps its own open, or it will meet a closed one now and then.
    idle_timeout_s: float = 75.0
    #: Open connections; more are answered with 503. Syslog has its own limit a source.
    max_connections: int = 4_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an operator can choose. Field names in upper case behind COLLECTOR_ are the variables."""

    #: Kafka brokers, `host:port[,host:port...]`.
    kafka_bootstrap: str
    #: YAML file of the sources: see collectors/sources.py.
    sources_file: Path
    #: File of more librdkafka properties (`key=value` lines), for SASL and TLS; secrets belong there.
    kafka_properties_file: Path | None = None
    #: Tokens of operators who ask for the status from another machine, of COLLECTOR_STATUS_TOKEN_FILE: one a line.
    status_credentials: Credentials = field(default_factory=Credentials)
    http_host: str = "127.0.0.1"
    #: 0 lets the system choose.
    http_port: int = 8080
    #: PEM files of COLLECTOR_TLS_CERTIFICATE_FILE, _KEY_FILE and _CLIENT_CA_FILE. None: HTTP without TLS, for what
    #: stands behind a load balancer.
    tls: TlsFiles | None = None
    #: Seconds between heartbeats: hours without traffic close this much later.
    heartbeat_interval_s: float = 15.0
    clock: Clock = field(default_factory=lambda: clock_from("system"))
    #: Whether the clock is the machine's, so that comparing it with the broker's makes sense.
    clock_is_real: bool = True
    #: Bytes in flight (bodies, decompressed bodies, unacknowledged batches) beyond which requests get 503.
    memory_limit_bytes: int = 512 * _MIB
    #: Seconds that Kafka has to acknowledge a message before its delivery is answered with 503.
    delivery_timeout_s: float = 20.0
    #: Seconds after which syslog lines are sent even if they fill no block.
    syslog_flush_interval_s: float = 1.0
    #: Seconds that requests and syslog lines in flight have to finish after SIGTERM.
    drain_timeout_s: float = 30.0
    #: Folder of the spool, for this process alone, on a local disk that outlives it. None: no spool.
    spool_dir: Path | None = None
    #: Bytes that the spool may hold; beyond, and when the disk is nearly full, deliveries get 503.
    spool_max_bytes: int = 10 * 1024 * _MIB
    #: Bytes that the spool leaves free on its disk.
    spool_min_free_bytes: int = 1024 * _MIB
    limits: Limits = field(default_factory=Limits)
    connections: ConnectionLimits = field(default_factory=ConnectionLimits)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings that an environment describes. Raises InvalidSettings."""
    reader = _Reader(environ)
    default, connections = Limits(), ConnectionLimits()
    settings = Settings(
        kafka_bootstrap=reader.required("KAFKA_BOOTSTRAP", "set it to host:port of a Kafka broker"),
        sources_file=_file(reader.required("SOURCES_FILE", "set it to the YAML file of sources"), "SOURCES_FILE"),
        kafka_properties_file=reader.optional("KAFKA_PROPERTIES_FILE", _properties_file, None),
        status_credentials=reader.optional("STATUS_TOKEN_FILE", _tokens, Credentials()),
        http_host=reader.optional("HTTP_HOST", str, "127.0.0.1"),
        http_port=reader.optional("HTTP_PORT", _port, 8080),
        tls=_tls(reader),
        heartbeat_interval_s=reader.optional("HEARTBEAT_INTERVAL_S", _positive, 15.0),
        clock=reader.optional("CLOCK", clock_from, clock_from("system")),
        clock_is_real=environ.get(f"{_PREFIX}CLOCK", "system") == "system",
        memory_limit_bytes=reader.optional("MEMORY_LIMIT_BYTES", _positive_int, 512 * _MIB),
        delivery_timeout_s=reader.optional("DELIVERY_TIMEOUT_S", _positive, 20.0),
        syslog_flush_interval_s=reader.optional("SYSLOG_FLUSH_INTERVAL_S", _positive, 1.0),
        drain_timeout_s=reader.optional("DRAIN_TIMEOUT_S", _positive, 30.0),
        spool_dir=reader.optional("SPOOL_DIR", _folder, None),
        spool_max_bytes=reader.optional("SPOOL_MAX_BYTES", _positive_int, 10 * 1024 * _MIB),
        spool_min_free_bytes=reader.optional("SPOOL_MIN_FREE_BYTES", _positive_int, 1024 * _MIB),
        limits=Limits(
            max_body_bytes=reader.optional("MAX_BODY_BYTES", _positive_int, default.max_body_bytes),
            max_decompressed_bytes=reader.optional(
                "MAX_DECOMPRESSED_BYTES", _positive_int, default.max_decompressed_bytes
            ),
            max_ratio=reader.optional("MAX_RATIO", _positive_int, default.max_ratio),
            body_timeout_s=reader.optional("BODY_TIMEOUT_S", _positive, default.body_timeout_s),
        ),
        connections=ConnectionLimits(
            header_timeout_s=reader.optional("HEADER_TIMEOUT_S", _positive, connections.header_timeout_s),
            idle_timeout_s=reader.optional("IDLE_TIMEOUT_S", _positive, connections.idle_timeout_s),
            max_connections=reader.optional("MAX_CONNECTIONS", _positive_int, connections.max_connections),
        ),
    )
    _check(settings)
    reader.refuse_unknown()
    return settings


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._known: set[str] = set()

    def required(self, name: str, fix: str) -> str:
        value = self.optional(name, str, "")
        if not value:
            raise InvalidSettings(f"{_PREFIX}{name} is not set: {fix}")
        return value

    def optional(self, name: str, convert: Callable[[str], _Value], default: _Value) -> _Value:
        variable = f"{_PREFIX}{name}"
        self._known.add(variable)
        if variable not in self._environ:
            return default
        try:
            return convert(self._environ[variable])
        except (ValueError, OSError) as error:
            raise InvalidSettings(f"{variable}: {error}") from error

    def refuse_unknown(self) -> None:
        """A misspelt variable would silently leave its default."""
        given = {name for name in self._environ if name.startswith(_PREFIX)}
        for name in sorted(given - self._known):
            raise InvalidSettings(f"{name} is no setting: remove it, or choose one of {sorted(self._known)}")


def _tls(reader: _Reader) -> TlsFiles | None:
    names = ("TLS_CERTIFICATE_FILE", "TLS_KEY_FILE", "TLS_CLIENT_CA_FILE")
    certificate, key, client_ca = (reader.optional(name, partial(_file, name=name), None) for name in names)
    if certificate is None or key is None:
        if certificate or key or client_ca:
            raise InvalidSettings(
                f"{_PREFIX}TLS_CERTIFICATE_FILE and {_PREFIX}TLS_KEY_FILE need each other, "
                f"and {_PREFIX}TLS_CLIENT_CA_FILE needs both: set them"
            )
        return None
    return TlsFiles(certificate=certificate, key=key, client_ca=client_ca)


def _check(settings: Settings) -> None:
    limits = settings.limits
    if settings.spool_max_bytes < limits.max_decompressed_bytes:
        raise InvalidSettings(
            f"{_PREFIX}SPOOL_MAX_BYTES ({settings.spool_max_bytes}) does not hold one delivery of "
            f"{_PREFIX}MAX_DECOMPRESSED_BYTES ({limits.max_decompressed_bytes}): raise the first or lower the second"
        )
    if limits.max_decompressed_bytes + limits.max_body_bytes > settings.memory_limit_bytes:
        raise InvalidSettings(
            f"{_PREFIX}MEMORY_LIMIT_BYTES ({settings.memory_limit_bytes}) does not hold one body of "
            f"{_PREFIX}MAX_BODY_BYTES ({limits.max_body_bytes}) and its {_PREFIX}MAX_DECOMPRESSED_BYTES "
            f"({limits.max_decompressed_bytes}): raise the first or lower the others"
        )
    if settings.drain_timeout_s <= settings.delivery_timeout_s:
        raise InvalidSettings(
            f"{_PREFIX}DRAIN_TIMEOUT_S ({settings.drain_timeout_s}) must be longer than "
            f"{_PREFIX}DELIVERY_TIMEOUT_S ({settings.delivery_timeout_s}), or a drain cuts off answers"
        )


def _port(value: str) -> int:
    port = int(value)
    if not 0 <= port <= 65_535:
        raise ValueError(f"{value} is no port (0 to 65535)")
    return port


def _positive(value: str) -> float:
    number = float(value)
    if not 0 < number < float("inf"):
        raise ValueError(f"{value} is not above 0")
    return number


def _positive_int(value: str) -> int:
    number = int(value)
    if number <= 0:
        raise ValueError(f"{value} is not above 0")
    return number


def _file(value: str, name: str) -> Path:
    path = Path(value)
    if not path.is_file():
        raise InvalidSettings(f"{_PREFIX}{name}: there is no file {value}")
    return path


def _tokens(value: str) -> Credentials:
    tokens = _file(value, "STATUS_TOKEN_FILE").read_text().split()
    if not tokens or min(map(len, tokens)) < MIN_SECRET_CHARACTERS:
        raise ValueError(f"{value} must hold tokens of at least {MIN_SECRET_CHARACTERS} characters, one a line")
    return Credentials(hashes=tuple(map(hash_of, tokens)))


def _folder(value: str) -> Path:
    # Not created: on a volume that is not mounted, the spool would fill the system's disk and vanish with it.
    path = Path(value)
    if not path.is_dir():
        raise ValueError(f"there is no folder {value}: mount the spool's disk, or create it")
    return path


def _properties_file(value: str) -> Path:
    return _file(value, "KAFKA_PROPERTIES_FILE")
