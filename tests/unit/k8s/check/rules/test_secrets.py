"""What looks like a secret in clear text, and what does not."""

from __future__ import annotations

import pytest

from k8s.check.rules import secrets
from tests.support.manifests import manifest, overlay, said


def found(**data: str) -> list[str]:
    return said(secrets.check(overlay(manifest("ConfigMap", "settings", data=data))))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_PASSWORD", "x"),
        ("s3.secret-key", "x"),
        ("s3.access-key", "x"),
        ("API_KEY", "x"),
        ("sasl.jaas.config", "x"),
        ("COLLECTOR_STATUS_TOKEN", "x"),
        ("DSN", "postgresql://user:hunter2@host/db"),
        ("URL", "jdbc:postgresql://host/db?user=a&password=b"),
        ("tls", "-----BEGIN PRIVATE KEY-----"),
        ("sources.yaml", "sources:\n  - credentials:\n      - secret: hunter2\n"),
    ],
    ids=lambda value: value.splitlines()[0],
)
def test_a_secret_in_clear_text_is_found(name: str, value: str) -> None:
    assert len(found(**{name: value})) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_PASSWORD_FILE", "/etc/cdn-usage/redis/password"),
        ("KAFKA_TLS_FOLDER", "/etc/cdn-usage/kafka"),
        ("DSN", "postgresql://user@host:5432/db"),
        ("ssl.key.location", "/etc/cdn-usage/kafka/user.key"),
        (
            "sources.yaml",
            "sources:\n  - credentials:\n      - secret: ${file:/etc/tokens/a}\n      - secret: ${env:A}\n",
        ),
        ("sources.yaml", "sources:\n  - credentials:\n      - sha256: 2bb80d537b1da3e3\n"),
    ],
    ids=lambda value: value.splitlines()[0],
)
def test_a_reference_is_no_secret(name: str, value: str) -> None:
    assert found(**{name: value}) == []
