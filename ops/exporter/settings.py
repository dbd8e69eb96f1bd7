"""What the exporter reads from environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ops import topic
from ops.settings import InvalidSetting

_PREFIX: Final = "EXPORTER_"
_NUMBERS: Final[Mapping[str, type[int] | type[float]]] = {
    "PORT": int,
    "INTERVAL_S": float,
    "AUDIT_INTERVAL_S": float,
    "AUDIT_DAYS": int,
    "AUDIT_WAIT_S": float,
}
_TEXTS: Final = frozenset({"HOST", "FLINK_URLS", "KAFKA_BOOTSTRAP", "KAFKA_PROPERTIES_FILE"})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of the exporter. Raises InvalidSetting where a value cannot be right."""

    #: BILLING_DSN: address of the billing database, of a role that may SELECT and make temporary tables. The password
    #: in it, or in the file that PGPASSFILE names.
    billing_dsn: str
    #: How to connect to Kafka: EXPORTER_KAFKA_BOOTSTRAP and ..._PROPERTIES_FILE. None: its topics are not watched.
    kafka: Mapping[str, Any] | None = None
    #: EXPORTER_FLINK_URLS: base URLs of the JobManagers' REST APIs, separated by spaces. None: failures are not told.
    flink_urls: tuple[str, ...] = ()
    #: Loopback unless told otherwise: the figures name customers.
    host: str = "127.0.0.1"
    port: int = 9400
    #: Seconds between readings.
    interval_s: float = 60.0
    #: Seconds between audits: each looks through the ledger.
    audit_interval_s: float = 3600.0
    #: Days of settled hours that each audit compares. Older ones were compared when they were younger.
    audit_days: int = 10
    #: Seconds in which an audit lets differences in flight settle.
    audit_wait_s: float = 60.0

    def __post_init__(self) -> None:
        if not self.billing_dsn:
            raise InvalidSetting("BILLING_DSN is not set: give postgresql://user@host/database")
        if not 0 <= self.port <= 65_535:
            raise InvalidSetting(f"{_PREFIX}PORT={self.port} is no port (0 to 65535)")
        # An hour settles three days after its end.
        if self.audit_days < 4:
            raise InvalidSetting(f"{_PREFIX}AUDIT_DAYS={self.audit_days} holds no settled hour: give 4 or more")
        for name in ("interval_s", "audit_interval_s"):
            if getattr(self, name) <= 0:
                raise InvalidSetting(f"{_PREFIX}{name.upper()}={getattr(self, name)} is not above 0")
        for url in self.flink_urls:
            if not url.startswith(("http://", "https://")):
                raise InvalidSetting(f"{_PREFIX}FLINK_URLS: {url!r} is no base URL: give http://host:port")


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read and validate the settings. Raises InvalidSetting, also for a variable that is none: it would do nothing."""
    given = {name.removeprefix(_PREFIX): text for name, text in environ.items() if name.startswith(_PREFIX)}
    for name in sorted(given.keys() - _NUMBERS.keys() - _TEXTS):
        raise InvalidSetting(f"{_PREFIX}{name} is no setting: remove it, or see ops/exporter/settings.py")
    numbers = {name.lower(): _number(name, given[name]) for name in _NUMBERS if name in given}
    return Settings(
        billing_dsn=environ.get("BILLING_DSN", ""),
        kafka=topic.connection_from(environ, _PREFIX) if "KAFKA_BOOTSTRAP" in given else None,
        flink_urls=tuple(given.get("FLINK_URLS", "").split()),
        host=given.get("HOST", "127.0.0.1"),
        **numbers,  # type: ignore[arg-type]  # the names above are fields of these types
    )


def _number(name: str, text: str) -> float:
    try:
        return _NUMBERS[name](text)
    except ValueError as error:
        raise InvalidSetting(f"{_PREFIX}{name}={text} is no number") from error
