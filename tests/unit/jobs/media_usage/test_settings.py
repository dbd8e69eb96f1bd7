from __future__ import annotations

import pytest

from jobs.environment import InvalidSetting, settings_from
from jobs.media_usage.rules import RULES, RuleSchedule
from jobs.media_usage.settings import MediaUsageSettings

REQUIRED = {
    "MEDIA_USAGE_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "MEDIA_USAGE_BILLING_JDBC_URL": "jdbc:postgresql://db/billing",
    "MEDIA_USAGE_BILLING_USER": "billing",
}


def test_the_default_is_three_hours_out_of_order() -> None:
    assert settings_from(MediaUsageSettings, "MEDIA_USAGE_", REQUIRED).out_of_orderness_h == 3.0


def test_every_hour_is_counted_by_version_1_of_the_billing_rule_unless_told_otherwise() -> None:
    settings = settings_from(MediaUsageSettings, "MEDIA_USAGE_", REQUIRED)
    assert settings.rule_schedule == RuleSchedule(rules=(RULES["1"],), starts_ms=())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("BILLING_JDBC_URL", "postgresql://db/billing", "is no jdbc:postgresql://", id="libpq address"),
        pytest.param(
            "BILLING_JDBC_URL", "jdbc:postgresql://db/b?password=x", "would stand in the job graph", id="password"
        ),
        pytest.param(
            "OUT_OF_ORDERNESS_H", "0", "MEDIA_USAGE_OUT_OF_ORDERNESS_H: 0.0 is not positive", id="no lateness"
        ),
        pytest.param(
            "RULES", "1,9@2026-12-01T00", "MEDIA_USAGE_RULES: this build knows no version '9'", id="no such rule"
        ),
        pytest.param(
            "PARTITION_DISCOVERY_S",
            "0",
            "MEDIA_USAGE_PARTITION_DISCOVERY_S: 0.0 is not positive",
            id="never looked for",
        ),
        pytest.param("JDBC_BATCH_ROWS", "0", "MEDIA_USAGE_JDBC_BATCH_ROWS: 0 is not positive", id="empty batches"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(name: str, value: str, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        settings_from(MediaUsageSettings, "MEDIA_USAGE_", REQUIRED | {f"MEDIA_USAGE_{name}": value})
