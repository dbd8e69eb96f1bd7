"""Why a delivery is not accepted, and the status that tells its sender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One kind of refusal. `retry_after_s` is set where the same delivery may succeed later."""

    status: int
    reason: str
    message: str
    retry_after_s: int | None = None


UNAUTHORIZED: Final = Refusal(
    status=401, reason="unauthorized", message="unknown source, or no valid credential for it"
)
INVALID_BODY: Final = Refusal(status=400, reason="invalid-body", message="the body is not what its framing promises")
TOO_LARGE: Final = Refusal(status=413, reason="too-large", message="the body exceeds a limit of size or ratio")
RATE_LIMITED: Final = Refusal(status=429, reason="rate-limited", message="the source sends faster than it may")
TOO_SLOW: Final = Refusal(status=408, reason="too-slow", message="the body did not arrive in time")
OVERLOADED: Final = Refusal(status=503, reason="overloaded", message="too many bytes are in flight", retry_after_s=5)
KAFKA_UNAVAILABLE: Final = Refusal(
    status=503, reason="kafka-unavailable", message="the log store did not acknowledge", retry_after_s=10
)

KEYS_UNAVAILABLE: Final = Refusal(
    status=503, reason="keys-unavailable", message="identity tokens cannot be verified now", retry_after_s=10
)


class Refused(Exception):
    """A delivery ends with this refusal. `detail` is for logs and carries nothing of the request."""

    def __init__(self, refusal: Refusal, detail: str = "", *, retry_after_s: int | None = None) -> None:
        super().__init__(detail or refusal.message)
        self.refusal = refusal
        #: Seconds after which the same delivery may succeed, where that can be said.
        self.retry_after_s = refusal.retry_after_s if retry_after_s is None else retry_after_s
