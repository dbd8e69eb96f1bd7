"""What handlers find in the application, by typed keys."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from collectors.clock import Clock
from collectors.completeness.minutes import Completeness
from collectors.intake import Door
from collectors.kafka.clock_check import ClockCheck
from collectors.kafka.publisher import Publisher
from collectors.limits.budget import ByteBudget
from collectors.metrics import Metrics
from collectors.settings import Limits
from collectors.sources import Sources
from collectors.syslog.listener import SyslogListener
from collectors.trust.credentials import Credentials
from collectors.trust.signing_keys import SigningKeys

SOURCES: Final = web.AppKey("sources", Sources)
LIMITS: Final = web.AppKey("limits", Limits)
CLOCK: Final = web.AppKey("clock", Clock)
BUDGET: Final = web.AppKey("budget", ByteBudget)
METRICS: Final = web.AppKey("metrics", Metrics)
PUBLISHER: Final = web.AppKey("publisher", Publisher)
INTAKE: Final[web.AppKey[Door]] = web.AppKey("intake")
LISTENERS: Final = web.AppKey("listeners", list[SyslogListener])
COMPLETENESS: Final = web.AppKey("completeness", Completeness)
#: Of those who sign identity tokens.
SIGNING_KEYS: Final = web.AppKey("signing_keys", SigningKeys)
#: Of operators who ask for the status.
STATUS_CREDENTIALS: Final = web.AppKey("status_credentials", Credentials)
#: Absent where the clock follows the data.
CLOCK_CHECK: Final = web.AppKey("clock_check", ClockCheck)
