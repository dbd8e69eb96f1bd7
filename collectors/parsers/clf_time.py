"""Times of the Common Log Format: `[23/Nov/2026:07:00:00 +0000]`, whole seconds with an offset."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from collectors.batches.records import InvalidLine


@lru_cache(maxsize=4_096)
def clf_ms(value: str) -> int:
    """Milliseconds since the epoch; brackets may be missing. Raises InvalidLine."""
    try:
        moment = datetime.strptime(value.removeprefix("[").removesuffix("]"), "%d/%b/%Y:%H:%M:%S %z")
    except ValueError:
        raise InvalidLine("bad-field", "a time is not dd/Mon/yyyy:hh:mm:ss with an offset") from None
    return round(moment.timestamp() * 1_000)
