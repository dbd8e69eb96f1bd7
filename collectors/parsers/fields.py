"""Field rules that CDNs share: nulls, number ranges, methods, paths, ranges, times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

from collectors.batches.records import InvalidLine
from schemas.cdn_logs_pb2 import Method

#: What CDNs write for "no value" (Akamai, CloudFront: `-`; Fastly: `(null)`; JSON templates: `null`, `N/A`).
NULLS: Final = frozenset({"", "-", "null", "(null)", "N/A"})

#: A number of bytes. Bounded so that sums stay exact in every language that reads it.
ByteCount = Annotated[int, Meta(ge=0, le=2**53)]
#: HTTP status; 0 and 000 stand for "the client left before an answer".
Status = Annotated[int, Meta(ge=0, le=999)]
#: Seconds with decimals, up to the year 2286.
EpochSeconds = Annotated[float, Meta(ge=0, lt=1e10)]
Seconds = Annotated[float, Meta(ge=0, lt=1e6)]

#: What a 32-bit field of milliseconds holds (49 days); no response takes longer.
_MAX_DURATION_MS: Final = 2**32 - 1

# Looked up once: the names of a protobuf enum cost a microsecond each time.
_OTHER: Final = Method.METHOD_OTHER
#: Of a 64-bit number.
_MAX_DIGITS: Final = 19
#: Characters of a user agent, encoded.
_USUAL_LENGTH: Final = 512

_METHODS: Final = {
    "GET": Method.METHOD_GET,
    "HEAD": Method.METHOD_HEAD,
    "": Method.METHOD_UNSPECIFIED,
}
_CONTENT_RANGE: Final = re.compile(r"bytes\s+(\d{1,16})-(\d{1,16})/(\d{1,16}|\*)", re.ASCII)
_ORIGIN_FORM: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def text(value: str) -> str:
    """The value, or "" where it stands for none."""
    return "" if value in NULLS else value


def method_of(name: str) -> Method:
    """The method by its HTTP name, which is case-sensitive (RFC 9110 section 9.1)."""
    return _METHODS.get(name, _OTHER)


def path_of(url: str) -> str:
    """Path of a request target as logged: no origin, query or fragment; a leading slash; still encoded.

    Raises InvalidLine if nothing was logged: an empty URL would silently become "/", which bills nothing. So it does
    for a NUL, which no text in Postgres can hold; in a request it would be `%00`.
    """
    # Most are a path and nothing else: asked first, that halves what this costs.
    if url[:1] == "/" and "?" not in url and "#" not in url and "\0" not in url:
        return url
    if not url:
        raise InvalidLine("bad-field", "the line has no path")
    if not url.startswith("/"):
        url = _ORIGIN_FORM.sub("", url, count=1)
    if "?" in url:
        url = url.partition("?")[0]
    if "#" in url:
        url = url.partition("#")[0]
    if "\0" in url:
        raise InvalidLine("bad-field", "the path holds a NUL")
    return url if url.startswith("/") else f"/{url}"


def content_range(value: str) -> tuple[int | None, int | None, int | None]:
    """First byte, last byte and object size of a Content-Range value (RFC 9110 section 14.4); None: not told."""
    match = _CONTENT_RANGE.fullmatch(value)
    if match is None:
        return None, None, None
    first, last, size = match.groups()
    return int(first), int(last), None if size == "*" else int(size)


def epoch_ms_by_magnitude(value: int) -> int:
    """Milliseconds of an integer time whose unit the source does not declare.

    Any time between 1973 and 5138 has a different number of digits in s, ms, µs and ns.
    """
    if value >= 10**17:
        return value // 1_000_000
    if value >= 10**14:
        return value // 1_000
    return value if value >= 10**11 else value * 1_000


def rfc3339_ms(value: str) -> int:
    """Milliseconds of an RFC 3339 time. Raises InvalidLine without a date, a time or an offset."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidLine("bad-field", "a time is not RFC 3339") from None
    if moment.tzinfo is None:
        raise InvalidLine("bad-field", "a time has no UTC offset")
    return round(moment.timestamp() * 1_000)


def whole_number(value: str) -> int | None:
    """The number that a text of 1 to 19 ASCII digits spells; None for anything else."""
    return int(value) if 0 < len(value) <= _MAX_DIGITS and value.isascii() and value.isdigit() else None


def user_agent_of(value: str, decode: Callable[[str], str]) -> str:
    """The user agent behind its percent-encoding. They repeat, so those of usual length are remembered."""
    return _remembered(value, decode) if len(value) <= _USUAL_LENGTH else text(decode(value))


@lru_cache(maxsize=16_384)
def _remembered(value: str, decode: Callable[[str], str]) -> str:
    return text(decode(value))


def seconds_to_ms(value: float) -> int:
    """Whole milliseconds of seconds with decimals: exact to the millisecond for any time of this century."""
    return round(value * 1_000)


def duration_ms(value: int) -> int:
    """A duration held between 0 and 49 days: clocks of two servers may make one negative, a bug a huge one."""
    if 0 <= value <= _MAX_DURATION_MS:
        return value
    return 0 if value < 0 else _MAX_DURATION_MS
