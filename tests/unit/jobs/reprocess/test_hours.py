from __future__ import annotations

import pytest

from jobs.reprocess.hours import HoursFunction
from schemas.cdn_logs_pb2 import AccessLogBatch
from tests.support.batches import HOUR_MS, batch, delivery, heartbeat

HOUR = 490_000 * HOUR_MS


def of(hour_ms: int) -> AccessLogBatch:
    return batch([delivery("/a1/720p/segment-1.ts")], hour_ms=hour_ms)


def of_rejects(published_at_ms: int) -> AccessLogBatch:
    return batch([], hour_ms=0, published_at_ms=published_at_ms, rejected={"bad-json": 3})


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        pytest.param(of(HOUR).SerializeToString(), True, id="first hour"),
        pytest.param(of(HOUR + 2 * HOUR_MS).SerializeToString(), True, id="last hour"),
        pytest.param(of(HOUR - HOUR_MS).SerializeToString(), False, id="before"),
        pytest.param(of(HOUR + 3 * HOUR_MS).SerializeToString(), False, id="behind"),
        pytest.param(of_rejects(HOUR).SerializeToString(), True, id="rejects published in the first hour"),
        pytest.param(of_rejects(HOUR + 3 * HOUR_MS - 1).SerializeToString(), True, id="rejects at the end"),
        pytest.param(of_rejects(HOUR - 1).SerializeToString(), False, id="rejects published before"),
        pytest.param(of_rejects(HOUR + 3 * HOUR_MS).SerializeToString(), False, id="rejects published behind"),
        pytest.param(heartbeat("key-1", HOUR).SerializeToString(), False, id="heartbeat"),
        pytest.param(b"junk", False, id="dead letter of the enrichment job"),
    ],
)
def test_only_batches_of_the_hours_pass(payload: bytes, wanted: bool) -> None:
    assert HoursFunction(HOUR, HOUR + 2 * HOUR_MS).wanted(payload) == wanted
