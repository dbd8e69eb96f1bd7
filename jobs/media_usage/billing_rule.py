"""The billing rule: what one request delivered, in milliseconds of media.

A successful delivery is a GET of a media segment by a viewer, answered with 200 or 206. A whole segment bills its
exact duration; a part of it bills floor(duration x body bytes / object bytes). docs/architecture.md has the table.
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

#: Travels with each batch into the ledger. A changed rule gets a new version.
RULE_VERSION: Final = "1"

BILLED: Final = "billed"
INTERNAL: Final = "internal"
NOT_GET: Final = "not-get"
NOT_MODIFIED: Final = "not-modified"
REDIRECT: Final = "redirect"
ERROR: Final = "error"
NO_RESPONSE: Final = "no-response"
NOT_MEDIA: Final = "not-media"
COMPANION_AUDIO: Final = "companion-audio"
OTHER_LOW_LATENCY_UNIT: Final = "other-low-latency-unit"
EMPTY: Final = "empty"
RANGE_OF_UNKNOWN_SIZE: Final = "range-of-unknown-size"
UNRESOLVED: Final = {
    Unresolved.UNRESOLVED_UNRECOGNISED_PATH: "unresolved-unrecognised-path",
    Unresolved.UNRESOLVED_UNKNOWN_ASSET: "unresolved-unknown-asset",
    Unresolved.UNRESOLVED_UNKNOWN_RENDITION: "unresolved-unknown-rendition",
    Unresolved.UNRESOLVED_UNKNOWN_SEGMENT: "unresolved-unknown-segment",
}

_GET: Final = int(Method.METHOD_GET)
_SEGMENT: Final = int(ObjectKind.OBJECT_KIND_MEDIA_SEGMENT)
_PART: Final = int(ObjectKind.OBJECT_KIND_PARTIAL_SEGMENT)
_COMPANION: Final = int(MediaType.MEDIA_TYPE_COMPANION_AUDIO)
_AUDIO_ONLY: Final = int(MediaType.MEDIA_TYPE_AUDIO_ONLY)
_PARTS_BILL: Final = int(LowLatencyBilling.LOW_LATENCY_BILLING_PARTS)


def outcome(record: AccessLog, rendition: Rendition) -> tuple[str, int]:
    """Why a record bills or not, and the milliseconds that it bills (0 unless billed).

    What makes a request no delivery at all is asked before what is unknown about it: a 404 for an asset that does
    not exist is an error, not an unresolved asset.
    """
    status = record.status
    if record.internal:
        return INTERNAL, 0
    if record.method != _GET:
        return NOT_GET, 0
    if status != 200 and status != 206:
        return _without_success(status), 0
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


def _without_success(status: int) -> str:
    if status == 304:
        return NOT_MODIFIED
    if status in (0, 499):
        return NO_RESPONSE
    return REDIRECT if 300 <= status < 400 else ERROR


def _refusal(kind: int, rendition: Rendition) -> str:
    """Why a successful GET bills nothing whatever its size; empty where it bills."""
    if kind != _SEGMENT and kind != _PART:
        return NOT_MEDIA
    if rendition.media_type == _COMPANION:
        return COMPANION_AUDIO
    parts_bill = rendition.low_latency_billing == _PARTS_BILL
    return "" if parts_bill == (kind == _PART) else OTHER_LOW_LATENCY_UNIT


def _delivered(record: AccessLog, status: int) -> tuple[str, int]:
    duration, body = record.media_duration_ms, record.body_bytes
    if body == 0:
        return EMPTY, 0
    if not record.HasField("object_bytes"):
        return (BILLED, duration) if status == 200 else (RANGE_OF_UNKNOWN_SIZE, 0)
    size = record.object_bytes
    return BILLED, duration if body >= size else duration * body // size
