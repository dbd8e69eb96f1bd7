"""What aiohttp's server logs of requests that it cannot handle, without anything of the request.

aiohttp names the client's address and quotes the line that it could not read, token and all.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType
from typing import Final

from aiohttp.http_exceptions import HttpProcessingError


class Discretion(logging.Filter):
    """Rewrites every record to the kind of error, and, for one of our own, the places where it came about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True: the record stays, whatever is left of it."""
        kind, error, trace = record.exc_info or (None, None, None)
        record.exc_info = record.exc_text = None
        record.args = ()
        if isinstance(error, HttpProcessingError):
            record.levelno, record.levelname = logging.INFO, "INFO"
            record.msg = f"refused a request that is no HTTP: {type(error).__name__}"
        elif kind is not None:
            record.msg = f"a request failed: {kind.__name__}\n{_places(trace)}"
        return True


def _places(trace: TracebackType | None) -> str:
    """Files, lines and source, as in a traceback, but no values: not even the exception's own text."""
    return "".join(traceback.format_tb(trace)).rstrip()


SERVER_LOG: Final = logging.getLogger("collectors.http")
SERVER_LOG.addFilter(Discretion())
