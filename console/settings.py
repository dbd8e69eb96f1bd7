"""Settings of the console, from environment variables, checked before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from collectors.trust.loopback import is_loopback
from ops import sources
from ops.settings import InvalidSetting

_PREFIX: Final = "CONSOLE_"
_Value = TypeVar("_Value")


class Auth(StrEnum):
    """Who may see the pages: holders of an operator's token, or whoever is on this machine."""

    TOKEN = "token"  # noqa: S105 - a word, no secret
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an operator can choose. Raises InvalidSetting where values do not fit together.

    Field names in upper case behind CONSOLE_ are the variables; BILLING_DSN, OPS_COLLECTORS and
    COLLECTOR_STATUS_TOKEN_FILE are those of the operators' commands.
    """

    #: BILLING_DSN: address of the billing database. Its role needs SELECT, and TEMPORARY for the audit.
    billing_dsn: str
    host: str = "127.0.0.1"
    #: 0 lets the system choose.
    port: int = 8090
    auth: Auth = Auth.TOKEN
    #: YAML or JSON file of the tokens' hashes: see console/access/tokens.py.
    tokens_file: Path | None = None
    #: Whether browsers may send the session over HTTPS only. Unset: unless bound to this machine.
    secure_cookies: bool | None = None
    #: Whom to ask what each source has sent. None: nobody.
    collectors: sources.Settings | None = None
    #: Connections to the database, and so the most queries at a time; downloads and the audit have their own.
    connections: int = 4
    #: Seconds that one query may take.
    statement_timeout_s: float = 15.0
    #: Seconds that one CSV download may take.
    download_timeout_s: float = 600.0
    #: Seconds between audits, and how many of the last days each one compares.
    audit_interval_s: float = 900.0
    audit_days: int = 35
    #: Seconds that an audit waits for what is in flight between ledger, sums and heartbeats.
    audit_settling_s: float = 15.0
    #: Requests a second that each token may make of the API, ten seconds' worth at once.
    requests_per_s: float = 5.0

    def __post_init__(self) -> None:
        if not self.billing_dsn:
            raise InvalidSetting("BILLING_DSN is not set: give postgresql://user:password@host/database")
        if self.auth is Auth.NONE and not is_loopback(self.host):
            raise InvalidSetting(
                f"CONSOLE_AUTH=none shows every bill to whoever reaches {self.host}:"
                " bind CONSOLE_HOST to 127.0.0.1, or set CONSOLE_AUTH=token and CONSOLE_TOKENS_FILE"
            )
        if self.auth is Auth.TOKEN and self.tokens_file is None:
            raise InvalidSetting(
                "CONSOLE_TOKENS_FILE is not set: name the file of tokens (python -m console.access.tokens NAME makes"
                " one), or on your own machine set CONSOLE_AUTH=none"
            )

    @property
    def secure(self) -> bool:
        """Whether the session's cookie is for HTTPS only."""
        return not is_loopback(self.host) if self.secure_cookies is None else self.secure_cookies


def from_environment(environ: Mapping[str, str]) -> Settings:
    """The settings that an environment describes. Raises InvalidSetting."""
    reader = _Reader(environ)
    settings = Settings(
        billing_dsn=environ.get("BILLING_DSN", ""),
        host=reader.value("HOST", str, "127.0.0.1"),
        port=reader.value("PORT", _port, 8090),
        auth=reader.value("AUTH", _auth, Auth.TOKEN),
        tokens_file=reader.value("TOKENS_FILE", _file, None),
        secure_cookies=reader.value("SECURE_COOKIES", _yes_or_no, None),
        collectors=sources.from_environment((), environ) if environ.get("OPS_COLLECTORS") else None,
        connections=reader.value("CONNECTIONS", _count, 4),
        statement_timeout_s=reader.value("STATEMENT_TIMEOUT_S", _seconds, 15.0),
        download_timeout_s=reader.value("DOWNLOAD_TIMEOUT_S", _seconds, 600.0),
        audit_interval_s=reader.value("AUDIT_INTERVAL_S", _seconds, 900.0),
        audit_days=reader.value("AUDIT_DAYS", _count, 35),
        audit_settling_s=reader.value("AUDIT_SETTLING_S", _seconds, 15.0),
        requests_per_s=reader.value("REQUESTS_PER_S", _seconds, 5.0),
    )
    reader.refuse_unknown()
    return settings


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._known: set[str] = set()

    def value(self, name: str, convert: Callable[[str], _Value], default: _Value) -> _Value:
        variable = f"{_PREFIX}{name}"
        self._known.add(variable)
        if not self._environ.get(variable):
            return default
        try:
            return convert(self._environ[variable])
        except ValueError as error:
            raise InvalidSetting(f"{variable}: {error}") from error

    def refuse_unknown(self) -> None:
        """A misspelt variable would silently leave its default."""
        given = {name for name in self._environ if name.startswith(_PREFIX)}
        for name in sorted(given - self._known):
            raise InvalidSetting(f"{name} is no setting: remove it, or choose one of {', '.join(sorted(self._known))}")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError(f"{text} is no port (0 to 65535)")
    return port


def _auth(text: str) -> Auth:
    try:
        return Auth(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither token nor none") from None


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise ValueError(f"{text} is no file: make it, or correct the path")
    return Path(text)


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"{text!r} is neither yes nor no")
    return text == "yes"


def _count(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError(f"{text} is not above 0")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError(f"{text} is not above 0")
    return number
