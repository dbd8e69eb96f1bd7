"""Why a whole delivery cannot be unwrapped."""

from __future__ import annotations


class InvalidBody(ValueError):
    """A body that is not what its framing or compression promises."""


class BodyTooLarge(ValueError):
    """A body beyond a limit of size or compression ratio."""
