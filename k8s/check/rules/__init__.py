"""One file a rule: `check(overlay)` gives what breaks it. Rules trust the shape of objects, which the schemas check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from k8s.check.manifests import Finding, Overlay
from k8s.check.rules import (
    availability,
    code,
    files,
    flink_operator,
    flink_options,
    images,
    kafka_durability,
    kafka_users,
    labels,
    network,
    pod_security,
    ports,
    probes,
    resources,
    secrets,
    settings,
    sources,
    topics,
)

Rule = Callable[[Overlay], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    pod_security.check,
    images.check,
    probes.check,
    resources.check,
    availability.check,
    labels.check,
    network.check,
    secrets.check,
    files.check,
    ports.check,
    code.check,
    settings.check,
    sources.check,
    flink_operator.check,
    flink_options.check,
    topics.check,
    kafka_durability.check,
    kafka_users.check,
)
