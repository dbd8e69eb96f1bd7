"""Amazon Data Firehose's dialect: its request id is the delivery's identity, and it wants its own answer.

Firehose developer guide, "HTTP endpoint delivery request and response specifications": success is 200 alone, with
`Content-Type: application/json`, a Content-Length and `{"requestId", "timestamp"}`; errors add `errorMessage`. A 413
would be taken for permanent and drop the batch without even its backup bucket, so too large is answered with 400,
which is retried and then backed up.
"""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from collectors.blocks import Delivery
from collectors.framing.errors import InvalidBody
from collectors.framing.firehose import open_envelope
from collectors.framing.unwrap import lines_of_envelope
from collectors.routes.keys import CLOCK
from collectors.routes.refusals import INVALID_BODY, Refused
from collectors.sources import Source

_REQUEST_ID: Final = "X-Amz-Firehose-Request-Id"
_MAX_ID_CHARACTERS: Final = 128
_PERMANENT: Final = 413


def firehose_delivery(source: Source, body: bytes, received_at_ms: int) -> Delivery:
    """The delivery of a Firehose request. Raises Refused."""
    try:
        envelope = open_envelope(body)
    except InvalidBody as error:
        raise Refused(INVALID_BODY, str(error)) from error
    if not 0 < len(envelope.request_id) <= _MAX_ID_CHARACTERS:
        raise Refused(INVALID_BODY, "the request id is empty or too long")
    return Delivery(
        source_id=source.id,
        cdn=source.cdn,
        delivery_id=envelope.request_id,
        received_at_ms=received_at_ms,
        lines=lines_of_envelope(envelope, source.framing),
        deduplicate_records=source.deduplicate_records,
    )


def answer_firehose(request: web.Request, refused: Refused | None) -> web.Response:
    """The JSON answer that Firehose takes for an answer at all."""
    answer: dict[str, str | int] = {
        "requestId": request.headers.get(_REQUEST_ID, ""),
        "timestamp": request.app[CLOCK].now_ms(),
    }
    status = 200
    if refused is not None:
        answer["errorMessage"] = refused.refusal.message
        status = 400 if refused.refusal.status == _PERMANENT else refused.refusal.status
    return web.Response(status=status, body=msgspec.json.encode(answer), content_type="application/json")
