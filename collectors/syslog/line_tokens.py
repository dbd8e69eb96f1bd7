"""Credential of a syslog source: a token in every message.

It stands at the start, before or behind the syslog header and followed by a space, as Fastly's option `token` writes
it; or in the structured data of RFC 5424, as the name of an element (`[token@32473 ...]`: Loggly, Papertrail and those
who send to them) or as a value. Sources that are known by a client certificate or an address have none.
"""

from __future__ import annotations

import hmac

from collectors.syslog.messages import header_words, message_of
from collectors.trust.credentials import Credentials


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
        if self._accept(token):
            return message_of(line)
        if any(self._accept(word) for word in header_words(frame)):
            return message
        raise Unauthorized("a message has no valid token")

    def _accept(self, token: bytes) -> bool:
        if self._accepted and hmac.compare_digest(token, self._accepted):
            return True
        if not self._credentials.accept(token.decode(errors="replace")):
            return False
        self._accepted = token
        return True
