"""The partition that Kafka's default partitioner gives a key, so that heartbeats can be aimed.

Java's producer hashes keys with a seeded 32-bit murmur2 (org.apache.kafka.common.utils.Utils.murmur2) and drops the
sign; librdkafka does the same with `partitioner=murmur2_random`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Final

_SEED: Final = 0x9747B28C
_FACTOR: Final = 0x5BD1E995
_SHIFT: Final = 24
_MASK: Final = 0xFFFFFFFF
_WORD: Final = 4


def murmur2(data: bytes) -> int:
    """32-bit murmur2 of Kafka, as an unsigned number."""
    whole = len(data) - len(data) % _WORD
    value = _SEED ^ len(data)
    for at in range(0, whole, _WORD):
        value = (value * _FACTOR & _MASK) ^ _mixed(int.from_bytes(data[at : at + _WORD], "little"))
    rest = data[whole:]
    if rest:
        value = (value ^ int.from_bytes(rest, "little")) * _FACTOR & _MASK
    value = (value ^ value >> 13) * _FACTOR & _MASK
    return value ^ value >> 15


def _mixed(word: int) -> int:
    word = word * _FACTOR & _MASK
    return (word ^ word >> _SHIFT) * _FACTOR & _MASK


def partition_of(key: bytes, partitions: int) -> int:
    """Partition of a key among `partitions`."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def keys_by_partition(prefix: str, partitions: int) -> Mapping[int, str]:
    """For every partition, the first key `<prefix><number>` that hashes to it."""
    keys: dict[int, str] = {}
    for number in count():
        key = f"{prefix}{number}"
        keys.setdefault(partition_of(key.encode(), partitions), key)
        if len(keys) == partitions:
            return keys
    raise AssertionError("count() never ends")
