"""Settings of the reprocess job, from environment variables `REPROCESS_*`; the two jobs' own settings stand beside.

Started by `python -m ops.reprocess`, which makes the schema and decides what becomes of the result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from jobs.environment import require
from schemas.batch import HOUR_MS


@dataclass(frozen=True, kw_only=True)
class ReprocessSettings:
    """Hours in epoch milliseconds of their start, both included."""

    #: Schema of the billing database that the job writes into; its tables exist.
    schema: str
    first_hour_ms: int
    last_hour_ms: int
    #: Topic to read: raw as long as its retention reaches, else enriched.
    source: Literal["raw", "enriched"] = "raw"

    def __post_init__(self) -> None:
        require(
            re.fullmatch(r"[a-z][a-z0-9_]*", self.schema) is not None and self.schema != "public",
            "REPROCESS_SCHEMA",
            f"{self.schema!r} is no schema of its own",
            "let `python -m ops.reprocess` choose it",
        )
        whole = self.first_hour_ms % HOUR_MS == 0 and self.last_hour_ms % HOUR_MS == 0
        require(
            whole and 0 < self.first_hour_ms <= self.last_hour_ms,
            "REPROCESS_FIRST_HOUR_MS and REPROCESS_LAST_HOUR_MS",
            f"{self.first_hour_ms} to {self.last_hour_ms} is no range of whole hours",
            "give the starts of the first and the last hour in epoch milliseconds",
        )
