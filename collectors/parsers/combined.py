"""The combined log format: `host ident user [time] "request" status bytes "referer" "user agent"`.

Source: httpd.apache.org/docs/current/logs.html, "Combined Log Format"; nginx calls the same `combined`, `varnishncsa`
writes it by default, with the host in the request line. Columns behind the user agent are not read.

Bytes are the body's, without headers. There is no host in general, no size of the object and no completion: a 206 bills
nothing, because the size of its object is not known, and a 200 that was cut off bills whole.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.batches.records import InvalidLine, Record
from collectors.parsers.clf_time import clf_ms
from collectors.parsers.escapes import unescaped
from collectors.parsers.fields import text, whole_number
from collectors.parsers.request_line import request_of
from collectors.parsers.urls import host_of

_QUOTED: Final = r'"((?:[^"\\]|\\.)*+)"'
_LINE: Final = re.compile(
    rf"(\S++) \S++ [^\[]*+\[([^\]]++)\] {_QUOTED} (\d{{3}}) (\d{{1,16}}|-) {_QUOTED} {_QUOTED}(?: .*)?",
    re.ASCII | re.DOTALL,
)


def parse_combined(line: bytes) -> Record:
    """The record of a line; what the format lacks is not logged. Raises InvalidLine."""
    match = _LINE.fullmatch(line.decode(errors="replace"))
    if match is None:
        raise InvalidLine("bad-field", "the line is not in the combined log format")
    client, time, request_line, status, body, _, agent = match.groups()
    request = request_of(request_line, int(status))
    return Record(
        event_time_ms=clf_ms(time),
        status=int(status),
        path=request.path,
        method=request.method,
        host=host_of(request.target),
        body_bytes=whole_number(body) or 0,
        client_ip=text(client),
        user_agent=unescaped(text(agent)),
    )
