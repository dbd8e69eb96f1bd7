"""Which build of the code this process has imported.

A TaskManager keeps imported modules for its life, so a new version submitted to an old TaskManager would silently
run the old code. Every operator therefore carries the build id of the code that built the job graph, and compares
it at `open()` with that of the code that was imported (measured: without this, the old code runs on).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("jobs", "schemas")


class BuildMismatch(RuntimeError):
    """The TaskManager has imported another build than the job was submitted with."""


def _hash_of_sources() -> str:
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*.py")):
            digest.update(f"{path.relative_to(_ROOT)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


#: Computed once, at import: it names the code in memory, not what lies on disk later.
BUILD_ID: Final = _hash_of_sources()


def require_build(submitted: str) -> None:
    """Raise BuildMismatch unless this process runs the build that the job was submitted with."""
    if submitted != BUILD_ID:
        raise BuildMismatch(
            f"the job was submitted with build {submitted}, this TaskManager has imported build {BUILD_ID}: "
            "replace the TaskManagers, or make python.pythonpath point at the submitted build"
        )
