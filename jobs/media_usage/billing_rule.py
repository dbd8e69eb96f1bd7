"""The billing rule, version 1: what one request delivered, in milliseconds of media.

A delivery is a GET of a media segment by a viewer that was answered with bytes of it. A whole segment bills its exact
duration, a part of it floor(duration x body bytes / object bytes). docs/billing-rule.md is this rule for customers;
ranges.py is what several ranges of one segment bill together.
"""

from __future__ import annotations

from typing import Final

from schemas.cdn_logs_pb2 import (
    AccessLog,
    LowLatencyBilling,
    MediaType,
    Method,
    ObjectKind,
    Rendition,
    Unresolved,
)

BILLED: Final = "billed"
#: A share of a segment by range, which is counted together with others of the same segment to the same client.
BILLED_RANGE: Final = "billed-range"
INTERNAL: Final = "internal"
NOT_GET: Final = "not-get"
NOT_MODIFIED: Final = "not-modified"
REDIRECT: Final = "redirect"
ERROR: Final = "error"
NO_RESPONSE: Final = "no-response"
NOT_MEDIA: Final = "not-media"
COMPANION_AUDIO: Final = "companion-audio"
TRICK_PLAY: Final = "trick-play"
OTHER_LOW_LATENCY_UNIT: Final = "other-low-latency-unit"
EMPTY: Final = "empty"
RANGE_OF_UNKNOWN_SIZE: Final = "range-of-unknown-size"
CUT_OFF_OF_UNKNOWN_SIZE: Final = "cut-off-of-unknown-size"
UNRESOLVED: Final = {
    Unresolved.UNRESOLVED_UNRECOGNISED_PATH: "unresolved-unrecognised-path",
    Unresolved.UNRESOLVED_UNKNOWN_ASSET: "unresolved-unknown-asset",
    Unresolved.UNRESOLVED_UNKNOWN_RENDITION: "unresolved-unknown-rendition",
    Unresolved.UNRESOLVED_UNKNOWN_SEGMENT: "unresolved-unknown-segment",
}
UNRESOLVED_OUTCOMES: Final = frozenset(UNRESOLVED.values())

_GET: Final = int(Method.METHOD_GET)
_SEGMENT: Final = int(ObjectKind.OBJECT_KIND_MEDIA_SEGMENT)
_PART: Final = int(ObjectKind.OBJECT_KIND_PARTIAL_SEGMENT)
_VIDEO: Final = int(MediaType.MEDIA_TYPE_VIDEO)
_AUDIO_ONLY: Final = int(MediaType.MEDIA_TYPE_AUDIO_ONLY)
_PARTS_BILL: Final = int(LowLatencyBilling.LOW_LATENCY_BILLING_PARTS)
_REFUSED_MEDIA: Final = {
    int(MediaType.MEDIA_TYPE_COMPANION_AUDIO): COMPANION_AUDIO,
    int(MediaType.MEDIA_TYPE_TRICK_PLAY): TRICK_PLAY,
}
#: The client left before the response ended. CDNs log it so in place of the status that had been sent.
_CLIENT_LEFT: Final = frozenset((0, 499))


def outcome(record: AccessLog, rendition: Rendition) -> tuple[str, int]:
    """Why a record bills or not, and the milliseconds that it bills by itself (0 unless billed).

    What makes a request no delivery at all is asked before what is unknown about it: a 404 for an asset that does
    not exist is an error, not an unresolved asset.
    """
    status = record.status
    if record.internal:
        return INTERNAL, 0
    if record.method != _GET:
        return NOT_GET, 0
    if status != 200 and status != 206:
        refusal = _without_success(record, status)
        if refusal:
            return refusal, 0
    if record.unresolved:
        return UNRESOLVED[record.unresolved], 0
    refusal = _refusal(record.object_kind, rendition)
    return (refusal, 0) if refusal else _delivered(record, status)


def tier(rendition: Rendition) -> str:
    """Resolution tier that the rendition is billed in, by picture height."""
    if rendition.media_type == _AUDIO_ONLY:
        return "audio-only"
    height = rendition.height
    if height <= 720:
        return "up-to-720p"
    if height <= 1080:
        return "1080p"
    return "1440p" if height <= 1440 else "2160p"


def _without_success(record: AccessLog, status: int) -> str:
    """Why a status other than 200 and 206 delivers nothing; empty where bytes were sent before the client left."""
    if status in _CLIENT_LEFT:
        return "" if record.body_bytes else NO_RESPONSE
    if status == 304:
        return NOT_MODIFIED
    return REDIRECT if 300 <= status < 400 else ERROR


def _refusal(kind: int, rendition: Rendition) -> str:
    """Why a request for an object bills nothing however much of it was delivered; empty where it bills."""
    if kind != _SEGMENT and kind != _PART:
        return NOT_MEDIA
    media_type = rendition.media_type
    if media_type != _VIDEO and media_type in _REFUSED_MEDIA:
        return _REFUSED_MEDIA[media_type]
    parts_bill = rendition.low_latency_billing == _PARTS_BILL
    return "" if parts_bill == (kind == _PART) else OTHER_LOW_LATENCY_UNIT


def _delivered(record: AccessLog, status: int) -> tuple[str, int]:
    body = record.body_bytes
    if body == 0:
        return EMPTY, 0
    # 0 where it is unknown: an object without bytes has none to deliver.
    size = record.object_bytes
    if size == 0:
        return _of_unknown_size(record, status)
    duration = record.media_duration_ms
    share = duration if body >= size else duration * body // size
    return (BILLED_RANGE if status == 206 else BILLED), share


def _of_unknown_size(record: AccessLog, status: int) -> tuple[str, int]:
    if status == 200:
        return BILLED, record.media_duration_ms
    return (RANGE_OF_UNKNOWN_SIZE if status == 206 else CUT_OFF_OF_UNKNOWN_SIZE), 0
