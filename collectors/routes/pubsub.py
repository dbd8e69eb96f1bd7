"""Google Cloud Pub/Sub's dialect: its message id is the delivery's identity, and a status is its answer.

Pub/Sub guide, "Push subscriptions": 102, 200, 201, 202 and 204 acknowledge a message, anything else has it delivered
again, until it is acknowledged or its retention ends. "Payload unwrapping": with `--push-no-wrapper-write-metadata`
the bare data is the body, and the id stands in a header. A subscription that unwraps without metadata tells no id:
its source has the framing `json`, and is identified by the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.framing.pubsub import open_push
from collectors.framing.unwrap import lines_of
from collectors.routes.dialect import Contents, Dialect, identified
from collectors.routes.plain import answer_plain

_MESSAGE_ID: Final = "X-Goog-Pubsub-Message-Id"


def unwrap_pubsub(framing: str, headers: Mapping[str, str], body: bytes) -> Contents:
    """The lines of one message, wrapped or not. Raises InvalidBody."""
    if _MESSAGE_ID in headers:
        return identified(headers[_MESSAGE_ID], lines_of(body, framing))
    message = open_push(body)
    return identified(message.message_id, lines_of(message.payload(), framing))


PUBSUB: Final = Dialect(unwrap=unwrap_pubsub, answer=answer_plain)
