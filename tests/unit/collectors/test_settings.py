"""Settings from the environment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collectors.clock import FileClock, SystemClock
from collectors.settings import ConnectionLimits, InvalidSettings, Limits, Settings, read_settings
from collectors.trust.credentials import Credentials, hash_of
from collectors.trust.tls import TlsFiles


@pytest.fixture
def required(tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "sources.yaml"
    file.write_text("sources: []\n")
    return {"COLLECTOR_KAFKA_BOOTSTRAP": "kafka:9092", "COLLECTOR_SOURCES_FILE": str(file)}


def test_two_variables_are_enough(required: dict[str, str]) -> None:
    settings = read_settings({**required, "PATH": "/bin"})
    expected = Settings(kafka_bootstrap="kafka:9092", sources_file=Path(required["COLLECTOR_SOURCES_FILE"]))
    assert isinstance(settings.clock, SystemClock)
    assert replace(settings, clock=expected.clock) == expected


def test_every_variable(required: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("1")
    (tmp_path / "kafka.properties").touch()
    (tmp_path / "tokens").write_text("of-an-operator-1\nof-an-operator-2\n")
    settings = read_settings(
        {
            **required,
            "COLLECTOR_KAFKA_PROPERTIES_FILE": str(tmp_path / "kafka.properties"),
            "COLLECTOR_STATUS_TOKEN_FILE": str(tmp_path / "tokens"),
            "COLLECTOR_HTTP_HOST": "0.0.0.0",
            "COLLECTOR_HTTP_PORT": "0",
            "COLLECTOR_HEARTBEAT_INTERVAL_S": "1.5",
            "COLLECTOR_CLOCK": f"file:{tmp_path / 'clock'}",
            "COLLECTOR_MEMORY_LIMIT_BYTES": "1000",
            "COLLECTOR_DELIVERY_TIMEOUT_S": "2",
            "COLLECTOR_SYSLOG_FLUSH_INTERVAL_S": "0.5",
            "COLLECTOR_DRAIN_TIMEOUT_S": "3",
            "COLLECTOR_SPOOL_DIR": str(tmp_path),
            "COLLECTOR_SPOOL_MAX_BYTES": "5000",
            "COLLECTOR_SPOOL_MIN_FREE_BYTES": "300",
            "COLLECTOR_MAX_BODY_BYTES": "100",
            "COLLECTOR_MAX_DECOMPRESSED_BYTES": "200",
            "COLLECTOR_MAX_RATIO": "20",
            "COLLECTOR_BODY_TIMEOUT_S": "9",
            "COLLECTOR_TLS_CERTIFICATE_FILE": str(tmp_path / "clock"),
            "COLLECTOR_TLS_KEY_FILE": str(tmp_path / "clock"),
            "COLLECTOR_TLS_CLIENT_CA_FILE": str(tmp_path / "clock"),
            "COLLECTOR_HEADER_TIMEOUT_S": "4",
            "COLLECTOR_IDLE_TIMEOUT_S": "5",
            "COLLECTOR_MAX_CONNECTIONS": "6",
        }
    )
    assert isinstance(settings.clock, FileClock)
    assert settings == Settings(
        kafka_bootstrap="kafka:9092",
        sources_file=Path(required["COLLECTOR_SOURCES_FILE"]),
        kafka_properties_file=tmp_path / "kafka.properties",
        status_credentials=Credentials(hashes=(hash_of("of-an-operator-1"), hash_of("of-an-operator-2"))),
        http_host="0.0.0.0",
        http_port=0,
        heartbeat_interval_s=1.5,
        clock=settings.clock,
        clock_is_real=False,
        memory_limit_bytes=1_000,
        delivery_timeout_s=2.0,
        syslog_flush_interval_s=0.5,
        drain_timeout_s=3.0,
        spool_dir=tmp_path,
        spool_max_bytes=5_000,
        spool_min_free_bytes=300,
        tls=TlsFiles(certificate=tmp_path / "clock", key=tmp_path / "clock", client_ca=tmp_path / "clock"),
        connections=ConnectionLimits(header_timeout_s=4.0, idle_timeout_s=5.0, max_connections=6),
        limits=Limits(max_body_bytes=100, max_decompressed_bytes=200, max_ratio=20, body_timeout_s=9.0),
    )


@pytest.mark.parametrize("missing", ["COLLECTOR_KAFKA_BOOTSTRAP", "COLLECTOR_SOURCES_FILE"])
def test_a_missing_variable_is_named_with_its_fix(required: dict[str, str], missing: str) -> None:
    del required[missing]
    with pytest.raises(InvalidSettings, match=f"{missing} is not set: set it to"):
        read_settings(required)


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("HTTP_PORT", "70000", "no port"),
        ("HTTP_PORT", "http", "invalid literal"),
        ("HEARTBEAT_INTERVAL_S", "0", "not above 0"),
        ("HEARTBEAT_INTERVAL_S", "inf", "not above 0"),
        ("HEARTBEAT_INTERVAL_S", "nan", "not above 0"),
        ("MAX_RATIO", "-1", "not above 0"),
        ("CLOCK", "sundial", "neither 'system' nor"),
        ("CLOCK", "file:/no/such/file", "No such file"),
        ("SOURCES_FILE", "/no/such/file", "there is no file"),
        ("KAFKA_PROPERTIES_FILE", "/no/such/file", "there is no file"),
        ("TLS_KEY_FILE", "/no/such/file", "there is no file"),
        ("TLS_KEY_FILE", __file__, "need each other"),
        ("TLS_CERTIFICATE_FILE", __file__, "need each other"),
        ("TLS_CLIENT_CA_FILE", __file__, "COLLECTOR_TLS_CLIENT_CA_FILE needs both"),
        ("MAX_CONNECTIONS", "0", "not above 0"),
        ("STATUS_TOKEN_FILE", "/no/such/file", "there is no file"),
        ("DRAIN_TIMEOUT_S", "5", "must be longer than COLLECTOR_DELIVERY_TIMEOUT_S"),
        ("MEMORY_LIMIT_BYTES", "1000", "raise the first or lower the others"),
        ("SPOOL_DIR", "/no/such/folder", "there is no folder /no/such/folder: mount"),
        ("SPOOL_MAX_BYTES", "1000", "does not hold one delivery of COLLECTOR_MAX_DECOMPRESSED_BYTES"),
        ("HEARTBEAT", "5", "no setting: remove it, or choose one of"),
    ],
)
def test_a_wrong_variable_is_named(required: dict[str, str], variable: str, value: str, complaint: str) -> None:
    with pytest.raises(InvalidSettings, match=complaint) as caught:
        read_settings({**required, f"COLLECTOR_{variable}": value})
    assert f"COLLECTOR_{variable}" in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n", "too-short\n", "long-enough-as-it-is\nshort\n"])
def test_a_file_of_tokens_needs_long_ones_and_they_stay_out_of_the_complaint(
    required: dict[str, str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "tokens").write_text(text)
    with pytest.raises(InvalidSettings, match=r"COLLECTOR_STATUS_TOKEN_FILE: .* at least 16 characters") as caught:
        read_settings({**required, "COLLECTOR_STATUS_TOKEN_FILE": str(tmp_path / "tokens")})
    assert "short" not in str(caught.value)
