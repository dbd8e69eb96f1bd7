"""Settings of the operators' commands."""

from __future__ import annotations

import pytest

from ops.settings import InvalidSetting, Settings, from_environment

DSN = "postgresql://ops@db/billing"


@pytest.mark.parametrize(
    ("environ", "settings"),
    [
        ({"BILLING_DSN": DSN}, Settings(billing_dsn=DSN, flink_run=("flink", "run"), recount_source="raw")),
        (
            {
                "BILLING_DSN": DSN,
                "FLINK_RUN": "/opt/flink/bin/flink run -Da.b='c d'",
                "REPROCESS_SOURCE": "enriched",
                "HOME": "/root",
            },
            Settings(
                billing_dsn=DSN, flink_run=("/opt/flink/bin/flink", "run", "-Da.b=c d"), recount_source="enriched"
            ),
        ),
    ],
    ids=["defaults", "all"],
)
def test_settings_are_read_from_the_environment(environ: dict[str, str], settings: Settings) -> None:
    assert from_environment(environ) == settings


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({}, "BILLING_DSN is not set: give postgresql://"),
        ({"BILLING_DSN": DSN, "FLINK_RUN": " "}, "FLINK_RUN is empty"),
        ({"BILLING_DSN": DSN, "FLINK_RUN": "flink run -d"}, "FLINK_RUN submits detached"),
        ({"BILLING_DSN": DSN, "FLINK_RUN": "flink run --detached"}, "FLINK_RUN submits detached"),
        ({"BILLING_DSN": DSN, "FLINK_RUN": "flink run -Dexecution.attached=false"}, "FLINK_RUN submits detached"),
        ({"BILLING_DSN": DSN, "FLINK_RUN": "flink run -D execution.attached=false"}, "FLINK_RUN submits detached"),
        ({"BILLING_DSN": DSN, "REPROCESS_SOURCE": "row"}, "REPROCESS_SOURCE is 'row': give raw or enriched"),
    ],
    ids=["no address", "empty command", "-d", "--detached", "-Dsetting", "-D setting", "unknown topic"],
)
def test_a_wrong_setting_is_named_with_its_remedy(environ: dict[str, str], why: str) -> None:
    with pytest.raises(InvalidSetting, match=why):
        from_environment(environ)
