"""What handlers find in the application, by typed keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from aiohttp import web
from jinja2 import Environment

from console.access.rate import RateLimit
from console.access.sessions import Sessions
from console.access.tokens import Tokens
from console.auditor import Auditor
from console.data.database import Database
from console.settings import Settings

SETTINGS: Final = web.AppKey("settings", Settings)
DATABASE: Final = web.AppKey("database", Database)
TOKENS: Final = web.AppKey("tokens", Tokens)
SESSIONS: Final = web.AppKey("sessions", Sessions)
RATE_LIMIT: Final = web.AppKey("rate_limit", RateLimit)
AUDITOR: Final = web.AppKey("auditor", Auditor)
TEMPLATES: Final = web.AppKey("templates", Environment)
#: What time it is, in UTC.
NOW: Final[web.AppKey[Callable[[], datetime]]] = web.AppKey("now")
