"""What every syslog listener of a collector works with."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.clock import Clock
from collectors.intake import Door
from collectors.metrics import Metrics
from collectors.syslog.memory import SyslogMemory


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """`flush_interval_s`: seconds after which lines are sent even if they fill no block."""

    intake: Door
    clock: Clock
    metrics: Metrics
    memory: SyslogMemory
    flush_interval_s: float
