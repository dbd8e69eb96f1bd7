"""The request of an access log line: method, target and protocol, as `GET /path?query HTTP/2.0` or apart.

Public servers log requests that are none (port scans, a TLS hello on a plain port, a connection that was closed at
once): an empty or garbled request with status 400, 408, 499, 000 or so. Such a line is a record of an error, which
bills nothing, and no reject: rejects are to mean that something is wrong with the logs.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from collectors.batches.records import InvalidLine
from collectors.parsers.escapes import percent_encoded
from collectors.parsers.fields import NULLS, method_of, path_of
from schemas.cdn_logs_pb2 import Method

_REQUEST: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]++) (\S.*) (HTTP/\d(?:\.\d)?)", re.DOTALL)
_OTHER: Final = Method.METHOD_OTHER


class Request(NamedTuple):
    """What was asked for. `target` is as logged (it may hold an origin); `protocol` is "" where not logged."""

    method: Method
    path: str
    target: str
    protocol: str


def request_of(line: str, status: int) -> Request:
    """The request behind a logged request line. Raises InvalidLine for none, unless `status` is that of an error."""
    match = _REQUEST.fullmatch(line)
    if match is None:
        return Request(_OTHER, path_of_target("", status), "", "")
    method, target, protocol = match.groups()
    return Request(method_of(method), path_of(percent_encoded(target)), target, protocol)


def path_of_target(target: str, status: int) -> str:
    """The path of a target that is logged by itself, unescaped.

    Raises InvalidLine for none, unless `status` is that of an error.
    """
    if target not in NULLS:
        return path_of(target)
    if status == 0 or status >= 400:
        return "/"
    raise InvalidLine("bad-field", "the line has no HTTP request")
