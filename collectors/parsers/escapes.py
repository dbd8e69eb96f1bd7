r"""Escapes of text logs: `\xHH` (nginx, `varnishncsa`), `\ooo`, and the C ones (`\"`, `\\`, `\n`, `\t`, ...).

Sources: nginx ngx_http_log_escape (octets below 0x20 and above 0x7e, `"` and `\` become `\xHH`), Varnish VSB_quote with
VSB_QUOTE_ESCHEX (the same octets become `\xhh`, `\"`, `\\`, `\n`, `\r`, `\t`).
"""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|(.))", re.DOTALL)
_C_ESCAPES: Final = {"n": 0x0A, "t": 0x09, "r": 0x0D, "b": 0x08, "f": 0x0C, "v": 0x0B}


def unescaped(value: str) -> str:
    """The text behind the escapes; octets that are not UTF-8 become U+FFFD."""
    if "\\" not in value:
        return value
    octets = _ESCAPE.sub(lambda match: chr(_octet(match)), value)
    # What stood behind an escape is one octet a character; anything else was no octet of the original.
    return octets.encode("latin-1", errors="replace").decode(errors="replace")


def percent_encoded(target: str) -> str:
    """A request target whose escaped octets are percent-encoded, as a well-behaved client would have sent them."""
    return target if "\\" not in target else _ESCAPE.sub(lambda match: f"%{_octet(match):02X}", target)


def _octet(match: re.Match[str]) -> int:
    hexadecimal, octal, character = match.groups()
    if hexadecimal is not None:
        return int(hexadecimal, 16)
    if octal is not None:
        return int(octal, 8)
    return _C_ESCAPES.get(character, ord(character) & 0xFF)
