"""A source that posts too fast: refused before its body is read, and told when to come again."""

from __future__ import annotations

import math

from collectors.limits.pace import Pace
from collectors.routes.refusals import RATE_LIMITED, Refused


def check_pace(pace: Pace) -> None:
    """Raise Refused while the source has to wait."""
    wait_s = pace.wait_s()
    if wait_s:
        raise Refused(RATE_LIMITED, f"may go on in {wait_s:.1f} s", retry_after_s=math.ceil(wait_s))
