"""Reading a request body within limits of size, time and memory."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from aiohttp import web

from collectors.framing.compression import decompress, is_compressed
from collectors.framing.errors import BodyTooLarge, InvalidBody
from collectors.limits.budget import OutOfMemoryBudget, Reservation
from collectors.routes.refusals import INVALID_BODY, OVERLOADED, TOO_LARGE, TOO_SLOW, Refused
from collectors.settings import Limits

#: Compressed bodies up to this size, in bytes, are opened at once: a few milliseconds at the highest ratio. Larger ones
#: go to a thread, and nothing else waits for them.
_AT_ONCE_BYTES: Final = 64 * 1024
#: Bodies that are opened by threads at a time. What they become is reserved once its size is known, so this many
#: decompressed bodies can stand beside the memory limit.
_OPENERS: Final = 2

OPENERS: Final = web.AppKey("openers", asyncio.Semaphore)


def new_openers() -> asyncio.Semaphore:
    """What bounds the threads of one application; to be found under OPENERS."""
    return asyncio.Semaphore(_OPENERS)


async def read_body(request: web.Request, limits: Limits, reservation: Reservation) -> bytes:
    """The decompressed body; its bytes are reserved. Raises Refused."""
    if request.content_length is not None and request.content_length > limits.max_body_bytes:
        raise Refused(TOO_LARGE)
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            body = await _receive(request, limits.max_body_bytes, reservation)
    except TimeoutError:
        raise Refused(TOO_SLOW) from None
    return await _decompressed(request, body, limits, reservation)


async def _receive(request: web.Request, max_bytes: int, reservation: Reservation) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        _reserve(reservation, len(chunk))
        body += chunk
        if len(body) > max_bytes:
            raise Refused(TOO_LARGE)
    return bytes(body)


async def _decompressed(request: web.Request, body: bytes, limits: Limits, reservation: Reservation) -> bytes:
    opened = partial(decompress, body, max_bytes=limits.max_decompressed_bytes, max_ratio=limits.max_ratio)
    try:
        if len(body) <= _AT_ONCE_BYTES or not is_compressed(body):
            text = opened()
        else:
            async with request.app[OPENERS]:
                text = await asyncio.to_thread(opened)
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
