"""Make running jobs see at once what has changed in the asset database.

`python -m ops.assets invalidate ASSET...|--all` after a change, or `python -m ops.assets follow` beside the jobs, which
listens for the database's own announcements. Neither is needed for a change to be seen: without them it is seen
within ENRICHMENT_ASSET_CACHE_TTL_S. What was enriched before stays as it was; `ops.reprocess` counts hours anew.

Reads ENRICHMENT_REDIS_URL and ENRICHMENT_REDIS_PASSWORD_FILE, as the job does; `follow` also ASSETS_DSN, which must
lead to the primary: a replica announces nothing.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import psycopg2
import redis
from psycopg2.extensions import connection as Connection
from redis.exceptions import RedisError

from jobs.enrichment.invalidation import invalidate, invalidate_all
from ops.settings import InvalidSetting

#: Announced by the triggers of the asset database.
_CHANNEL: Final = "asset_changed"
_REDIS_TIMEOUT_S: Final = 5.0
_RETRY_S: Final = 1.0
#: A database that vanished without a word is noticed after about a minute.
_KEEPALIVES: Final[Mapping[str, Any]] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

Invalidate = Callable[[set[str]], int]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where Redis and, for `follow`, the asset database are. Raises InvalidSetting."""

    redis_url: str
    redis_password_file: str = ""
    assets_dsn: str = ""

    def __post_init__(self) -> None:
        if not self.redis_url:
            raise InvalidSetting("ENRICHMENT_REDIS_URL is not set: give the job's, such as redis://host:6379/0")


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read and validate the settings. Raises InvalidSetting."""
    return Settings(
        redis_url=environ.get("ENRICHMENT_REDIS_URL", ""),
        redis_password_file=environ.get("ENRICHMENT_REDIS_PASSWORD_FILE", ""),
        assets_dsn=environ.get("ASSETS_DSN", ""),
    )


def connect(settings: Settings) -> redis.Redis:
    """A client of the jobs' Redis; connects when it is first used."""
    file = settings.redis_password_file
    return redis.Redis.from_url(
        settings.redis_url,
        password=Path(file).read_text().strip() if file else None,
        socket_timeout=_REDIS_TIMEOUT_S,
        socket_connect_timeout=_REDIS_TIMEOUT_S,
    )


def follow(dsn: str, invalidate: Invalidate, report: Callable[[str], None]) -> NoReturn:
    """Invalidate every asset that the database announces, over outages of both servers, for ever.

    What changes while this is not connected is not heard of, and seen by its age.
    """
    while True:
        try:
            with closing(psycopg2.connect(dsn, application_name="ops.assets", **_KEEPALIVES)) as connection:
                for changed in _announced(connection, lambda: report("following the asset database")):
                    report(f"changed: {_told(invalidate, changed, report)} assets")
        except psycopg2.Error as error:
            report(f"asset database: {type(error).__name__}; trying again")
            time.sleep(_RETRY_S)


def _announced(connection: Connection, listening: Callable[[], None]) -> Iterator[set[str]]:
    """Ids of changed assets, as many at a time as have been announced. Raises psycopg2.Error."""
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {_CHANNEL}")
    listening()
    while True:
        select.select([connection], [], [])
        connection.poll()
        changed = {notify.payload for notify in connection.notifies}
        connection.notifies.clear()
        if changed:
            yield changed


def _told(invalidate: Invalidate, changed: set[str], report: Callable[[str], None]) -> int:
    """Invalidate, as often as Redis needs; the database keeps what it announces meanwhile."""
    while True:
        try:
            return invalidate(changed)
        except RedisError as error:
            report(f"Redis: {type(error).__name__}; trying again")
            time.sleep(_RETRY_S)


def _follow(chosen: Settings) -> NoReturn:
    if not chosen.assets_dsn:
        raise InvalidSetting("ASSETS_DSN is not set: give postgresql://user@host/database of the asset database")
    client = connect(chosen)
    follow(chosen.assets_dsn, lambda changed: invalidate(client, changed), lambda line: print(line, flush=True))


def _invalidate(chosen: Settings, asset_ids: Sequence[str]) -> int:
    """Invalidate the assets, or all where none is named; 1 where Redis could not be told."""
    try:
        with closing(connect(chosen)) as client:
            done = (
                f"{invalidate(client, asset_ids)} assets"
                if asset_ids
                else f"all assets, {invalidate_all(client)} of them in Redis"
            )
    except RedisError as error:
        print(f"failed: Redis: {error}; jobs see changes by the age of what they know", file=sys.stderr)
        return 1
    print(f"invalidated {done}: running jobs read them anew")
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ops.assets", description="Make running jobs see changed assets at once.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("follow", help="listen for the database's announcements until ended")
    once = commands.add_parser("invalidate", help="have assets read anew")
    once.add_argument("assets", metavar="ASSET", nargs="*", help="id, as request paths spell it")
    once.add_argument("--all", action="store_true", help="every asset")
    given = parser.parse_args(arguments)
    if given.command == "invalidate" and bool(given.assets) == given.all:
        once.error("name assets, or give --all")
    return given


def main(arguments: Sequence[str]) -> int:
    """0 where the jobs have been told, 1 where Redis does not answer; `follow` runs until it is ended."""
    given = _parse(arguments)
    chosen = from_environment(os.environ)
    if given.command == "follow":
        _follow(chosen)
    return _invalidate(chosen, given.assets)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
