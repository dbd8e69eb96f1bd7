"""Say what each source has sent, and which has gone silent: `python -m ops.sources --collector URL [--collector URL]`.

Asks every collector for its last hour and adds them up. Without `--collector` the base URLs come from OPS_COLLECTORS,
separated by spaces. COLLECTOR_STATUS_TOKEN_FILE names the file of the token, where collectors want one; its first
line is presented.

Prints a line a source. Lines of the last 1, 5 and 60 minutes include the running minute; delays are the bound of the
histogram that half (p50) or 99 % (p99) of the hour's events keep. Status 1 if a source is silent, 2 if a collector
does not answer: what it has received would make a source look silent, so that silence proves nothing then.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collectors.completeness.minutes import Report
from ops import arrivals
from ops.collectors import NoAnswer, ask
from ops.settings import InvalidSetting

_SILENT: Final = 1
_UNKNOWN: Final = 2


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Whom to ask, and with which token. Raises InvalidSetting."""

    urls: tuple[str, ...]
    token: str | None = None

    def __post_init__(self) -> None:
        if not self.urls:
            raise InvalidSetting("no collector to ask: give --collector URL, or set OPS_COLLECTORS")
        for url in self.urls:
            if not url.startswith(("http://", "https://")):
                raise InvalidSetting(f"{url!r} is no base URL of a collector: give http://host:port or https://host")


def from_environment(urls: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Settings of these URLs, or of OPS_COLLECTORS. Raises InvalidSetting."""
    file = environ.get("COLLECTOR_STATUS_TOKEN_FILE")
    return Settings(
        urls=tuple(urls) or tuple(environ.get("OPS_COLLECTORS", "").split()),
        token=None if file is None else _first_token(Path(file)),
    )


def main(arguments: Sequence[str]) -> int:
    """Print the table: 0 if no source is silent."""
    parser = argparse.ArgumentParser(prog="ops.sources", description="What each source has sent to the collectors.")
    parser.add_argument("--collector", action="append", default=[], metavar="URL", help="base URL; may be repeated")
    try:
        settings = from_environment(parser.parse_args(arguments).collector, os.environ)
    except InvalidSetting as error:
        print(f"sources: {error}", file=sys.stderr)
        return _UNKNOWN
    answers = ask(settings.urls, settings.token)
    missing = [answer for answer in answers if isinstance(answer, NoAnswer)]
    for answer in missing:
        print(f"sources: no answer from {answer}", file=sys.stderr)
    silent = _print([answer for answer in answers if isinstance(answer, Report)])
    if missing:
        return _UNKNOWN
    return _SILENT if silent else 0


def _print(reports: Sequence[Report]) -> bool:
    """Print what they say; whether any source is silent."""
    merged = arrivals.merge(reports)
    silent = [arrival.source_id for arrival in merged if arrival.silent]
    print("\n".join(arrivals.table(merged)))
    print(f"sources: {len(merged)} by {len(reports)} collectors, silent: {', '.join(silent) or 'none'}")
    return bool(silent)


def _first_token(file: Path) -> str:
    try:
        tokens = file.read_text().split()
    except OSError as error:
        raise InvalidSetting(f"COLLECTOR_STATUS_TOKEN_FILE: {error.strerror}: {file}") from error
    if not tokens:
        raise InvalidSetting(f"COLLECTOR_STATUS_TOKEN_FILE: {file} is empty; it must hold a token")
    return tokens[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
