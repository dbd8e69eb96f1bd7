"""Tokens of syslog messages."""

from __future__ import annotations

import pytest

from collectors.syslog.line_tokens import LineTokens, Unauthorized
from collectors.trust.credentials import Credentials, hash_of

TOKEN, NEXT = b"a-token-of-acme-1234", b"9f0c1d7e5b2a4e6f8a3b"
WORD = TOKEN.decode()
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


@pytest.mark.parametrize(
    "data",
    [
        f"[{WORD}@41058]",
        f"[{WORD}]",
        f'[{WORD}@41058 tag="vod"]',
        f'[exampleSDID@32473 eventSource="BunnyCDN" token="{WORD}"]',
        f'[meta sequenceId="1"][{WORD}@32473]',
    ],
)
def test_a_token_in_structured_data_is_taken_too(tokens: LineTokens, data: str) -> None:
    frame = f"<165>1 2026-11-23T07:00:00Z edge cdn - ID47 {data} ".encode()
    assert tokens.line_of(frame + b"\xef\xbb\xbfHIT|200") == b"HIT|200"
    assert (tokens.is_proven, tokens.line_of(frame + b"MISS|404")) == (True, b"MISS|404")


@pytest.mark.parametrize(
    "frame",
    [
        f"<165>1 - edge {WORD} - - - HIT|200",
        f'<165>1 - edge cdn - - [a b="x{WORD}"] HIT|200',
        f'<165>1 - edge cdn - - [a b="c"] HIT|[{WORD}]',
        f"<165>1 - edge cdn - - {'[aaaaaaaaaaaaaaaa]' * 8}[{WORD}] HIT|200",
        f"<165>Nov 23 07:00:00 edge cdn: HIT [{WORD}]",
    ],
    ids=["header field", "part of a value", "in the line", "behind too many", "no structured data"],
)
def test_a_token_elsewhere_is_none(tokens: LineTokens, frame: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.line_of(frame.encode())
