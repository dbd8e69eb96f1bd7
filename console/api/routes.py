"""Routes of the API."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console.access.visitors import for_tokens
from console.api import delivery_usage, document

#: Refusals below it are problem JSON.
PREFIX: Final = "/video/"


def add_api_routes(app: web.Application) -> None:
    """Add them: all for holders of a token, but the document."""
    router = app.router
    router.add_get("/video/v1/delivery-usage", for_tokens(delivery_usage.get_by_asset))
    router.add_get("/video/v1/delivery-usage/hours", for_tokens(delivery_usage.get_by_hour))
    # A HEAD would read all rows to send none.
    router.add_get("/video/v1/delivery-usage.csv", for_tokens(delivery_usage.get_csv), allow_head=False)
    router.add_get("/video/v1/openapi.json", document.get_document)
