"""A second pair of jobs, with topics and a billing database of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace

import psycopg2

from local import kafka, postgres
from local.stack import Stack
from schemas import migrations
from schemas.topics import DEAD_LETTER, ENRICHED, RAW
from schemas.topics import topics as all_topics
from tests.e2e.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class SecondPair:
    """Jobs that are not started yet, and what they read and write."""

    pipeline: Pipeline
    raw: str
    billing_dsn: str


def second_pair(stack: Stack, name: str, environ: Mapping[str, str] | None = None) -> SecondPair:
    """Make empty topics and an empty database for a pair of jobs. `environ` holds more of their settings."""
    for topic in all_topics(stack.settings.partitions):
        config = topic.config | {"retention.ms": "-1"}
        kafka.create_topics(stack.kafka_bootstrap, [replace(topic, name=f"{name}.{topic.name}", config=config)])
    _create_database(stack, name)
    settings = {
        "ENRICHMENT_RAW_TOPIC": f"{name}.{RAW}",
        "ENRICHMENT_ENRICHED_TOPIC": f"{name}.{ENRICHED}",
        "ENRICHMENT_DEAD_LETTER_TOPIC": f"{name}.{DEAD_LETTER}",
        "ENRICHMENT_ENRICHED_TRANSACTIONAL_PREFIX": f"{name}.enriched.",
        "ENRICHMENT_DEAD_LETTER_TRANSACTIONAL_PREFIX": f"{name}.dead-letter.",
        "ENRICHMENT_CONSUMER_GROUP": f"{name}.enrichment",
        "MEDIA_USAGE_ENRICHED_TOPIC": f"{name}.{ENRICHED}",
        "MEDIA_USAGE_CONSUMER_GROUP": f"{name}.media-usage",
        "MEDIA_USAGE_BILLING_JDBC_URL": postgres.jdbc_url(stack.settings, name),
        **(environ or {}),
    }
    return SecondPair(
        pipeline=Pipeline(stack, settings), raw=f"{name}.{RAW}", billing_dsn=postgres.dsn(stack.settings, name)
    )


def _create_database(stack: Stack, name: str) -> None:
    with closing(psycopg2.connect(postgres.dsn(stack.settings, "postgres"))) as connection:
        connection.autocommit = True  # CREATE DATABASE allows no transaction around it
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
    migrations.apply(postgres.dsn(stack.settings, name), "billing")
