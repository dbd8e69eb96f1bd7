"""Which dialect a source speaks, and the identities that are taken for one."""

from __future__ import annotations

import pytest

from collectors.framing.errors import InvalidBody
from collectors.framing.unwrap import SPLITTERS
from collectors.routes.dialect import Contents, Dialect, identified
from collectors.routes.dialects import dialect_of
from collectors.routes.firehose import FIREHOSE
from collectors.routes.plain import PLAIN
from collectors.routes.pubsub import PUBSUB

NAMES = {id(FIREHOSE): "firehose", id(PUBSUB): "pubsub", id(PLAIN): "plain"}


def name_of(dialect: Dialect) -> str:
    return NAMES[id(dialect)]


def test_a_framing_is_plain_unless_its_sender_has_a_dialect() -> None:
    dialects = {framing: name_of(dialect_of(framing)) for framing in SPLITTERS}
    assert {framing: name for framing, name in dialects.items() if name != "plain"} == {
        "firehose-json": "firehose",
        "firehose-lines": "firehose",
        "pubsub-json": "pubsub",
    }


def test_an_identity_is_that_of_the_provider() -> None:
    assert identified("2070443601311540", [b"a"]) == Contents("2070443601311540", [b"a"])
    assert identified("x" * 128, []).delivery_id == "x" * 128


@pytest.mark.parametrize("delivery_id", ["", "x" * 129])
def test_none_and_too_long_a_one_are_invalid(delivery_id: str) -> None:
    with pytest.raises(InvalidBody, match="empty or longer than 128 characters"):
        identified(delivery_id, [])
