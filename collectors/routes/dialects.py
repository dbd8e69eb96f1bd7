"""Which dialect a framing belongs to: the first part of its name says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.routes.dialect import Dialect
from collectors.routes.firehose import FIREHOSE
from collectors.routes.plain import PLAIN
from collectors.routes.pubsub import PUBSUB

_DIALECTS: Final[Mapping[str, Dialect]] = {"firehose": FIREHOSE, "pubsub": PUBSUB}


def dialect_of(framing: str) -> Dialect:
    """The dialect that deliveries of this framing speak."""
    return _DIALECTS.get(framing.partition("-")[0], PLAIN)
