"""Render, validate, and prove that the rules can fail: `python -m k8s.check`, or `make k8s-check`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from k8s import generate
from k8s.check import planted, rendering, schemas
from k8s.check.manifests import Finding, Overlay
from k8s.check.rules import RULES


def findings(overlay: Overlay) -> list[Finding]:
    """Everything that is wrong with an overlay: by schema, or else, once every object has its shape, by the rules."""
    misshapen = list(schemas.check(overlay))
    return misshapen or [finding for rule in RULES for finding in rule(overlay)]


def main() -> int:
    """0 where every object is valid, and every planted error was found."""
    overlays = [rendering.render(name) for name in rendering.overlays()]
    stale = [str(path.relative_to(generate.ROOT)) for path in generate.stale()]
    for path in stale:
        print(f"{path}: not what its source makes: run `{generate.COMMAND}`")
    invalid = sum(_report(overlay) for overlay in overlays)
    unseen = list(_unseen(overlays))
    for error in unseen:
        print(f"planted and not found: {error}")
    print(f"planted errors: {len(planted.ERRORS)}, found: {len(planted.ERRORS) - len(unseen)}")
    objects = sum(len(overlay.manifests) for overlay in overlays)
    print(f"k8s: objects={objects} invalid={invalid + len(stale)}")
    return 1 if invalid or stale or unseen else 0


def _report(overlay: Overlay) -> int:
    """Print what is wrong; how many objects are."""
    found = findings(overlay)
    for finding in found:
        print(f"overlay {overlay.name}: {finding}")
    invalid = {(finding.manifest.kind, finding.manifest.name) for finding in found}
    print(f"overlay {overlay.name}: {len(overlay.manifests)} objects, {len(invalid)} invalid")
    return len(invalid)


def _unseen(overlays: list[Overlay]) -> Iterator[str]:
    """Planted errors that no rule has found."""
    production = next(overlay for overlay in overlays if overlay.name == planted.OVERLAY)
    for error in planted.ERRORS:
        if not any(error.expected in str(finding) for finding in findings(planted.plant(production, error))):
            yield f"{error.title} ({error.expected!r})"


if __name__ == "__main__":
    sys.exit(main())
