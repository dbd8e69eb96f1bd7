"""Identity of the collector's code, so that every batch says which build parsed it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final


def hash_sources(package: Path) -> str:
    """12 hex characters over the names and contents of all Python files below `package`."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


#: Read once, at import: what the file system holds later is not what this process runs.
BUILD_ID: Final = hash_sources(Path(__file__).parent)
