"""What `make up` prints last: how to register an asset, post a log line and see the bill."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

from local import collectors, console, environment
from local.settings import Settings

#: The watermark runs three hours behind the clock and an hour is billed once it has passed its end: this long ago
#: an hour is over in any case, and not yet late.
_BILLED_AT_ONCE_SECONDS: Final = 5 * 3600

_ASSET: Final = (
    "INSERT INTO environments VALUES ('acme', 'Acme');"
    " INSERT INTO assets (asset_id, environment_id) VALUES ('trailer', 'acme');"
    " INSERT INTO renditions (asset_id, name, media_type, height, fixed_segment_ms)"
    " VALUES ('trailer', '1080p', 'video', 1080, 4000)"
)
_BILL: Final = "SELECT * FROM billable_usage"
_LINE: Final = (
    '{{"time": {time}, "method": "GET", "path": "/vod/trailer/1080p/segment-1.ts",'
    ' "status": 200, "bytes": 500000, "client": "192.0.2.7"}}'
)


def text(settings: Settings, now_s: float) -> str:
    """The guide, with a log line of five hours before `now_s` (epoch seconds)."""
    python = _relative(Path(sys.executable))
    line = _LINE.format(time=int(now_s) - _BILLED_AT_ONCE_SECONDS)
    return f"""
Variables for the commands below:
  set -a; . {_relative(environment.shell_file(settings))}; set +a
Register an asset with 4-second segments:
  {python} -m local.sql assets "{_ASSET}"
Post a log line of five hours ago, whose hour is billed as soon as it arrives:
  curl -d '{line}' {collectors.url(settings, 0)}/v1/logs/edge
See the bill, some ten seconds later, and the audit:
  {python} -m local.sql billing "{_BILL}"
  {python} -m ops.audit
The same in a browser:
  {console.url(settings)}"""


def print_now(settings: Settings) -> None:
    """Print the guide."""
    print(text(settings, time.time()))


def _relative(path: Path) -> str:
    """The path as one would type it here."""
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)
