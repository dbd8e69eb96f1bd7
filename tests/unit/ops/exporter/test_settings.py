"""Settings of the exporter."""

from __future__ import annotations

import pytest

from ops.exporter.settings import Settings, from_environment
from ops.settings import InvalidSetting

DSN = {"BILLING_DSN": "postgresql://reader@db/billing"}


def test_the_address_of_the_billing_database_is_enough() -> None:
    assert from_environment(DSN) == Settings(billing_dsn="postgresql://reader@db/billing")


def test_everything_can_be_set() -> None:
    read = from_environment(
        {
            **DSN,
            "EXPORTER_KAFKA_BOOTSTRAP": "kafka:9092",
            "EXPORTER_FLINK_URLS": "http://enrichment-rest:8081 http://media-usage-rest:8081",
            "EXPORTER_HOST": "0.0.0.0",
            "EXPORTER_PORT": "9500",
            "EXPORTER_INTERVAL_S": "15",
            "EXPORTER_AUDIT_INTERVAL_S": "600",
            "EXPORTER_AUDIT_DAYS": "35",
            "EXPORTER_AUDIT_WAIT_S": "0",
        }
    )
    assert read.kafka is not None
    assert read.kafka["bootstrap.servers"] == "kafka:9092"
    assert (read.flink_urls, read.host, read.port) == (
        ("http://enrichment-rest:8081", "http://media-usage-rest:8081"),
        "0.0.0.0",
        9500,
    )
    assert (read.interval_s, read.audit_interval_s, read.audit_days, read.audit_wait_s) == (15, 600, 35, 0)


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({}, r"BILLING_DSN is not set: give postgresql://"),
        ({**DSN, "EXPORTER_PROT": "9400"}, r"EXPORTER_PROT is no setting: remove it"),
        ({**DSN, "EXPORTER_PORT": "x"}, r"EXPORTER_PORT=x is no number"),
        ({**DSN, "EXPORTER_PORT": "70000"}, r"EXPORTER_PORT=70000 is no port"),
        ({**DSN, "EXPORTER_INTERVAL_S": "0"}, r"EXPORTER_INTERVAL_S=0.0 is not above 0"),
        ({**DSN, "EXPORTER_AUDIT_INTERVAL_S": "-1"}, r"EXPORTER_AUDIT_INTERVAL_S=-1.0 is not above 0"),
        ({**DSN, "EXPORTER_AUDIT_DAYS": "3"}, r"EXPORTER_AUDIT_DAYS=3 holds no settled hour"),
        ({**DSN, "EXPORTER_FLINK_URLS": "flink:8081"}, r"EXPORTER_FLINK_URLS: 'flink:8081' is no base URL"),
    ],
    ids=lambda value: next(reversed(value.items()), ("nothing", ""))[0] if isinstance(value, dict) else "",
)
def test_what_cannot_be_right_is_refused_with_its_name_and_the_remedy(environ: dict[str, str], complaint: str) -> None:
    with pytest.raises(InvalidSetting, match=complaint):
        from_environment(environ)
