"""Every route of the console, with who may take it."""

from __future__ import annotations

from aiohttp import web

from console import health
from console.access.visitors import for_operators
from console.api.routes import add_api_routes
from console.pages import assets, audit, login, sources, statements, usage
from console.pages.render import STATIC


def add_routes(app: web.Application) -> None:
    """Add all routes."""
    router = app.router
    router.add_get("/", for_operators(usage.get_usage))
    # A HEAD of a file would read all its rows to send none.
    router.add_get("/usage.csv", for_operators(usage.get_csv), allow_head=False)
    router.add_get("/assets", for_operators(assets.get_assets))
    router.add_get("/sources", for_operators(sources.get_sources))
    router.add_get("/audit", for_operators(audit.get_audit))
    router.add_post("/audit", for_operators(audit.post_audit))
    router.add_get("/statements", for_operators(statements.get_statements))
    router.add_get(r"/statements/{number:\d{1,18}}", for_operators(statements.get_statement))
    router.add_get(r"/statements/{number:\d{1,18}}.csv", for_operators(statements.get_csv), allow_head=False)
    router.add_get("/login", login.get_login)
    router.add_post("/login", login.post_login)
    router.add_post("/logout", login.post_logout)
    router.add_get("/healthz", health.get_healthz)
    router.add_get("/readyz", health.get_readyz)
    router.add_static("/static", STATIC)
    add_api_routes(app)
