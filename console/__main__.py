"""`python -m console`: serve the console until SIGTERM; settings come from environment variables."""

from __future__ import annotations

import logging
import os
import sys

from aiohttp import web

from console.app import create_app
from console.settings import from_environment
from ops.settings import InvalidSetting

log = logging.getLogger(__name__)


def main() -> int:
    """Serve; 2 where a setting is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = from_environment(os.environ)
        app = create_app(settings)
    except InvalidSetting as error:
        log.critical("%s", error)
        return 2
    log.info("console on http://%s:%d, access by %s", settings.host, settings.port, settings.auth)
    # Query strings name customers: no access log.
    web.run_app(app, host=settings.host, port=settings.port, print=None, access_log=None, handle_signals=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
