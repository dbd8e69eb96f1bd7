"""Tokens at the start of syslog messages."""

from __future__ import annotations

import pytest

from collectors.credentials import Credentials, hash_of
from collectors.syslog.line_tokens import LineTokens, Unauthorized

TOKEN, NEXT = b"a-token-of-acme-1234", b"9f0c1d7e5b2a4e6f8a3b"
LINE = b'{"v":1}'


@pytest.fixture
def tokens() -> LineTokens:
    return LineTokens(Credentials(hashes=(hash_of(TOKEN.decode()), hash_of(NEXT.decode()))))


@pytest.mark.parametrize(
    "frame",
    [
        TOKEN + b" " + LINE,
        b"<134>2016-07-04T22:37:26Z cache-sjc3128 LogTest[62959]: " + TOKEN + b" " + LINE,
        TOKEN + b" <134>2016-07-04T22:37:26Z cache-sjc3128 LogTest[62959]: " + LINE,
        NEXT + b" " + LINE,
    ],
    ids=["no header", "behind the header", "before the header", "the next token"],
)
def test_a_token_is_checked_and_removed(tokens: LineTokens, frame: bytes) -> None:
    assert [tokens.line_of(frame), tokens.line_of(frame)] == [LINE, LINE]


@pytest.mark.parametrize("frame", [LINE, b"", TOKEN[:-1] + b" " + LINE, b"\xff " + LINE, TOKEN + LINE])
def test_without_a_valid_token_there_is_no_line(tokens: LineTokens, frame: bytes) -> None:
    with pytest.raises(Unauthorized):
        tokens.line_of(frame)


def test_a_valid_token_does_not_let_the_next_line_in(tokens: LineTokens) -> None:
    tokens.line_of(TOKEN + b" " + LINE)
    with pytest.raises(Unauthorized):
        tokens.line_of(b"another-token-1234567 " + LINE)


def test_a_source_without_credentials_has_no_tokens() -> None:
    assert LineTokens(Credentials()).line_of(b"<134>" + LINE) == LINE
