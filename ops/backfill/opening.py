"""A file to a delivery, by the very steps that a POST of it would go through: decompress, unwrap, cut into lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collectors.batches.blocks import Delivery
from collectors.framing.compression import decompress
from collectors.framing.errors import BodyTooLarge, InvalidBody
from collectors.framing.header_line import without_header
from collectors.framing.unwrap import SPLITTERS, lines_of
from collectors.settings import Limits
from collectors.sources import Source
from ops.backfill.log_file import LogFile
from schemas.batch import delivery_id_of_body

#: What a provider's envelope holds is what the CDN's files hold without it.
_WITHOUT_ENVELOPE: Final = {"firehose-json": "json", "firehose-lines": "lines", "pubsub-json": "json"}
#: How lines may stand in a file.
FRAMINGS: Final = tuple(name for name in SPLITTERS if name not in _WITHOUT_ENVELOPE)
#: Framings whose lines tell less than those that are pushed: times in whole seconds, for one.
_OTHER_LINES: Final = frozenset({"w3c"})


class Unusable(ValueError):
    """A file that a collector would refuse as a whole; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Opener:
    """Opens files of one source. `received_at_ms` is the start of the run, `framing` overrules the source's."""

    source: Source
    limits: Limits
    received_at_ms: int
    framing: str | None = None

    def open(self, file: LogFile) -> Delivery | None:
        """The delivery of a file; None where it holds nothing, or a CDN's test upload. Raises Unusable, OSError.

        Its identity is the SHA-256 of the decompressed body, as of a body that was posted.
        """
        body = self._body(file)
        if not body or self.source.format.is_probe(body):
            return None
        try:
            lines = without_header(lines_of(body, self._framing), self.source.is_header)
        except InvalidBody as error:
            raise Unusable(str(error)) from error
        return self.source.delivery(delivery_id_of_body(body), lines, self.received_at_ms)

    @property
    def deduplicates(self) -> bool:
        """Whether a line of a file is known for the same line in a delivery."""
        same_lines = self._framing == self.source.framing or self._framing not in _OTHER_LINES
        return self.source.deduplicate_records and same_lines

    @property
    def _framing(self) -> str:
        declared = self.source.framing
        return self.framing or _WITHOUT_ENVELOPE.get(declared, declared)

    def _body(self, file: LogFile) -> bytes:
        if file.size > self.limits.max_body_bytes:
            raise Unusable(f"it is larger than {self.limits.max_body_bytes} bytes (COLLECTOR_MAX_BODY_BYTES)")
        try:
            return decompress(
                file.read(), max_bytes=self.limits.max_decompressed_bytes, max_ratio=self.limits.max_ratio
            )
        except BodyTooLarge as error:
            raise Unusable(f"{error} (COLLECTOR_MAX_DECOMPRESSED_BYTES, COLLECTOR_MAX_RATIO)") from error
        except InvalidBody as error:
            raise Unusable(str(error)) from error
