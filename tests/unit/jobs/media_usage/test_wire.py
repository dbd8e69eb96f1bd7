from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage import wire
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.repeated_lines import Line, Lines
from jobs.media_usage.rules import RULES
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from jobs.media_usage.wire import CollectorTotals
from schemas.cdn_logs_pb2 import Heartbeat, SourceTotals
from tests.support.batches import HOUR_MS, batch

HOUR = 490_000 * HOUR_MS
BUCKETS_OF_RELEASE = [2, 8, 14]


def test_a_tallied_batch_is_keyed_by_its_id() -> None:
    made = batch([], hour_ms=HOUR, rejected={"bad-json": 1})
    tallied = tally_batch(made, RULES["1"])
    message = wire.tallied(tallied)
    assert wire.key_of(message) == made.header.batch_id
    assert not wire.is_heartbeat(message)
    assert not wire.has_lines(message)
    assert wire.parse_batch(message) == tallied


def test_a_batch_travels_with_its_lines_to_the_task_of_their_source_and_hour() -> None:
    made = batch([], hour_ms=HOUR, source_id="cloudflare-main")
    tallied = tally_batch(made, RULES["1"])
    billed, free = Line("billed", ("env-1", "a1", "1080p"), 4000, 100, ""), Line("not-media", (), 0, 7, "")
    lines = Lines(["id-1", ""], [billed, free])
    message = wire.tallied(tallied, lines)
    assert (wire.key_of(message), wire.parse_batch(message)) == (made.header.batch_id, tallied)
    assert wire.has_lines(message)
    passed_on = wire.by_source_and_hour(tallied, message)
    assert wire.key_of(passed_on) == f"cloudflare-main {HOUR}"
    assert wire.parse_lines(passed_on) == (tallied, lines)


def test_a_batch_without_records_has_lines_all_the_same() -> None:
    assert wire.has_lines(wire.tallied(tally_batch(batch([], hour_ms=HOUR), RULES["1"]), Lines([], [])))


def test_a_heartbeat_is_keyed_by_its_collector() -> None:
    beat = Heartbeat(
        boot_id="boot-1",
        key="k3",
        totals=[
            SourceTotals(source_id="fastly", batches=3, records=20, rejected=1),
            SourceTotals(source_id="akamai", batches=1, records=5),
        ],
    )
    message = wire.heartbeat(beat, HOUR)
    assert wire.key_of(message) == "heartbeat boot-1"
    assert wire.is_heartbeat(message)
    assert wire.parse_heartbeat(message) == [
        CollectorTotals("boot-1", "fastly", 3, 20, 1, HOUR),
        CollectorTotals("boot-1", "akamai", 1, 5, 0, HOUR),
    ]


name = st.text(st.characters(exclude_characters="\n\x1e\x1f", exclude_categories=["Cs"]), min_size=1)


keys = st.builds(UsageKey, name, name, st.sampled_from(["1080p", "audio-only"]))
some_sums = st.builds(Sums, *[st.integers(0, 2**62)] * 4)


@given(usage=st.dictionaries(keys, some_sums))
def test_sums_travel_with_their_hour_and_key(usage: dict[UsageKey, Sums]) -> None:
    messages = list(wire.usage_messages(tally_batch(batch([], hour_ms=HOUR), RULES["1"])._replace(usage=usage)))
    rows = {wire.usage_key(key): sums for message in messages for key, sums in wire.usage_rows(message)}
    assert rows == usage
    assert {wire.usage_hour(wire.key_of(message)) for message in messages} <= {HOUR}
    assert len({wire.key_of(message) for message in messages}) == len(messages)


def test_the_bucket_of_an_asset_never_changes() -> None:
    """Contract: state is kept under it; another hash or count would split the sums of open hours."""
    assert [wire.bucket_of(UsageKey("env-1", asset, "1080p")) for asset in ("a1", "a2", "a3")] == BUCKETS_OF_RELEASE
    assert wire.bucket_of(UsageKey("env-1", "a1", "2160p")) == BUCKETS_OF_RELEASE[0]
