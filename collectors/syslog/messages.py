"""A syslog frame to the log line inside: the header goes, whichever sender wrote it.

Read are RFC 5424, RFC 3164 with the loose times and tags of real senders, Fastly's `classic` (a priority, an RFC 3339
time, cache node and tag: neither of the two standards), and bare lines without any header. Nothing of the header is
used: event times come from the line itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

_UTF8_BOM: Final = b"\xef\xbb\xbf"
#: RFC 5424 section 6: PRI VERSION SP TIMESTAMP SP HOST SP APP SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG]. In a
#: parameter's value `"`, `\` and `]` are escaped (6.3.3), so an element ends at the first `]` outside a string.
_RFC_5424: Final = re.compile(
    rb"<\d{1,3}>\d{1,2} (?:[^ ]++ ){5}"
    rb'(?:-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*+")*+\])++)(?: |\Z)',
    re.DOTALL,
)
#: Names of elements of structured data, less their enterprise number, and values of parameters; a token is one word of
#: a sensible length.
_STRUCTURED_WORD: Final = re.compile(rb'(?<=\[)[^ "=\]@]{16,128}(?=[@ \]])|(?<=")[^ "=\\\]]{16,128}(?=")')
#: Words of one header that are looked at.
_MAX_WORDS: Final = 8
_PRIORITY: Final = re.compile(rb"<\d{1,3}>")
#: RFC 3164 section 4.1 (`Mmm dd hh:mm:ss host tag[pid]: `), or the same with the RFC 3339 time of Fastly's classic. No
#: tag has a `|`: of a sender without tags that is a column, perhaps with an IPv6 address in the next.
_CLASSIC: Final = re.compile(
    rb"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[0-9:.]++(?:Z|[+-]\d\d:\d\d)) "
    rb"[^ ]++ [^ :\[|]++(?:\[[^\]]*+\])?: ?"
)


def message_of(frame: bytes) -> bytes:
    """The message of a frame, without header and byte order mark.

    What has no header that can be read is a message as a whole, less its priority (RFC 3164 section 4.3.3).
    """
    if not frame.startswith(b"<"):
        return frame.removeprefix(_UTF8_BOM)
    header = _RFC_5424.match(frame)
    if header is None:
        header = _PRIORITY.match(frame)
        if header is None:
            return frame
        header = _CLASSIC.match(frame, header.end()) or header
    return frame[header.end() :].removeprefix(_UTF8_BOM)


def header_words(frame: bytes) -> Iterator[bytes]:
    """The words of a frame's structured data (RFC 5424 section 6.3) that could be a token, the first few of them."""
    header = _RFC_5424.match(frame)
    if header is not None:
        for word in islice(_STRUCTURED_WORD.finditer(header[0]), _MAX_WORDS):
            yield word[0]
