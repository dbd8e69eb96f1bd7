"""What CDNs call hits and misses, in the three words that records use."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.parsers.fields import NULLS
from schemas.cdn_logs_pb2 import CacheStatus

# Looked up once: the names of a protobuf enum cost a microsecond each time.
_OTHER = CacheStatus.CACHE_STATUS_OTHER


class CacheStatuses(dict[str, CacheStatus]):
    """Status by a CDN's own word; a word that is none of them is OTHER: served, but neither hit nor miss."""

    def __missing__(self, word: str) -> CacheStatus:
        """The status of an unlisted word."""
        return _OTHER


def cache_statuses(*, hit: Iterable[str], miss: Iterable[str], unknown: Iterable[str] = ()) -> CacheStatuses:
    """A CDN's words for a hit, for a miss, and for "not told" beside the nulls that all share."""
    return CacheStatuses(
        dict.fromkeys((*NULLS, *unknown), CacheStatus.CACHE_STATUS_UNSPECIFIED)
        | dict.fromkeys(hit, CacheStatus.CACHE_STATUS_HIT)
        | dict.fromkeys(miss, CacheStatus.CACHE_STATUS_MISS)
    )
