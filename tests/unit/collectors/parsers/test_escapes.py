"""Escapes of text logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.parsers.escapes import percent_encoded, unescaped


def nginx_escape(value: bytes) -> str:
    """What ngx_http_log_escape writes."""
    return "".join(
        f"\\x{octet:02X}" if octet < 0x20 or octet > 0x7E or octet in b'"\\' else chr(octet) for octet in value
    )


def varnish_escape(value: bytes) -> str:
    """What VSB_quote writes with VSB_QUOTE_ESCHEX."""
    named = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}
    return "".join(named.get(octet) or (chr(octet) if 0x20 <= octet <= 0x7E else f"\\x{octet:02x}") for octet in value)


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"),
        (r"say \x22hi\x22", 'say "hi"'),
        (r"say \"hi\"", 'say "hi"'),
        (r"C:\\temp", "C:\\temp"),
        (r"\xD0\x9F\xD1\x80", "Пр"),
        (r"\320\237", "П"),
        (r"\xFFplayer", "\N{REPLACEMENT CHARACTER}player"),
        (r"a\tb\nc", "a\tb\nc"),
        (r"\x4", "x4"),
        ("trailing\\", "trailing\\"),
        ("", ""),
    ],
    ids=[
        "none",
        "nginx quote",
        "C quote",
        "backslash",
        "UTF-8",
        "octal",
        "no UTF-8",
        "white space",
        "half an escape",
        "lone backslash",
        "empty",
    ],
)
def test_escaped_octets_become_text(escaped: str, text: str) -> None:
    assert unescaped(escaped) == text


@pytest.mark.parametrize("escape", [nginx_escape, varnish_escape])
@given(text=st.text())
def test_what_a_server_escapes_reads_back(escape: object, text: str) -> None:
    written = text.encode(errors="replace")
    assert unescaped(escape(written)) == written.decode()  # type: ignore[operator]  # one of the two above


@pytest.mark.parametrize(
    ("target", "encoded"),
    [
        ("/film/720p/segment-1.m4s?a=%20b", "/film/720p/segment-1.m4s?a=%20b"),
        (r"/\xD0\x9F/segment-1.ts", "/%D0%9F/segment-1.ts"),
        (r"/say\x22hi", "/say%22hi"),
        (r"/a\\b", "/a%5Cb"),
    ],
    ids=["none", "UTF-8", "quote", "backslash"],
)
def test_escaped_octets_of_a_target_are_percent_encoded(target: str, encoded: str) -> None:
    assert percent_encoded(target) == encoded


@given(st.text())
def test_any_text_has_an_encoding(text: str) -> None:
    assert isinstance(percent_encoded(text), str)
    assert isinstance(unescaped(text), str)
