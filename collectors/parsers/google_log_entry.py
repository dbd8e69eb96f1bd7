"""What Google Cloud's request logs share: a LogEntry with an HttpRequest (Cloud Logging API v2).

Facts, from the pages "LogEntry" and "External Application Load Balancer logging" (fields), and the JSON mapping of
protocol buffers:

* Sizes are strings (64-bit numbers), durations are seconds with an `s` behind (`0.021418s`), times RFC 3339 with up
  to nine decimals in UTC. What is zero, false or empty is left out: no `status` means 0, no answer.
* `timestamp` is when the first layer of Google's front end received the request; the event time is that + latency.
* `responseSize` counts headers and body; no field has the body alone, and none the size of the whole object.
* `requestUrl` is the whole URL, with host and query; `remoteIp` may have a port behind it.
* `insertId` is unique to an entry of its time and log, and the same whenever Cloud Logging exports the entry again.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from collectors.batches.records import InvalidLine
from collectors.parsers.body_estimate import body_of_total
from collectors.parsers.fields import ByteCount, Status, duration_ms, rfc3339_ms

_DURATION: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?s", re.ASCII)
_ADDRESS_AND_PORT: Final = re.compile(r"\[([^\]]*)\](?::\d+)?|([^:]*):\d+", re.ASCII)


class HttpRequest(msgspec.Struct, gc=False, rename="camel"):
    """The fields of an HttpRequest that are read."""

    request_url: str
    request_method: str = ""
    status: Status = 0
    response_size: ByteCount | None = None
    user_agent: str = ""
    remote_ip: str = ""
    protocol: str = ""
    latency: str = ""
    cache_lookup: bool = False
    cache_hit: bool = False
    cache_validated_with_origin_server: bool = False

    def body_bytes(self) -> int:
        """The body, estimated. Raises InvalidLine if a success has no size: it was lost, and is not zero."""
        if self.response_size is None:
            if 200 <= self.status < 300:
                raise InvalidLine("bad-field", "a successful response has no responseSize")
            return 0
        return body_of_total(self.response_size, None, is_http1=not self.protocol.startswith(("HTTP/2", "HTTP/3")))


def address_of(remote_ip: str) -> str:
    """An address without the port that may follow it (`10.0.0.1:80`, `[2001:db8::1]:80`)."""
    match = _ADDRESS_AND_PORT.fullmatch(remote_ip)
    return remote_ip if match is None else match[1] or match[2] or ""


def optional_duration_ms(value: str) -> int | None:
    """Milliseconds of a protobuf duration; None where there is none. Raises InvalidLine if it is no duration."""
    if not value:
        return None
    if _DURATION.fullmatch(value) is None:
        raise InvalidLine("bad-field", "a duration is not in seconds with an s behind")
    return duration_ms(round(float(value[:-1]) * 1_000))


def end_ms(timestamp: str, elapsed_ms: int | None) -> int:
    """Event time, the end of the response. Raises InvalidLine."""
    return rfc3339_ms(timestamp) + (elapsed_ms or 0)
