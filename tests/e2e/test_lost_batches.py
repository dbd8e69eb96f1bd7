"""Contract: what is lost between raw and the bill, or changed in it by hand, the audit names, and reprocess heals."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest

from local.stack import Stack
from ops import topic
from schemas.cdn_logs_pb2 import AccessLogBatch
from schemas.topics import ENRICHED
from tests.e2e import commands, topics
from tests.e2e.bill import Bill, moment
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import MEDIA_USAGE, Pipeline
from tests.e2e.traffic import Traffic
from tests.e2e.waiting import until
from tests.support.batches import HOUR_MS, MINUTE_MS, batch

pytestmark = pytest.mark.timeout(900)

SOURCE = "lost-source"
FILM = Film(asset_id="lost-film", environment_id="lost-env")
SETTLED_HOURS = 73
BY_HAND = (
    "UPDATE media_usage SET bytes = bytes + 1 WHERE hour = %(third)s AND tier = '1080p'",
    "UPDATE media_usage SET environment_id = 'other-env' WHERE hour = %(third)s AND tier <> '1080p'",
    "DELETE FROM media_usage_corrections WHERE hour = %(first)s",
    "UPDATE batch_ledger SET billed_ms = 0, outcomes = '{}' WHERE hour = %(first)s AND path = 'late'",
    """INSERT INTO batch_ledger
        (hour, batch_id, path, source_id, received_at, published_at, records, billed_ms, outcomes, rejected,
         unresolved_assets, copies, rule_version, builds, environments)
    VALUES
        (%(third)s, 'by-hand', 'window', 'lost-source', now(), now(), 1, 70, '{"billed": 1}', '{}',
         '{}', 0, '1', '', '{"lost-env": [70, 1, 1]}')""",
)


def lose_unread(stack: Stack, pipeline: Pipeline, feed: Feed, *batches: AccessLogBatch) -> None:
    """Take batches off the enriched topic before the usage job has read them: so does a transaction that expires."""
    savepoint = pipeline.pause(MEDIA_USAGE)
    feed.send(*batches)
    wanted = {made.header.batch_id.encode() for made in batches}

    def committed() -> bool:
        return wanted <= {message.key() for message in topic.read(kafka, ENRICHED)}

    kafka = {"bootstrap.servers": stack.kafka_bootstrap}
    until(committed, "the enriched batches")
    until(lambda: not topics.has_open_transaction(stack.kafka_bootstrap, ENRICHED), "the end of their transaction")
    topics.empty(stack.kafka_bootstrap, ENRICHED)
    pipeline.resume(MEDIA_USAGE, savepoint)


def change_by_hand(stack: Stack, hours: list[int]) -> None:
    names = dict(zip(("first", "second", "third"), map(moment, hours), strict=True))
    connection = psycopg2.connect(stack.billing_dsn)
    with closing(connection), connection, connection.cursor() as cursor:
        for statement in BY_HAND:
            cursor.execute(statement, names)


def differences(stack: Stack, *options: str) -> list[str]:
    """What the audit has to say of this test's source and environments."""
    found = commands.run(stack, "ops.audit", *options)
    return [line.strip() for line in found.of(SOURCE, FILM.environment_id, "other-env")]


def test_batches_lost_behind_raw_and_rows_changed_by_hand_are_named_and_healed(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: enriched loses three batches unread, and somebody changes, adds and deletes rows in all three tables.
    The audit names source and hour of each, with the command that heals; after it the bill is what was sent, the
    audit has nothing to say, and the same command again changes nothing."""
    register(stack.assets_dsn, FILM)
    traffic = Traffic(SOURCE)
    hours = [first_hour + number * HOUR_MS for number in range(3)]
    names = [commands.hour(hour) for hour in hours]
    feed.send(*(traffic.batch(FILM, hour) for hour in hours for _ in range(3)))
    pipeline.drain(feed, bill, hours[0])

    rejects = batch([], hour_ms=0, source_id=SOURCE, published_at_ms=hours[2] + MINUTE_MS, rejected={"bad-json": 2})
    lose_unread(stack, pipeline, feed, traffic.batch(FILM, hours[1]), traffic.batch(FILM, hours[1]), rejects)
    feed.send(traffic.batch(FILM, hours[0], plays=1, published_at_ms=hours[0] + 60 * HOUR_MS))
    pipeline.drain(feed, bill, hours[2] + SETTLED_HOURS * HOUR_MS)

    [lost] = differences(stack)
    assert lost.startswith(f"{SOURCE}: 3 batches, 126 records lost of collector boot-1 (13/")
    of_hours = [line for line in differences(stack, "--raw") if "in raw only" in line]
    assert [line.partition(" are in raw only")[0] for line in of_hours] == [
        f"{SOURCE} {names[1]}: 2 batches (126 records, 0 rejected lines)",
        f"{SOURCE} {names[2]}: 1 batches (0 records, 2 rejected lines)",
    ]
    assert of_hours[0].endswith(f": python -m ops.reprocess {names[1]} {names[1]}")

    change_by_hand(stack, hours)
    assert [line.partition(":")[0] for line in differences(stack)] == [
        # Its late batch: no outcomes, and it bills nothing but to its environment.
        *[f"{SOURCE} {names[0]}"] * 2,
        f"{names[0]} {FILM.environment_id}",
        f"{names[2]} {FILM.environment_id}",
        f"{names[2]} other-env",
        SOURCE,
    ]

    healed = commands.run(stack, "ops.reprocess", names[0], names[2], "--yes", "--drop", "by-hand")
    assert (healed.status, healed.errors) == (0, "")
    assert bill.rows() == traffic.bill
    assert bill.ledger() == traffic.ledger
    assert differences(stack, "--raw") == []
    again = commands.run(stack, "ops.reprocess", names[0], names[2], "--yes")
    assert again.lines[-1].endswith(": nothing changed")
