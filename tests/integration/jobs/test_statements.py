"""The guards of the upserts, on a real Postgres."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.media_usage import statements
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.operators.outputs import environments
from jobs.media_usage.rules import RULES
from jobs.media_usage.sums import Sums
from schemas.cdn_logs_pb2 import Unresolved
from tests.integration.jobs.sinks import Writer
from tests.support.batches import batch, delivery

HOUR_MS = 3_600_000
HOUR = 490_000 * HOUR_MS
KEY = (HOUR, "env-1", "a1", "1080p")


@pytest.fixture
def writer(billing_dsn: str) -> Writer:
    return Writer(billing_dsn)


def usage(writer: Writer) -> list[tuple[object, ...]]:
    return writer.query("SELECT delivered_ms, deliveries, bytes, records, epoch FROM media_usage")


def test_a_later_firing_replaces_an_earlier_one_and_never_the_other_way_round(writer: Writer) -> None:
    writer.write(statements.USAGE, (*KEY, *Sums(4000, 1, 100, 1)))
    writer.write(statements.USAGE, (*KEY, *Sums(9000, 3, 300, 3)))
    writer.write(statements.USAGE, (*KEY, *Sums(8000, 2, 200, 2)))
    assert usage(writer) == [(9000, 3, 300, 3, 0)]


increments = st.lists(st.builds(Sums, st.integers(0, 9000), st.integers(0, 3), st.integers(0, 999), st.integers(1, 9)))


@given(before=increments, rest=increments, data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_interleaving_of_two_runs_from_one_checkpoint_ends_in_the_full_sum(
    writer: Writer, before: list[Sums], rest: list[Sums], data: st.DataObject
) -> None:
    """The old run's last writes may land among or behind those of the run that replaced it.

    Both start from the sums of the checkpoint; the new run sees the rest in another order (partitions interleave
    anew) and groups its firings differently; it runs to the end, the old one stops anywhere.
    """
    writer.query("DELETE FROM media_usage")
    base = total(before)
    old = firings(base, rest)[: data.draw(st.integers(0, len(rest)), label="the old run stops after")]
    new = firings(base, data.draw(st.permutations(rest), label="order of the new run"))
    for sums in interleave(old, new, data):
        writer.write(statements.USAGE, (*KEY, *sums))
    full = total([*before, *rest])
    assert usage(writer) == ([(*full, 0)] if new or old else [])


def total(parts: Sequence[Sums]) -> Sums:
    result = Sums()
    for part in parts:
        result = result.plus(part)
    return result


def firings(base: Sums, parts: Sequence[Sums]) -> list[Sums]:
    """Absolute sums after each part."""
    return [base.plus(total(parts[: count + 1])) for count in range(len(parts))]


def interleave(one: list[Sums], other: list[Sums], data: st.DataObject) -> list[Sums]:
    turns = data.draw(st.permutations([0] * len(one) + [1] * len(other)), label="turns")
    queues = (iter(one), iter(other))
    return [next(queues[turn]) for turn in turns]


def test_an_hour_taken_over_accepts_nothing_of_a_lower_epoch_new_keys_included(writer: Writer) -> None:
    writer.query("INSERT INTO hour_takeover VALUES (timestamptz 'epoch' + 490000 * interval '1 hour', 3)")
    writer.write(statements.USAGE, (*KEY, *Sums(4000, 1, 100, 1)))
    writer.write(statements.USAGE, (HOUR + HOUR_MS, *KEY[1:], *Sums(5000, 1, 100, 1)))
    assert usage(writer) == [(5000, 1, 100, 1, 0)]


ENVIRONMENTS = '{"env-1":[4000,2,200]}'
COUNTS = (2, 4000, '{"billed":2}', "{}", "{}")
LEDGER_ROW = (HOUR, "b1", "window", "boot-1", "fastly", HOUR, HOUR, *COUNTS, 0, "1", "x/y/z", ENVIRONMENTS, 0)


def test_a_ledger_row_is_written_once_and_then_only_counts_copies(writer: Writer) -> None:
    for copies in (0, 2, 1):
        writer.write(statements.LEDGER, (*LEDGER_ROW[:12], copies, *LEDGER_ROW[13:]))
    assert writer.query("SELECT batch_id, records, outcomes, copies, epoch FROM batch_ledger") == [
        ("b1", 2, {"billed": 2}, 2, 0)
    ]


@pytest.mark.parametrize("order", [(0, 2), (2, 0), (2, 0, 2), (0, 2, 0)])
def test_a_ledger_row_says_what_the_first_copy_counted_whichever_is_written_first(
    writer: Writer, order: tuple[int, ...]
) -> None:
    counted = {0: (*LEDGER_ROW[:8], 3000, '{"billed":1,"repeated-line":1}', *LEDGER_ROW[10:]), 2: LEDGER_ROW}
    for copies in order:
        row = counted[copies]
        writer.write(statements.LEDGER, (*row[:12], copies, *row[13:15], "" if copies else ENVIRONMENTS, 0))
    assert writer.query("SELECT billed_ms, outcomes, copies FROM batch_ledger") == [
        (3000, {"billed": 1, "repeated-line": 1}, 2)
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["behind it", "before it"])
def test_only_the_first_copy_tells_environments(writer: Writer, order: tuple[int, ...]) -> None:
    for copies in order:
        writer.write(
            statements.LEDGER, (*LEDGER_ROW[:12], copies, *LEDGER_ROW[13:15], "" if copies else ENVIRONMENTS, 0)
        )
    assert writer.query("SELECT environments, copies FROM batch_ledger") == [({"env-1": [4000, 2, 200]}, 1)]


def test_a_batch_that_reprocess_has_counted_keeps_its_account_and_still_counts_copies(writer: Writer) -> None:
    writer.write(statements.LEDGER, LEDGER_ROW)
    writer.query("UPDATE batch_ledger SET epoch = 1, billed_ms = 5000")
    for copies in (0, 2):
        writer.write(statements.LEDGER, (*LEDGER_ROW[:12], copies, *LEDGER_ROW[13:]))
    assert writer.query("SELECT billed_ms, copies, epoch FROM batch_ledger") == [(5000, 2, 1)]


@pytest.mark.parametrize(
    ("billed_ms", "copies", "is_recorded_again"),
    [(4000, 0, False), (4000, 1, False), (3000, 0, True)],
    ids=["the same row again", "a copy", "another account"],
)
def test_a_batch_is_recorded_again_when_it_is_counted_otherwise(
    writer: Writer, billed_ms: int, copies: int, is_recorded_again: bool
) -> None:
    writer.write(statements.LEDGER, LEDGER_ROW)
    [before] = writer.query("SELECT recorded_at FROM batch_ledger")
    writer.write(statements.LEDGER, (*LEDGER_ROW[:8], billed_ms, *LEDGER_ROW[9:12], copies, *LEDGER_ROW[13:16], 1))
    assert (writer.query("SELECT recorded_at FROM batch_ledger") != [before]) is is_recorded_again


@pytest.mark.parametrize(
    ("known", "recorded"),
    [
        pytest.param([], [("window", 4000)], id="for-the-audit-where-nobody-has-counted-it"),
        pytest.param(["late"], [("late", 3000)], id="not-where-a-correction-has"),
        pytest.param(["window"], [("window", 3000)], id="not-where-its-window-has"),
        pytest.param(["window", "late"], [("late", 3000), ("window", 3000)], id="not-where-both-copies-stand"),
    ],
)
def test_a_batch_that_comes_when_it_is_forgotten_is_recorded(
    writer: Writer, known: list[str], recorded: list[tuple[str, int]]
) -> None:
    for path in known:
        writer.write(statements.LEDGER, (*LEDGER_ROW[:2], path, *LEDGER_ROW[3:8], 3000, *LEDGER_ROW[9:]))
    writer.write(statements.LEDGER, (*LEDGER_ROW[:2], "if-absent:window", *LEDGER_ROW[3:]))
    assert writer.query("SELECT path, billed_ms FROM batch_ledger ORDER BY 1") == recorded


@pytest.mark.parametrize(
    ("compared", "written_days_ago", "stands_at_ms"),
    [
        pytest.param(0, 30, 3000, id="without comparing it, whenever: its lines say what they say"),
        pytest.param(1, 0, 3000, id="by comparing it with what was there a moment ago"),
        pytest.param(1, 30, 4000, id="not by comparing it with what raw may have lost"),
    ],
)
def test_an_on_time_batch_is_counted_anew(
    writer: Writer, compared: int, written_days_ago: int, stands_at_ms: int
) -> None:
    writer.write(statements.LEDGER, LEDGER_ROW)
    writer.query(f"UPDATE batch_ledger SET recorded_at = now() - interval '{written_days_ago} days'")
    writer.write(statements.LEDGER, (*LEDGER_ROW[:8], 3000, *LEDGER_ROW[9:-1], compared))
    assert writer.query("SELECT billed_ms, copies FROM batch_ledger") == [(stands_at_ms, 0)]


def test_a_path_with_a_nul_is_recorded_without_it(writer: Writer) -> None:
    """U+0000 is the one character that Postgres stores neither in text nor in jsonb."""
    record = delivery('/a\0b"\\\n\u2028.mp4', unresolved=Unresolved.UNRESOLVED_UNRECOGNISED_PATH)
    tallied = tally_batch(batch([record], hour_ms=HOUR), RULES["1"])
    writer.write(statements.LEDGER, (*tallied.ledger, environments(tallied.usage), 0))
    assert writer.query("SELECT unresolved_assets FROM batch_ledger") == [({'/a\ufffdb"\\\n\u2028.mp4': 1},)]


def test_totals_and_watermarks_only_grow(writer: Writer) -> None:
    for batches in (5, 3):
        writer.write(statements.COLLECTOR_TOTALS, ("boot-1", "fastly", batches, batches * 10, 0, HOUR + batches))
    for moment in (HOUR, HOUR - 1):
        writer.write(statements.WATERMARK, ("media-usage", moment))
    told_ms = "(extract(epoch FROM told_at) * 1000)::bigint"
    assert writer.query(f"SELECT batches, records, told_batches, {told_ms} FROM collector_totals") == [
        (5, 50, 5, HOUR + 5)
    ]
    assert writer.query("SELECT extract(epoch FROM watermark)::bigint * 1000 FROM job_watermark") == [(HOUR,)]
