"""POST /v1/logs/{source_id}: one delivery, answered with 2xx once Kafka has all of it."""

from __future__ import annotations

import logging
from typing import Final

from aiohttp import web

from collectors.batches.blocks import Delivery
from collectors.framing.errors import InvalidBody
from collectors.framing.header_line import without_header
from collectors.kafka.publisher import KafkaUnavailable
from collectors.routes.authentication import authenticate
from collectors.routes.body import read_body
from collectors.routes.dialects import dialect_of
from collectors.routes.keys import BUDGET, CLOCK, COMPLETENESS, INTAKE, LIMITS, METRICS
from collectors.routes.pace import check_pace
from collectors.routes.plain import answer_plain
from collectors.routes.refusals import INVALID_BODY, KAFKA_UNAVAILABLE, Refused
from collectors.sources import Source

log = logging.getLogger(__name__)

PATH: Final = "/v1/logs/{source_id}"
_PROBE: Final = "probe"


async def post_logs(request: web.Request) -> web.Response:
    """Accept a delivery and answer in the sender's own form."""
    try:
        source = await authenticate(request)
    except Refused as refused:
        return answer_plain(request, refused)
    outcome = await _outcome(request, source)
    if outcome is not None:
        request.app[METRICS].deliveries.labels(source.id, outcome.refusal.reason).inc()
        request.app[COMPLETENESS].refused(source.id, outcome.refusal.reason)
        log.warning("source %s: refused a delivery, %s: %s", source.id, outcome.refusal.reason, outcome)
    return dialect_of(source.framing).answer(request, outcome)


async def _outcome(request: web.Request, source: Source) -> Refused | None:
    try:
        await _accept(request, source)
    except Refused as refused:
        return refused
    return None


async def _accept(request: web.Request, source: Source) -> None:
    app = request.app
    check_pace(source.pace)
    received_at_ms = app[CLOCK].now_ms()
    with app[BUDGET].reservation() as reservation:
        body = await read_body(request, app[LIMITS], reservation)
        if not body or source.format.is_probe(body):
            app[METRICS].deliveries.labels(source.id, _PROBE).inc()
            return
        app[METRICS].body_bytes.labels(source.id).inc(len(body))
        delivery = _delivery(request, source, body, received_at_ms)
        source.pace.pay(lines=len(delivery.lines), size=len(body))
        # The lines are copies: what they were cut from need not stay while Kafka answers.
        del body
        try:
            await app[INTAKE].accept(delivery, source.parse)
        except KafkaUnavailable as error:
            raise Refused(KAFKA_UNAVAILABLE, str(error)) from error


def _delivery(request: web.Request, source: Source, body: bytes, received_at_ms: int) -> Delivery:
    try:
        contents = dialect_of(source.framing).unwrap(source.framing, request.headers, body)
        lines = without_header(contents.lines, source.is_header)
    except InvalidBody as error:
        raise Refused(INVALID_BODY, str(error)) from error
    return source.delivery(contents.delivery_id, lines, received_at_ms)
