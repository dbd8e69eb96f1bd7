"""Kafka's murmur2, so that heartbeats reach the partition they are meant for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.kafka.partitioner import keys_by_partition, murmur2, partition_of


@pytest.mark.parametrize(
    ("data", "signed"),
    [
        (b"21", -973_932_308),
        (b"foobar", -790_332_482),
        (b"a-little-bit-long-string", -985_981_536),
        (b"a-little-bit-longer-string", -1_486_304_829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        (b"abc", 479_470_107),
    ],
)
def test_known_values_of_kafkas_own_tests(data: bytes, signed: int) -> None:
    """org.apache.kafka.common.utils.UtilsTest.testMurmur2."""
    assert murmur2(data) == signed % 2**32


@given(st.binary(), st.integers(min_value=1, max_value=720))
def test_a_partition_is_one_of_them(key: bytes, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions


@pytest.mark.parametrize("partitions", [1, 2, 4, 12, 97])
def test_there_is_a_key_for_every_partition(partitions: int) -> None:
    keys = keys_by_partition("heartbeat-", partitions)
    assert {partition: partition_of(key.encode(), partitions) for partition, key in keys.items()} == {
        partition: partition for partition in range(partitions)
    }


def test_keys_are_the_same_at_every_start() -> None:
    assert keys_by_partition("heartbeat-", 4) == {
        0: "heartbeat-4",
        1: "heartbeat-2",
        2: "heartbeat-0",
        3: "heartbeat-7",
    }
