"""Nine days of a made-up video platform in a billing database, whose audit is clean."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg2
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from collectors.batches.event_times import EventTimes
from collectors.completeness.minutes import MINUTE_MS, Completeness, Report
from ops import close
from ops.hours import HOUR, Hours

NOW: Final = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
WATERMARK: Final = datetime(2026, 11, 18, 11, 20, tzinfo=UTC)
FIRST: Final = datetime(2026, 11, 9, tzinfo=UTC)
LAST: Final = datetime(2026, 11, 18, 14, tzinfo=UTC)
SOURCES: Final = ("akamai-live", "cloudflare-vod", "cloudfront-archive", "fastly-main")
#: Environments with the weight of their audience.
ENVIRONMENTS: Final = {
    "sportivo": 9,
    "nordlicht": 5,
    "cinelab": 3,
    "kinderkanal": 2,
    "docu-world": 1,
    "klassik-radio": 1,
    "cinelab-staging": 0.05,
}
_TITLES: Final = ("derby-highlights", "evening-news", "season-2-e01", "season-2-e02", "the-long-road", "morning-show")
_TIERS: Final = {"up-to-720p": 0.3, "1080p": 0.45, "1440p": 0.1, "2160p": 0.15}
_SEED: Final = 7

#: Hour, environment, asset, tier, milliseconds, deliveries, bytes.
Row = tuple[datetime, str, str, str, int, int, int]


@dataclass(frozen=True)
class Clock:
    """Always the same moment."""

    moment: datetime

    def now_ms(self) -> int:
        return int(self.moment.timestamp() * 1_000)


def fill(dsn: str) -> None:
    """Usage, corrections, ledger, unresolved assets, two closed periods."""
    draw = random.Random(_SEED)
    rows, late = list(_usage(draw)), list(_corrections(draw))
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        columns = "hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records"
        execute_values(cursor, f"INSERT INTO media_usage ({columns}) VALUES %s", [(*row, row[5]) for row in rows])
        cursor.execute("INSERT INTO job_watermark VALUES ('media-usage', %s, %s)", (WATERMARK, NOW))
        cursor.execute("INSERT INTO hour_takeover VALUES (%s, 1)", (FIRST + 30 * HOUR,))
        _write_ledger(cursor, rows, draw)
        for batch_id, row in late:
            _write_correction(cursor, batch_id, row)
    connection.close()
    _close_periods(dsn)


def report() -> Report:
    """What a collector would say at NOW: one source is silent."""
    draw, now_ms = random.Random(_SEED), Clock(NOW).now_ms()
    moments = [NOW - timedelta(minutes=n) for n in range(59, -1, -1)]
    seen: dict[str, Completeness] = {}
    found = []
    for number, source_id in enumerate(SOURCES):
        clock = _Turning(moments[0])
        seen[source_id] = Completeness(clock, {source_id: 1_800})
        for moment in moments[: 15 if source_id == "akamai-live" else 60]:
            clock.moment = moment
            lines, times = draw.randrange(900, 4_000), EventTimes()
            received_ms = clock.now_ms()
            times.add(received_ms, [received_ms - draw.randrange(1_000, 40_000 * (number + 1)) for _ in range(200)])
            seen[source_id].promised(source_id, received_ms)
            rejected = Counter({"invalid-time": 2}) if (moment.minute, number) == (7, 2) else Counter[str]()
            seen[source_id].stored(source_id, lines=lines, line_bytes=lines * 410, rejected=rejected, events=times)
        clock.moment = NOW
        found += seen[source_id].report(60).sources
    return Report(started_ms=now_ms - 86_400_000, now_ms=now_ms - now_ms % MINUTE_MS, sources=found)


@dataclass
class _Turning:
    moment: datetime

    def now_ms(self) -> int:
        return int(self.moment.timestamp() * 1_000)


def _usage(draw: random.Random) -> Iterator[Row]:
    for hour in Hours(FIRST, LAST):
        still_coming = 0.35 if hour == LAST else 1.0
        audience = _of_the_day(hour.hour) * (1.35 if hour.weekday() >= 5 else 1.0) * still_coming
        for environment_id, weight in ENVIRONMENTS.items():
            for rank, title in enumerate(_TITLES, start=1):
                for tier, share in _tiers(environment_id):
                    deliveries = round(900 * weight * audience * share / rank * draw.uniform(0.75, 1.25))
                    if deliveries:
                        ms = deliveries * 4_004 - draw.randrange(4_000)
                        yield (
                            hour,
                            environment_id,
                            f"{environment_id}-{title}",
                            tier,
                            ms,
                            deliveries,
                            deliveries * 2_100_000,
                        )


def _of_the_day(hour: int) -> float:
    """The audience sleeps at four and watches most at twenty."""
    return (0.15, 0.1, 0.07, 0.05, 0.05, 0.08, 0.2, 0.35, 0.4, 0.4, 0.42, 0.46)[hour % 12] + (
        0.0 if hour < 12 else (0.4, 0.42, 0.4, 0.45, 0.5, 0.6, 0.75, 0.9, 0.95, 0.85, 0.6, 0.3)[hour - 12]
    )


def _tiers(environment_id: str) -> list[tuple[str, float]]:
    return [("audio-only", 1.0)] if environment_id == "klassik-radio" else list(_TIERS.items())


def _corrections(draw: random.Random) -> Iterator[tuple[str, Row]]:
    for number in range(6):
        hour, asset = FIRST + draw.randrange(80, 150) * HOUR, f"nordlicht-{_TITLES[number % 3]}"
        yield f"late-{number}", (hour, "nordlicht", asset, "1080p", 1_801_800 * (number + 1), 450, 9 * 10**8)


def _write_ledger(cursor: Cursor, rows: Sequence[Row], draw: random.Random) -> None:
    batches: dict[tuple[datetime, str], list[Row]] = defaultdict(list)
    source_of = dict(zip(ENVIRONMENTS, SOURCES * 2, strict=False))
    for row in rows:
        batches[row[0], source_of[row[1]]].append(row)
    values = [_ledger_row(f"b-{n}", "window", key, of_batch, draw) for n, (key, of_batch) in enumerate(batches.items())]
    execute_values(cursor, f"INSERT INTO batch_ledger ({_LEDGER}) VALUES %s", values)


_LEDGER: Final = (
    "hour, batch_id, path, source_id, received_at, published_at, records, billed_ms, outcomes, rejected,"
    " unresolved_assets, copies, rule_version, builds, environments"
)


def _ledger_row(
    batch_id: str, path: str, key: tuple[datetime, str], rows: Sequence[Row], draw: random.Random
) -> tuple[object, ...]:
    (hour, source_id), received = key, key[0] + timedelta(minutes=59, seconds=draw.randrange(60))
    billed = sum(row[5] for row in rows)
    unknown = draw.randrange(40, 400) if draw.random() < 0.02 else 0
    outcomes = {"billed": billed, "manifest": billed // 9, "not-modified": billed // 60, "error": billed // 300}
    outcomes |= {"unresolved-unknown-asset": unknown} if unknown else {}
    unresolved = {f"premiere-{1 + unknown % 3}": unknown} if unknown else {}
    return (
        *(hour, batch_id, path, source_id, received, received, sum(outcomes.values()), sum(row[4] for row in rows)),
        *(json.dumps(outcomes), json.dumps({"invalid-time": 2} if unknown else {}), json.dumps(unresolved)),
        *(1 if draw.random() < 0.05 else 0, "1", "c1/e1/m1", json.dumps(_shares(rows))),
    )


def _shares(rows: Sequence[Row]) -> Mapping[str, list[int]]:
    shares: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        shares[row[1]] = [one + more for one, more in zip(shares[row[1]], row[4:7], strict=True)]
    return shares


def _write_correction(cursor: Cursor, batch_id: str, row: Row) -> None:
    columns = "hour, batch_id, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records"
    values = [(row[0], batch_id, *row[1:], row[5])]
    execute_values(cursor, f"INSERT INTO media_usage_corrections ({columns}) VALUES %s", values)
    draw = random.Random(_SEED)
    ledger = _ledger_row(batch_id, "late", (row[0], "cloudfront-archive"), [row], draw)
    execute_values(cursor, f"INSERT INTO batch_ledger ({_LEDGER}) VALUES %s", [ledger])


def _close_periods(dsn: str) -> None:
    """Two days each, of which the second is closed although nobody could audit it."""
    for number, force in ((0, None), (1, "the customer asked for it before the hours had settled")):
        first = FIRST + number * 48 * HOUR
        period = Hours(first, first + 47 * HOUR)
        close.close(dsn, close.Order(environment=None, hours=period, by="olga", force=force), lambda _: True)
