"""What the asset database knows of a test's media."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import psycopg2

#: Renditions of every film, and the tiers that they bill in.
TIERS = {"720p": "up-to-720p", "1080p": "1080p"}


@dataclass(frozen=True, kw_only=True)
class Film:
    """An asset with the same segments, the last one shorter, in two renditions."""

    asset_id: str
    environment_id: str
    segment_ms: tuple[int, ...] = (4_004, 4_004, 4_004, 4_004, 4_004, 4_004, 2_502)

    def path(self, rendition: str, number: int) -> str:
        return f"/vod/{self.asset_id}/{rendition}/segment-{number}.ts"


def register(assets_dsn: str, *films: Film) -> None:
    """Put films, and the environments that own them, into the asset database."""
    connection = psycopg2.connect(assets_dsn)
    with closing(connection), connection, connection.cursor() as cursor:
        for film in films:
            environment = (film.environment_id, film.environment_id)
            cursor.execute("INSERT INTO environments VALUES (%s, %s) ON CONFLICT DO NOTHING", environment)
            cursor.execute("INSERT INTO assets VALUES (%s, %s)", (film.asset_id, film.environment_id))
            for name in TIERS:
                cursor.execute(
                    "INSERT INTO renditions (asset_id, name, media_type, height, segment_ms)"
                    " VALUES (%s, %s, 'video', %s, %s)",
                    (film.asset_id, name, int(name.removesuffix("p")), list(film.segment_ms)),
                )
