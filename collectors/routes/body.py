"""Reading a request body within limits of size, time and memory."""

from __future__ import annotations

import asyncio

from aiohttp import web

from collectors.budget import OutOfMemoryBudget, Reservation
from collectors.framing.compression import decompress
from collectors.framing.errors import BodyTooLarge, InvalidBody
from collectors.routes.refusals import INVALID_BODY, OVERLOADED, TOO_LARGE, TOO_SLOW, Refused
from collectors.settings import Limits


async def read_body(request: web.Request, limits: Limits, reservation: Reservation) -> bytes:
    """The decompressed body; its bytes are reserved. Raises Refused."""
    if request.content_length is not None and request.content_length > limits.max_body_bytes:
        raise Refused(TOO_LARGE)
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            body = await _receive(request, limits.max_body_bytes, reservation)
    except TimeoutError:
        raise Refused(TOO_SLOW) from None
    return _decompressed(body, limits, reservation)


async def _receive(request: web.Request, max_bytes: int, reservation: Reservation) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        _reserve(reservation, len(chunk))
        body += chunk
        if len(body) > max_bytes:
            raise Refused(TOO_LARGE)
    return bytes(body)


def _decompressed(body: bytes, limits: Limits, reservation: Reservation) -> bytes:
    try:
        text = decompress(body, max_bytes=limits.max_decompressed_bytes, max_ratio=limits.max_ratio)
    except BodyTooLarge as error:
        raise Refused(TOO_LARGE, str(error)) from error
    except InvalidBody as error:
        raise Refused(INVALID_BODY, str(error)) from error
    if text is not body:
        _reserve(reservation, len(text))
    return text


def _reserve(reservation: Reservation, size: int) -> None:
    try:
        reservation.grow(size)
    except OutOfMemoryBudget as error:
        raise Refused(OVERLOADED, str(error)) from error
