"""What the page says is what the code counts: its examples, outcomes, tiers and versions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from jobs.environment import InvalidSetting
from jobs.media_usage import billing_rule
from jobs.media_usage.batch_tally import WAITING
from jobs.media_usage.repeated_lines import REPEATED
from jobs.media_usage.rules import RULES, schedule
from jobs.media_usage.tally import tally
from schemas.cdn_logs_pb2 import (
    AccessLog,
    AccessLogBatch,
    LowLatencyBilling,
    MediaType,
    Method,
    ObjectKind,
    Rendition,
    Unresolved,
)

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "billing-rule.md"
TEXT: Final = PAGE.read_text()
#: The version that the page is about.
VERSION: Final = re.findall(r"This page is version (\S+) of the rule", TEXT)[0]
RULE: Final = RULES[VERSION]
VIDEO: Final = Rendition(environment_id="e", asset_id="a", height=720, media_type=MediaType.MEDIA_TYPE_VIDEO)
PARTS: Final = Rendition(
    environment_id="e", asset_id="a", height=720, low_latency_billing=LowLatencyBilling.LOW_LATENCY_BILLING_PARTS
)


def tables(first_column: str) -> list[list[list[str]]]:
    """The rows of each table whose first column is headed so."""
    found = re.findall(rf"^\| {first_column} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()] for rows in found]


SINGLE, SEVERAL = tables("example")
[OUTCOMES], [TIERS], [VERSIONS] = map(tables, ("outcome", "tier", "version"))


def number(text: str) -> int | None:
    return None if text == "-" else int(text.replace(",", ""))


def segment(**fields: Any) -> AccessLog:
    kind = ObjectKind.OBJECT_KIND_MEDIA_SEGMENT
    return AccessLog(**{"method": Method.METHOD_GET, "object_kind": kind, "client_ip": "192.0.2.0", **fields})


def kind_of(name: str) -> dict[str, Any]:
    return {"object_kind": ObjectKind.Value(f"OBJECT_KIND_{name}")}


PART: Final = kind_of("PARTIAL_SEGMENT")
#: What the column "asks for" means: fields of the record, and the rendition.
ASKS_FOR: Final[dict[str, tuple[dict[str, Any], Rendition]]] = {
    "GET segment": ({}, VIDEO),
    "HEAD segment": ({"method": Method.METHOD_HEAD}, VIDEO),
    "internal GET segment": ({"internal": True}, VIDEO),
    "GET companion audio": ({}, Rendition(media_type=MediaType.MEDIA_TYPE_COMPANION_AUDIO)),
    "GET audio-only": ({}, Rendition(media_type=MediaType.MEDIA_TYPE_AUDIO_ONLY)),
    "GET trick play": ({}, Rendition(media_type=MediaType.MEDIA_TYPE_TRICK_PLAY)),
    "GET segment of parts": ({}, PARTS),
    "GET part of parts": (PART, PARTS),
    "GET part": (PART, VIDEO),
    "GET manifest": (kind_of("MANIFEST"), Rendition()),
    "GET init segment": (kind_of("INIT_SEGMENT"), Rendition()),
    "GET key": (kind_of("KEY"), Rendition()),
    "GET subtitle": (kind_of("SUBTITLE"), Rendition()),
    "GET image": (kind_of("IMAGE"), Rendition()),
    "GET unknown asset": ({"unresolved": Unresolved.UNRESOLVED_UNKNOWN_ASSET}, Rendition()),
}


@pytest.mark.parametrize("row", SINGLE, ids=lambda row: row[0])
def test_an_example_counts_what_the_page_says(row: list[str]) -> None:
    _, asks_for, status, body, size, duration, counts, outcome = row
    fields, rendition = ASKS_FOR[asks_for]
    record = segment(status=int(status), body_bytes=number(body), object_bytes=number(size), **fields)
    record.media_duration_ms = number(duration) or 0
    assert RULE.outcome(record, rendition) == (outcome, number(counts))


@pytest.mark.parametrize("row", SEVERAL, ids=lambda row: row[0])
def test_an_example_of_several_requests_counts_what_the_page_says(row: list[str]) -> None:
    _, requests, counts = row
    batch = AccessLogBatch(renditions=[VIDEO])
    for client, status, body in map(str.split, requests.split(", ")):
        sizes = {"body_bytes": number(body), "object_bytes": 1_000_000}
        batch.records.append(segment(status=int(status), user_agent=ord(client), media_duration_ms=4_004, **sizes))
    assert tally(batch, RULE).billed_ms == number(counts)


def test_every_outcome_is_explained_once_and_shown_where_one_request_can_show_it() -> None:
    ours = {value for name, value in vars(billing_rule).items() if name.isupper() and isinstance(value, str)}
    ours |= billing_rule.UNRESOLVED_OUTCOMES | {REPEATED, WAITING}
    explained = [word for outcome, _ in OUTCOMES for word in re.findall(r"`([a-z-]+)`", outcome)]
    assert sorted([*explained, billing_rule.BILLED, billing_rule.BILLED_RANGE]) == sorted(ours)
    shown = {row[-1] for row in SINGLE}
    elsewhere = {REPEATED, WAITING, *billing_rule.UNRESOLVED_OUTCOMES} - shown
    assert shown | elsewhere == ours


def test_the_tiers_are_those_of_the_code() -> None:
    audio, *heights = TIERS
    assert audio[0] == f"`{RULE.tier(Rendition(media_type=MediaType.MEDIA_TYPE_AUDIO_ONLY))}`"
    for tier, height in heights:
        for edge in re.findall(r"\d+", height):
            assert f"`{RULE.tier(Rendition(height=int(edge)))}`" == tier
    edges = [int(edge) for _, height in heights for edge in re.findall(r"\d+", height)]
    assert [high + 1 for high in edges[1:-1:2]] == edges[2::2]


def test_the_versions_are_those_of_the_build() -> None:
    assert [version for version, _ in VERSIONS] == list(RULES)


def test_the_setting_is_written_as_the_page_says() -> None:
    [example] = re.findall(r"`(1,2@[^`]+)`", TEXT)
    assert schedule(example, {"1": RULE, "2": RULE._replace(version="2")}).rules[1].version == "2"
    with pytest.raises(InvalidSetting):
        schedule(example)


def test_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        path, _, heading = target.partition("#")
        assert not path or (PAGE.parent / path).exists(), target
        assert not heading or heading in headings, target
