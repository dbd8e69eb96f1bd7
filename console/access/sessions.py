"""Logged-in browsers. In memory: a restart logs everybody out."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from console.access.tokens import Principal, hash_of

#: Seconds after which one logs in again.
LIFETIME_S: Final = 12 * 3600
#: Beyond it the oldest session ends.
_MOST: Final = 1_000


class Sessions:
    """Sessions by the hash of the secret in the browser's cookie. `clock` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    def begin(self, principal: Principal) -> str:
        """A new session's secret, for the cookie."""
        secret = secrets.token_urlsafe(32)
        self._open[hash_of(secret)] = (self._clock() + LIFETIME_S, principal)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return secret

    def find(self, secret: str) -> Principal | None:
        """Whose session it is; None for one that has ended, or never was."""
        until, principal = self._open.get(hash_of(secret), (float("-inf"), None))
        return principal if self._clock() < until else None

    def end(self, secret: str) -> None:
        """Forget a session; one that is not there is no error."""
        self._open.pop(hash_of(secret), None)
