"""Body bytes of a response whose log holds only the total, headers included.

Rule: with the expected body known (the length of the range, else a Content-Length), a total of at least that is a
whole body. Otherwise the body is the total less an allowance for headers (600 bytes for HTTP/1, 300 for HTTP/2 and 3,
whose headers are compressed), never below 0. So headers alone (a HEAD, a 304) are no body, and a body that was cut off
is never estimated above what was sent.
"""

from __future__ import annotations

from typing import Final

_HEADER_ALLOWANCE_HTTP1: Final = 600
_HEADER_ALLOWANCE: Final = 300


def body_of_total(total: int, expected: int | None, *, is_http1: bool) -> int:
    """Bytes of the body within `total`; `expected` is the whole body's size, None where the log does not tell it."""
    if expected is not None and total >= expected:
        return expected
    return max(total - (_HEADER_ALLOWANCE_HTTP1 if is_http1 else _HEADER_ALLOWANCE), 0)


def range_length(first: int | None, last: int | None) -> int | None:
    """Bytes from `first` to `last`, both included (RFC 9110 section 14.1.2); None where either is unknown."""
    return None if first is None or last is None else max(last - first + 1, 0)
