"""Templates: what they may call, and what every page shows around its own content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from console.access.visitors import visitor
from console.keys import NOW, SETTINGS, TEMPLATES
from console.settings import Auth
from console.show import amounts, charts
from ops import hours

_HERE: Final = Path(__file__).resolve().parent.parent
STATIC: Final = _HERE / "static"
NAVIGATION: Final = (
    ("/", "Usage"),
    ("/assets", "Assets"),
    ("/sources", "Sources"),
    ("/audit", "Audit"),
    ("/statements", "Statements"),
)


def new_templates() -> Environment:
    """The templates, which escape everything and know no undefined name."""
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= _FILTERS
    templates.globals |= {**_GLOBALS, "static": _addresses()}
    return templates


def render(request: web.Request, template: str, *, status: int = 200, **context: object) -> web.Response:
    """A page. `request`, `now` and `operator` are in every context."""
    app = request.app
    text = (
        app[TEMPLATES]
        .get_template(template)
        .render(path=request.path, now=app[NOW](), operator=_operator(request), **context)
    )
    return web.Response(status=status, text=text, content_type="text/html")


def _operator(request: web.Request) -> Mapping[str, object] | None:
    """Who is looking; None on pages that one sees before logging in."""
    try:
        principal = visitor(request)
    except web.HTTPForbidden:
        return None
    if principal is None:
        return None
    return {"name": principal.name, "can_leave": request.app[SETTINGS].auth is Auth.TOKEN}


def _addresses() -> dict[str, str]:
    """Static files by name; an address changes with its file's content, so browsers may keep it for good."""
    files = (file for file in STATIC.iterdir() if file.is_file())
    return {file.name: f"/static/{file.name}?v={_digest(file)}" for file in files}


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def moment(when: datetime) -> str:
    """`24 Nov 2026 13:05:09`, in UTC as everything."""
    return f"{when.astimezone(UTC):%d %b %Y %H:%M:%S}"


def _hour(when: datetime) -> str:
    return f"{when.astimezone(UTC):%d %b %Y %H:%M}"


def ago(seconds: float) -> str:
    """`12 min`, in the biggest unit of which there are at least two."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def delay(seconds: float | None) -> str:
    """The bound of a histogram's bucket, as `ops.sources` shows it."""
    if seconds is None:
        return "-"
    return "> 2 d" if seconds == float("inf") else f"≤ {ago(seconds)}"


def _reasons(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))


def _count(number: int) -> str:
    return f"{number:,}"


#: What templates may turn values with.
_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "minutes": amounts.show_minutes,
    "size": amounts.show_bytes,
    "count": _count,
    "moment": moment,
    "hour": _hour,
    "ago": ago,
    "certainty_name": charts.name,
    "delay": delay,
    "epoch_ms": hours.of_epoch_ms,
    "reasons": _reasons,
}
#: What they may call and name beside their context.
_GLOBALS: Final[dict[str, Any]] = {
    "share": amounts.show_share,
    "permille": amounts.permille,
    "certainty_legend": charts.CERTAINTY_LEGEND,
    "certainty_parts": charts.certainty_parts,
    "tier_colour": charts.tier_colour,
    "navigation": NAVIGATION,
}
