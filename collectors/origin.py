"""Who writes a copy of a batch: the build that parsed it, and the process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Origin:
    """`boot_id` is random hex, drawn at the start of a collector process; heartbeats total its batches under it."""

    build: str
    boot_id: str
