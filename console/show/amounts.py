"""Delivered time, bytes and counts for people and files. Integers and decimals only: money is never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_MS_PER_SECOND: Final = 1_000
_MS_PER_MINUTE: Final = 60_000
_CENTS: Final = Decimal("0.01")
_MICRO: Final = Decimal("0.000001")
_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
_TENTHS: Final = Decimal("0.1")


def seconds(ms: int) -> Decimal:
    """Exact, with three places."""
    return Decimal(ms).scaleb(-3)


def minutes(ms: int) -> Decimal:
    """Rounded half up to six places, 0.06 ms: a third of a minute has no exact decimal. Exact are milliseconds."""
    return (Decimal(ms) / _MS_PER_MINUTE).quantize(_MICRO, ROUND_HALF_UP)


def show_minutes(ms: int) -> str:
    """`24,260.19`: for reading, beside an exact number or a link to it."""
    return f"{(Decimal(ms) / _MS_PER_MINUTE).quantize(_CENTS, ROUND_HALF_UP):,}"


def show_bytes(count: int) -> str:
    """`1.2 TB`, in powers of a thousand as traffic is billed."""
    unit, scaled = 0, Decimal(count)
    while abs(scaled) >= 1_000 and unit < len(_UNITS) - 1:
        unit, scaled = unit + 1, scaled / 1_000
    return f"{count:,} bytes" if unit == 0 else f"{scaled.quantize(_TENTHS, ROUND_HALF_UP):,} {_UNITS[unit]}"


def show_share(part: int, whole: int) -> str:
    """`12.3 %`. What is there is never 0.0 %, what is not all never 100.0 %."""
    if not whole:
        return "-"
    share = (Decimal(100) * part / whole).quantize(_TENTHS, ROUND_HALF_UP)
    if part and not share:
        return "< 0.1 %"
    if part != whole and share == 100:
        return "> 99.9 %"
    return f"{share} %"


def permille(part: int, whole: int) -> int:
    """Length of a bar of 1000; what is there has a length."""
    if not whole or not part:
        return 0
    return max(1, part * 1_000 // whole)
