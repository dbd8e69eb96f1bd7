"""What happened, before any CDN writes it down.

The truth that log lines are rendered from and that bills are compared with.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from local.traffic.catalogue import Asset, Rendition


class Cdn(StrEnum):
    """The CDNs that there are lines of; the value is also the id of the source that their logs are posted to."""

    FASTLY = "fastly"
    CLOUDFLARE = "cloudflare"
    AKAMAI = "akamai"
    CLOUDFRONT = "cloudfront"


class Kind(StrEnum):
    """What a request asked for."""

    SEGMENT = "segment"
    INIT = "init"
    MANIFEST = "manifest"
    KEY = "key"
    SUBTITLE = "subtitle"
    IMAGE = "image"
    OTHER = "other"


class Damage(StrEnum):
    """How a log line was spoilt between the CDN and us, so that no record can be read from it."""

    NONE = "none"
    TRUNCATED = "truncated"
    WRONG_TYPE = "wrong-type"


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked, and through which CDN. `protocol` is the HTTP version: "1.1", "2" or "3"."""

    address: str
    user_agent: str
    cdn: Cdn
    host: str
    pop: str
    protocol: str


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request and its response. Times are epoch milliseconds, sizes bytes.

    `object_bytes` is the size of the whole object, known to the server even where its log does not tell.
    `first` and `last` are the range that a 206 announced; `body_bytes` is what really left, less than the
    response should have if the viewer went away (`completed` is false then).
    """

    viewer: Viewer
    end_ms: int
    elapsed_ms: int
    first_byte_ms: int
    method: str
    path: str
    status: int
    kind: Kind
    object_bytes: int
    body_bytes: int
    request_id: int
    first: int = 0
    last: int = 0
    completed: bool = True
    hit: bool = True
    #: Logged by a shield or for a sub-request of an edge program: not a viewer's request.
    internal: bool = False
    damage: Damage = Damage.NONE
    asset: Asset | None = None
    rendition: Rendition | None = None
    number: int = 0
