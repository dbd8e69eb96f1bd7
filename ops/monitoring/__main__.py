"""Write what follows from the registry of metrics: `python -m ops.monitoring`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ops.monitoring.dashboard import dashboard
from ops.monitoring.page import page

ROOT: Final = Path(__file__).resolve().parents[2]
#: Files that are generated, with what they hold.
GENERATED: Final[Mapping[Path, Callable[[], str]]] = {
    ROOT / "docs" / "operations" / "metrics.md": page,
    ROOT / "k8s" / "monitoring" / "dashboard.json": dashboard,
}


def main() -> None:
    """Write every generated file anew."""
    for file, content in GENERATED.items():
        file.write_text(content())


if __name__ == "__main__":
    main()
