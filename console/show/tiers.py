"""Resolution tiers in the order in which they are shown, and their names in the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: As the billing rule names them (docs/billing-rule.md). Others, of a rule to come, are shown after them.
KNOWN: Final = ("audio-only", "up-to-720p", "1080p", "1440p", "2160p")


def ordered(tiers: Iterable[str]) -> list[str]:
    """By resolution, unknown ones last."""
    return sorted(set(tiers), key=lambda tier: (KNOWN.index(tier) if tier in KNOWN else len(KNOWN), tier))


def api_key(tier: str) -> str:
    """`tier_720p` for `up-to-720p`: the keys of `delivered_seconds_by_resolution` in Mux's delivery-usage API."""
    return f"tier_{tier.removeprefix('up-to-').replace('-', '_')}"
