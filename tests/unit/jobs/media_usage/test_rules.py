"""Versions of the rule. Two of the three here exist for these tests only: they prove that a version takes effect."""

from __future__ import annotations

import pickle

import pytest

from jobs.environment import InvalidSetting
from jobs.media_usage import billing_rule
from jobs.media_usage.batch_tally import tally_batch
from jobs.media_usage.billing_rule import BILLED, tier
from jobs.media_usage.rules import RULES, Rule, RuleSchedule, schedule
from schemas.cdn_logs_pb2 import AccessLog, ObjectKind, Rendition
from tests.support.batches import HOUR_MS, batch, delivery

#: 2026-12-01T00:00:00Z
DECEMBER_MS = 1_796_083_200_000


def every_request(record: AccessLog, _: Rendition) -> tuple[str, int]:
    return BILLED, record.media_duration_ms


def nothing(_record: AccessLog, _rendition: Rendition) -> tuple[str, int]:
    return "free", 0


KNOWN = {**RULES, "2": Rule("2", every_request, lambda _: "any"), "3": Rule("3", nothing, tier)}


def test_version_1_is_the_billing_rule() -> None:
    assert dict(RULES) == {"1": Rule("1", billing_rule.outcome, billing_rule.tier)}


@pytest.mark.parametrize(
    ("text", "hour_ms", "version"),
    [
        pytest.param("1", 0, "1", id="a batch without an hour"),
        pytest.param("1", DECEMBER_MS, "1", id="one version counts everything"),
        pytest.param("1,2@2026-12-01T00", DECEMBER_MS - HOUR_MS, "1", id="the hour before"),
        pytest.param("1,2@2026-12-01T00", DECEMBER_MS, "2", id="the hour at which it takes effect"),
        pytest.param("1,2@2026-12-01T00", DECEMBER_MS + 999 * HOUR_MS, "2", id="and ever after"),
        pytest.param("1,2@2026-12-01T00,3@2026-12-01T01", DECEMBER_MS, "2", id="between two starts"),
        pytest.param("1,2@2026-12-01T00,3@2026-12-01T01", DECEMBER_MS + HOUR_MS, "3", id="the next start"),
        pytest.param("1,2@2026-12-01T00,1@2026-12-01T05", DECEMBER_MS + 5 * HOUR_MS, "1", id="back to an old one"),
        pytest.param("3", DECEMBER_MS, "3", id="a new installation starts with a later one"),
    ],
)
def test_the_rule_of_an_hour(text: str, hour_ms: int, version: str) -> None:
    assert schedule(text, KNOWN).at(hour_ms).version == version


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("9", "this build knows no version '9' of the rule; known are 1, 2, 3", id="unknown"),
        pytest.param("1,9@2026-12-01T00", "this build knows no version '9'", id="a later one is unknown"),
        pytest.param("", "this build knows no version ''", id="nothing"),
        pytest.param("1,", "'' does not start at a whole UTC hour", id="ends with a comma"),
        pytest.param("1@2026-12-01T00", "'1@2026-12-01T00' comes first and has a start", id="the first has a start"),
        pytest.param("1,2", "'2' does not start at a whole UTC hour", id="a later one has none"),
        pytest.param("1,2@", "'2@' does not start at a whole UTC hour", id="an empty start"),
        pytest.param("1,2@2026-12-01T00:30", "does not start at a whole UTC hour", id="half past"),
        pytest.param("1,2@2026-12-01", "does not start at a whole UTC hour", id="a day"),
        pytest.param("1,2@2026-13-01T00", "does not start at a whole UTC hour", id="the thirteenth month"),
        pytest.param(
            "1,2@2026-12-01T00,3@2026-12-01T00", "the starts in .* do not increase", id="the same start twice"
        ),
        pytest.param("1,2@2026-12-01T00,3@2026-11-30T23", "the starts in .* do not increase", id="an earlier start"),
    ],
)
def test_a_wrong_schedule_is_refused_by_the_name_of_its_setting(text: str, message: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^MEDIA_USAGE_RULES: .*{message}"):
        schedule(text, KNOWN)


def test_the_same_lines_bill_by_the_rule_of_their_hour() -> None:
    rules = schedule("1,2@2026-12-01T00", KNOWN)
    record = delivery("/a/v/segment-1.ts", status=304, object_kind=ObjectKind.OBJECT_KIND_MEDIA_SEGMENT, rendition=1)
    record.media_duration_ms = 4_004
    billed = []
    for hour_ms in (DECEMBER_MS - HOUR_MS, DECEMBER_MS):
        made = batch([record], hour_ms=hour_ms)
        made.renditions.extend([Rendition(), Rendition(environment_id="e", asset_id="a", height=720)])
        tallied = tally_batch(made, rules.at(hour_ms))
        billed.append((tallied.ledger.rule_version, tallied.ledger.outcomes, dict(tallied.usage)))
    assert billed == [
        ("1", '{"not-modified":1}', {}),
        ("2", '{"billed":1}', {("e", "a", "any"): (4_004, 1, 1_000, 1)}),
    ]


def test_a_schedule_travels_with_the_job() -> None:
    rules = schedule("1")
    assert pickle.loads(pickle.dumps(rules)) == rules == RuleSchedule(rules=(RULES["1"],), starts_ms=())
