"""The KafkaTopics are the topics of schemas/topics.py, value by value."""

from __future__ import annotations

from collections.abc import Iterator

from k8s.check.manifests import Finding, Manifest, Overlay
from schemas import topics
from schemas.topics import Topic


def check(overlay: Overlay) -> Iterator[Finding]:
    """Every topic is there, with the settings that the programs rely on, and no other."""
    found = {manifest.name: manifest for manifest in overlay.of("KafkaTopic")}
    expected = {topic.name: topic for topic in topics.topics()}
    for kafka in overlay.of("Kafka"):
        for name in expected.keys() - found.keys():
            yield kafka.wrong("(topics)", f"there is no KafkaTopic {name}")
    for name, manifest in found.items():
        if name not in expected:
            yield manifest.wrong("metadata.name", "no topic of schemas/topics.py")
            continue
        yield from _config(manifest, expected[name])
    yield from _partitions(found)


def _config(manifest: Manifest, topic: Topic) -> Iterator[Finding]:
    given = {name: str(value) for name, value in manifest.spec.get("config", {}).items()}
    for name in sorted(given.keys() | topic.config.keys()):
        if given.get(name) != topic.config.get(name):
            yield manifest.wrong(
                f"spec.config.{name}", f"{given.get(name)}; schemas/topics.py has {topic.config.get(name)}"
            )


def _partitions(found: dict[str, Manifest]) -> Iterator[Finding]:
    raw, enriched = found.get(topics.RAW), found.get(topics.ENRICHED)
    if raw and enriched and raw.spec.get("partitions") != enriched.spec.get("partitions"):
        yield enriched.wrong(
            "spec.partitions", f"{enriched.spec.get('partitions')}, and raw has {raw.spec.get('partitions')}: not equal"
        )
