"""Headers of every answer: nothing from elsewhere runs in a page, no page runs elsewhere, nothing is kept."""

from __future__ import annotations

from typing import Final

from aiohttp import web

#: No inline script or style, no other host, no frame.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_STATIC: Final = "/static/"


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: before an answer is sent."""
    response.headers.update(_HEADERS)
    # Addresses of static files change with their content.
    kept = "public, max-age=31536000, immutable" if request.path.startswith(_STATIC) else "no-store"
    response.headers["Cache-Control"] = kept
