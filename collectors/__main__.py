"""`python -m collectors`: run one collector until SIGTERM; settings come from COLLECTOR_* variables."""

from __future__ import annotations

import sys

import uvloop

from collectors.allocator import keep_freed_memory
from collectors.server import main

if __name__ == "__main__":
    keep_freed_memory()
    sys.exit(uvloop.run(main()))
