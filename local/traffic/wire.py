"""How each CDN ships its lines: framing, compression, envelope and headers, as its vendor documents them."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from local.traffic import logs
from local.traffic.events import Event

#: Lines that Kinesis hands to Firehose as one record.
_FIREHOSE_LINES: Final = 200


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes as they are sent, with the request headers that go with them (none for syslog)."""

    body: bytes
    headers: dict[str, str] = {}


def classic_syslog(events: Sequence[Event]) -> Wire:
    """Fastly's message type `classic`, one line a frame: no strict RFC 3164, because the time is RFC 3339."""
    return Wire(body="".join(f"{_classic_header(event)} {logs.line(event)}\n" for event in events).encode())


def counted_syslog(events: Sequence[Event]) -> Wire:
    """Fastly's message type `blank`, framed by octet counting (RFC 6587 section 3.4.1)."""
    lines = (logs.line(event) for event in events)
    return Wire(body="".join(f"{len(line)} {line}" for line in lines).encode())


def text(events: Sequence[Event]) -> bytes:
    """One line after the other, as every CDN but a syslog sender writes them."""
    return "".join(f"{logs.line(event)}\n" for event in events).encode()


def fastly_post(lines: bytes, secret: str) -> Wire:
    """Fastly's HTTPS endpoint, newline-delimited; our secret travels in a header that the endpoint configures."""
    return Wire(body=lines, headers={"Authorization": f"Bearer {secret}"})


def cloudflare_post(lines: bytes, secret: str) -> Wire:
    """Logpush: gzipped NDJSON; our secret travels in a header that the destination's URL configures."""
    return Wire(
        # Without a time in the gzip header, so that the same lines make the same bytes.
        body=gzip.compress(lines, compresslevel=1, mtime=0),
        headers={"Content-Encoding": "gzip", "Authorization": f"Bearer {secret}"},
    )


def akamai_post(lines: bytes, secret: str) -> Wire:
    """DataStream 2, custom HTTPS endpoint: plain JSON lines with Basic authentication."""
    credentials = base64.b64encode(f"datastream:{secret}".encode()).decode()
    return Wire(body=lines, headers={"Authorization": f"Basic {credentials}"})


def cloudfront_post(lines: bytes, secret: str, request_id: uuid.UUID, sent_ms: int) -> Wire:
    """Firehose: base64 records of several lines each, in one JSON request with an id that retries keep."""
    single = lines.splitlines(keepends=True)
    records = [
        {"data": base64.b64encode(b"".join(single[start : start + _FIREHOSE_LINES])).decode()}
        for start in range(0, len(single), _FIREHOSE_LINES)
    ]
    request = {"requestId": str(request_id), "timestamp": sent_ms, "records": records}
    return Wire(
        body=json.dumps(request).encode(),
        headers={
            "Content-Type": "application/json",
            "X-Amz-Firehose-Protocol-Version": "1.0",
            "X-Amz-Firehose-Request-Id": str(request_id),
            "X-Amz-Firehose-Access-Key": secret,
        },
    )


def _classic_header(event: Event) -> str:
    logged_at = datetime.fromtimestamp(event.end_ms // 1_000, UTC)
    node = f"cache-{event.viewer.pop.lower()}-eddf82300{event.request_id % 64:02}"
    return f"<134>{logged_at:%Y-%m-%dT%H:%M:%SZ} {node} mediabill[4711]:"
