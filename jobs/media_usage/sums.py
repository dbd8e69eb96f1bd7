"""The sums that are billed: integers only, and stored in state as a versioned string of integers.

Flink stores a string as itself. A pickled tuple or class would tie savepoints to a Python version and an import
path.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_VERSION: Final = "1"


class Sums(NamedTuple):
    """Sums over the billed records of one key: environment, asset and tier."""

    #: Milliseconds of media delivered.
    delivered_ms: int = 0
    #: Billed records that delivered at least a millisecond.
    deliveries: int = 0
    #: Body bytes of the billed records.
    bytes: int = 0
    #: Billed records. Grows with every batch that is added: it tells which of two sums knows more.
    records: int = 0

    def plus(self, other: Sums) -> Sums:
        """The sums of both."""
        return Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def encode(self) -> str:
        """The form stored in state, such as "1|4004|1|524288|1"."""
        return f"{_VERSION}|{self.delivered_ms}|{self.deliveries}|{self.bytes}|{self.records}"

    @classmethod
    def decode(cls, text: str) -> Sums:
        """Sums from their stored form. Raises ValueError for a version that this build does not know."""
        version, _, rest = text.partition("|")
        if version != _VERSION:
            raise ValueError(f"sums of version {version!r} in state: this build reads version {_VERSION}")
        return cls(*map(int, rest.split("|")))
