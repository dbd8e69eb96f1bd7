"""Serve figures for Prometheus until SIGTERM: `python -m ops.exporter`. Settings: ops/exporter/settings.py."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from ops.exporter.server import readings_of, serve
from ops.exporter.settings import Settings, from_environment
from ops.settings import InvalidSetting


def main() -> int:
    """Run until told to stop; 2 where a setting is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = from_environment(os.environ)
    except InvalidSetting as error:
        print(f"exporter: {error}", file=sys.stderr)
        return 2
    asyncio.run(_until_told(settings))
    return 0


async def _until_told(settings: Settings) -> None:
    serving = asyncio.create_task(serve(readings_of(settings), settings.host, settings.port))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    await asyncio.wait([serving])
    if not serving.cancelled():
        serving.result()


if __name__ == "__main__":
    sys.exit(main())
