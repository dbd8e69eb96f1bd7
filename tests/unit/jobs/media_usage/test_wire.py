from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage import wire
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from jobs.media_usage.wire import CollectorTotals
from schemas.cdn_logs_pb2 import Heartbeat, SourceTotals
from tests.support.batches import HOUR_MS, batch

HOUR = 490_000 * HOUR_MS


def test_a_tallied_batch_is_keyed_by_its_id() -> None:
    made = batch([], hour_ms=HOUR, rejected={"bad-json": 1})
    tallied = tally_batch(made)
    message = wire.tallied(tallied)
    assert wire.key_of(message) == made.header.batch_id
    assert wire.parse(message) == tallied


def test_a_heartbeat_is_keyed_by_its_collector() -> None:
    beat = Heartbeat(
        boot_id="boot-1",
        key="k3",
        totals=[
            SourceTotals(source_id="fastly", batches=3, records=20, rejected=1),
            SourceTotals(source_id="akamai", batches=1, records=5),
        ],
    )
    message = wire.heartbeat(beat)
    assert wire.key_of(message) == "heartbeat boot-1"
    assert wire.parse(message) == [
        CollectorTotals("boot-1", "fastly", 3, 20, 1),
        CollectorTotals("boot-1", "akamai", 1, 5, 0),
    ]


name = st.text(st.characters(exclude_characters="\n\x1f", exclude_categories=["Cs"]), min_size=1)


@given(environment=name, asset=name, sums=st.builds(Sums, *[st.integers(0, 2**62)] * 4))
def test_sums_travel_with_their_key(environment: str, asset: str, sums: Sums) -> None:
    key = UsageKey(environment, asset, "1080p")
    tallied = tally_batch(batch([], hour_ms=HOUR))._replace(usage={key: sums})
    (message,) = wire.usage_messages(tallied)
    assert wire.usage_key(wire.key_of(message)) == key
    assert wire.usage_sums(message) == sums
