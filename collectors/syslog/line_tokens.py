"""Credential of a syslog source: a token at the start of every message, as Fastly's option `token` writes it.

It may stand before or behind the syslog header, followed by a space. Sources that are known by a client certificate
or an address have none.
"""

from __future__ import annotations

import hmac

from collectors.credentials import Credentials
from collectors.syslog.messages import message_of


class Unauthorized(ValueError):
    """A message without a valid token; a connection that has not shown one before must be closed."""


class LineTokens:
    """Checks and removes the tokens of one connection's messages."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        # A connection repeats its token on every line: hashing it once is enough.
        self._accepted = b""

    @property
    def is_proven(self) -> bool:
        """Whether a valid token has been shown."""
        return bool(self._accepted)

    def line_of(self, frame: bytes) -> bytes:
        """The log line of a frame, without header and token. Raises Unauthorized."""
        message = message_of(frame)
        if not self._credentials.hashes:
            return message
        token, _, line = message.partition(b" ")
        if not self._accepted or not hmac.compare_digest(token, self._accepted):
            self._check(token)
        return message_of(line)

    def _check(self, token: bytes) -> None:
        if not self._credentials.accept(token.decode(errors="replace")):
            raise Unauthorized("a message has no valid token")
        self._accepted = token
