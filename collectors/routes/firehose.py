"""Amazon Data Firehose's dialect: its request id is the delivery's identity, and it wants its own answer.

Firehose developer guide, "HTTP endpoint delivery request and response specifications": success is 200 alone, with
`Content-Type: application/json`, a Content-Length and `{"requestId", "timestamp"}`; errors add `errorMessage`. A 413
would be taken for permanent and drop the batch without even its backup bucket, so too large is answered with 400,
which is retried and then backed up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from collectors.framing.firehose import open_envelope
from collectors.framing.unwrap import lines_of_envelope
from collectors.routes.dialect import Contents, Dialect, identified
from collectors.routes.keys import CLOCK
from collectors.routes.refusals import Refused

_REQUEST_ID: Final = "X-Amz-Firehose-Request-Id"
_PERMANENT: Final = 413


def unwrap_firehose(framing: str, headers: Mapping[str, str], body: bytes) -> Contents:
    """The lines of all records of a Firehose request. Raises InvalidBody."""
    del headers
    envelope = open_envelope(body)
    return identified(envelope.request_id, lines_of_envelope(envelope, framing))


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


FIREHOSE: Final = Dialect(unwrap=unwrap_firehose, answer=answer_firehose)
