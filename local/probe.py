"""Asking a program over HTTP whether it is ready, as Kubernetes' probes do."""

from __future__ import annotations

import http.client
from typing import Final

from local.ports import LOOPBACK

_TIMEOUT_SECONDS: Final = 10


def answers(port: int, path: str) -> bool:
    """Whether what listens at this port of this machine answers the path with 200."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
