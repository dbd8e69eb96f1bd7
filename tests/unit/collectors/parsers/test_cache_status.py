from __future__ import annotations

import pytest

from collectors.parsers.cache_status import cache_statuses
from schemas.cdn_logs_pb2 import CacheStatus

WORDS = cache_statuses(hit=["HIT", "STALE"], miss=["MISS"], unknown=["unknown"])


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("HIT", CacheStatus.CACHE_STATUS_HIT),
        ("STALE", CacheStatus.CACHE_STATUS_HIT),
        ("MISS", CacheStatus.CACHE_STATUS_MISS),
        ("PASS", CacheStatus.CACHE_STATUS_OTHER),
        ("hit", CacheStatus.CACHE_STATUS_OTHER),
        ("unknown", CacheStatus.CACHE_STATUS_UNSPECIFIED),
        ("", CacheStatus.CACHE_STATUS_UNSPECIFIED),
        ("-", CacheStatus.CACHE_STATUS_UNSPECIFIED),
        ("(null)", CacheStatus.CACHE_STATUS_UNSPECIFIED),
    ],
)
def test_a_word_of_the_cdn_becomes_one_of_ours(word: str, status: CacheStatus) -> None:
    assert WORDS[word] == status


def test_unlisted_words_are_not_remembered() -> None:
    before = len(WORDS)
    assert WORDS["x" * 1_000] == CacheStatus.CACHE_STATUS_OTHER
    assert len(WORDS) == before
