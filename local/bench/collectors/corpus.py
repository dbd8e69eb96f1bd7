"""Believable lines of the last minute: Cloudflare deliveries as Logpush posts them, Fastly lines as syslog.

The fields are those of the vendors' settings that we ship, in their order: what a customer who follows docs/collectors/
sends.
"""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec

from local.settings import ROOT
from local.traffic import logs
from local.traffic.events import Cdn, Event, Kind, Viewer
from local.traffic.wire import Wire

_SHIPPED: Final = ROOT / "collectors" / "parsers"

#: Different lines of each kind; load repeats them. A delivery that is repeated is a retry to the collector, which
#: costs it what any delivery costs.
LINES: Final = 100_000
LINES_A_DELIVERY: Final = 5_000
_CLASSIC_HEADER: Final = b"<134>2026-11-23T07:00:00Z cache-fra-eddf8230012 mediabill[4711]:"
#: Requests of one viewer in a minute of playing.
_SEGMENTS_A_SESSION: Final = 8
_SEGMENT_MS: Final = 4_000
_SPREAD_MS: Final = 20_000
_AGENTS: Final = tuple(
    f"Mozilla/5.0 (SMART-TV; LINUX; Tizen {version}.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.0.0"
    for version in range(4, 10)
)


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """`deliveries` are POSTs of `LINES_A_DELIVERY` lines; `syslog` is the same number of lines in each framing."""

    deliveries: list[Wire]
    counted: bytes
    classic: bytes


def corpus(now_ms: int, secret: str, *, lines: int = LINES, seed: int = 1) -> Corpus:
    """Lines that ended in the minute before `now_ms`. The same seed makes the same traffic."""
    chance = random.Random(seed)
    cloudflare = _lines(chance, Cdn.CLOUDFLARE, now_ms, lines, logpush_fields())
    fastly = _lines(chance, Cdn.FASTLY, now_ms, lines, fastly_fields())
    starts = range(0, lines, LINES_A_DELIVERY)
    return Corpus(
        deliveries=[_logpush(cloudflare[start : start + LINES_A_DELIVERY], secret) for start in starts],
        counted=b"".join(b"%d %s" % (len(line), line) for line in fastly),
        classic=b"".join(b"%s %s\n" % (_CLASSIC_HEADER, line) for line in fastly),
    )


def logpush_fields() -> list[str]:
    """The fields of the Logpush job that we ship."""
    job = msgspec.json.decode((_SHIPPED / "cloudflare.logpush-job.json").read_bytes())
    names: list[str] = job["output_options"]["field_names"]
    return names


def fastly_fields() -> list[str]:
    """The keys of the Fastly format string that we ship."""
    return re.findall(r'"(\w+)":', (_SHIPPED / "fastly.log-format.txt").read_text())


def _logpush(lines: Sequence[bytes], secret: str) -> Wire:
    headers = {"Content-Encoding": "gzip", "Authorization": f"Bearer {secret}"}
    return Wire(body=gzip.compress(b"".join(b"%s\n" % line for line in lines), compresslevel=6), headers=headers)


def _lines(chance: random.Random, cdn: Cdn, now_ms: int, count: int, fields: Sequence[str]) -> list[bytes]:
    rows = (msgspec.json.decode(logs.line(event)) for event in _mixed(chance, cdn, now_ms, count))
    return [msgspec.json.encode({name: row[name] for name in fields if name in row}) for row in rows]


def _mixed(chance: random.Random, cdn: Cdn, now_ms: int, count: int) -> list[Event]:
    """Events of many viewers in the order of their ends, as a CDN logs them."""
    sessions = map(partial(_session, chance, cdn), [now_ms] * (count // _SEGMENTS_A_SESSION))
    events = [event for session in sessions for event in session]
    # Mixed by delivery, not over all: each delivery has many viewers.
    size = LINES_A_DELIVERY
    return [
        event
        for start in range(0, count, size)
        for event in sorted(events[start : start + size], key=lambda event: event.end_ms)
    ]


def _session(chance: random.Random, cdn: Cdn, now_ms: int) -> Iterator[Event]:
    viewer = Viewer(
        address=f"198.18.{chance.randrange(256)}.{chance.randrange(256)}",
        user_agent=chance.choice(_AGENTS),
        cdn=cdn,
        host="vod.example.com",
        pop=chance.choice(("FRA", "IAD", "NRT", "GRU")),
        protocol="2",
    )
    path = f"/vod/title-{chance.randrange(300):04}/{chance.choice(('360p', '720p', '1080p'))}"
    first = chance.randrange(400)
    end_ms = now_ms - 2 * _SPREAD_MS - chance.randrange(_SPREAD_MS)
    for step in range(_SEGMENTS_A_SESSION):
        yield _segment(chance, viewer, f"{path}/segment-{first + step}.m4s", end_ms + step * _SEGMENT_MS)


def _segment(chance: random.Random, viewer: Viewer, path: str, end_ms: int) -> Event:
    size = chance.randrange(200_000, 2_000_000)
    is_range = chance.random() < 0.04
    return Event(
        viewer=viewer,
        end_ms=end_ms,
        elapsed_ms=chance.randrange(40, 2_000),
        first_byte_ms=chance.randrange(40),
        method="GET",
        path=path,
        status=206 if is_range else chance.choices((200, 304, 404), (95, 4, 1))[0],
        kind=Kind.SEGMENT,
        object_bytes=size,
        body_bytes=size // 2 if is_range else size,
        request_id=chance.getrandbits(64),
        first=0,
        last=size // 2 - 1,
        hit=chance.random() < 0.95,
    )
