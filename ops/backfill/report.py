"""What a backfill finds, told before it does anything. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ops import hours
from ops.backfill.plan import Contents, Counted, Judged


def overview(files: int, refused: int, copies: int, contents: Contents) -> str:
    """One line about all files."""
    rejected = contents.rejected
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(rejected.items()))
    return (
        f"{files:,} files ({refused:,} refused, {copies:,} with the content of another): {contents.lines:,} lines,"
        f" {contents.records:,} records, {rejected.total():,} rejected{f': {reasons}' if reasons else ''}"
    )


def by_hour(judged: Sequence[Judged]) -> Iterator[str]:
    """A line an hour."""
    for one in judged:
        parts = [f"{hours.show(one.hour)}: {one.verdict}"]
        if one.sums.new.batches:
            parts.append(f"{_told(one.sums.new)} to publish{' as corrections' if one.late else ''}")
        if one.sums.recorded.batches:
            parts.append(f"{_told(one.sums.recorded)} recorded")
        if one.others.batches:
            parts.append(f"{_told(one.others)} of other deliveries")
        yield "; ".join(parts)


def warning(lost: str) -> str:
    """What the audit says of the source, and why that comes first."""
    return (
        f"warning: {lost}: ask `python -m ops.audit --raw` first. What raw has must come from `ops.reprocess`, which"
        " would bill it beside the same lines of these files"
    )


def objection(judged: Sequence[Judged]) -> str:
    """Why nothing was done, and the ways out. `judged` are the doubtful hours."""
    first, last = hours.show(judged[0].hour), hours.show(judged[-1].hour)
    return (
        f"refused: what these files hold of {len(judged)} hours, {first} to {last}, may have come another way,"
        " and would then be billed twice. Give all files of an hour at once; wait until an hour is closed."
        " --only-missing leaves these hours out. --force publishes them: only where every delivery of the source is one"
        " of its files, or where you know that those lines never came"
    )


def _told(counted: Counted) -> str:
    return f"{counted.records:,} records in {counted.batches:,} batches"
