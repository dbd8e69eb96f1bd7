"""What of a PromQL expression a test wants to know, without a parser: the names of its metrics."""

from __future__ import annotations

import re

_LITERALS = re.compile(r'"(?:[^"\\]|\\.)*"')
_MATCHERS = re.compile(r"\{[^}]*\}")
_RANGES = re.compile(r"\[[^]]*\]")
_LABEL_LISTS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_WORDS = re.compile(r"(?<![\w:.])[a-zA-Z_:][a-zA-Z0-9_:]*(?!\w)(?!\s*\()")
_KEYWORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "sum", "min", "max", "avg", "count"}


def metrics_of(expression: str) -> set[str]:
    """Names of the metrics that it asks for."""
    rest = expression
    for noise in (_LITERALS, _MATCHERS, _RANGES, _LABEL_LISTS):
        rest = noise.sub(" ", rest)
    return set(_WORDS.findall(rest)) - _KEYWORDS
