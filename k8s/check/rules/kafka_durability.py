"""How many copies there are, how many an acknowledgement means, and how long a transaction may stay open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from jobs.enrichment.settings import EnrichmentSettings
from k8s.check.manifests import Finding, Manifest, Overlay
from schemas.topics import MAX_MESSAGE_BYTES

#: What every cluster must have, whatever its size: option, value, consequence of another.
_FIXED: Final = (
    ("unclean.leader.election.enable", "False", "an out-of-date replica may drop acknowledged batches"),
    ("auto.create.topics.enable", "False", "a mistyped topic appears with default settings"),
    ("message.max.bytes", str(MAX_MESSAGE_BYTES), "not the one size limit of schemas/topics.py"),
    ("replica.fetch.max.bytes", str(MAX_MESSAGE_BYTES), "not the one size limit of schemas/topics.py"),
)
#: Copies that production promises, and how many of them an acknowledgement means.
_PRODUCTION: Final = (3, 2)


def check(overlay: Overlay) -> Iterator[Finding]:
    """The Kafka object against topics, node pools and the enrichment job's transactions."""
    for kafka in overlay.of("Kafka"):
        config = kafka.spec["kafka"].get("config", {})
        for name, value, why in _FIXED:
            if str(config.get(name)) != value:
                yield kafka.wrong(f"spec.kafka.config.{name}", f"{config.get(name)}: {why}")
        yield from _transactions(kafka, config)
        yield from _replicas(overlay, kafka, config)
        yield from _listeners(kafka)


def _transactions(kafka: Manifest, config: dict[str, int]) -> Iterator[Finding]:
    asked = EnrichmentSettings.transaction_timeout_ms
    most = config.get("transaction.max.timeout.ms", 900_000)
    if most < asked:
        yield kafka.wrong(
            "spec.kafka.config.transaction.max.timeout.ms",
            f"{most} is below ENRICHMENT_TRANSACTION_TIMEOUT_MS ({asked}): the brokers would refuse the job",
        )


def _replicas(overlay: Overlay, kafka: Manifest, config: dict[str, int]) -> Iterator[Finding]:
    brokers = sum(pool.spec["replicas"] for pool in overlay.of("KafkaNodePool") if "broker" in pool.spec["roles"])
    in_sync = config.get("min.insync.replicas", 1)
    for topic in overlay.of("KafkaTopic"):
        replicas = topic.spec.get("replicas", 0)
        if not 0 < replicas <= brokers:
            yield topic.wrong("spec.replicas", f"{replicas} with {brokers} brokers")
        if in_sync >= replicas > 1:
            yield topic.wrong("spec.replicas", f"{replicas}, and {in_sync} must be in sync: any broker stops writing")
        if overlay.name == "production" and (replicas, in_sync) != _PRODUCTION:
            yield topic.wrong("spec.replicas", f"{replicas}, {in_sync} in sync: production promises {_PRODUCTION}")
    for name in ("offsets.topic.replication.factor", "transaction.state.log.replication.factor"):
        if config.get(name, 3) > brokers:
            yield kafka.wrong(f"spec.kafka.config.{name}", f"{config.get(name, 3)} with {brokers} brokers")


def _listeners(kafka: Manifest) -> Iterator[Finding]:
    for listener in kafka.spec["kafka"].get("listeners", ()):
        if not listener.get("tls") or listener.get("authentication", {}).get("type") != "tls":
            yield kafka.wrong(f"spec.kafka.listeners[{listener['name']}]", "without TLS and client certificates")
    if kafka.spec["kafka"].get("authorization", {}).get("type") != "simple":
        yield kafka.wrong("spec.kafka.authorization", "no ACLs: every user may do everything")
