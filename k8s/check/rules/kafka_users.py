"""Every program's user may do exactly what the program does: derived from settings, compared with the ACLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from jobs.enrichment.settings import EnrichmentSettings
from jobs.media_usage.settings import MediaUsageSettings
from k8s.check.manifests import Finding, Manifest, Overlay
from k8s.check.pods import all_pods
from schemas import topics

#: (type, name, pattern) of a resource, and the operations on it.
Rights = Mapping[tuple[str, str, str], frozenset[str]]

_LOOK: Final = frozenset({"Describe"})
_READ: Final = frozenset({"Describe", "Read"})
_WRITE: Final = frozenset({"Describe", "Write"})
#: The job compares settings of topics and brokers with its own when it starts.
_CONFIGS: Final = frozenset({"DescribeConfigs"})
_CLUSTER: Final = ("cluster", "", "literal")
_LABEL: Final = "cdn-usage/kafka-client"


def expected() -> dict[str, Rights]:
    """Rights by user."""
    prefixes = (EnrichmentSettings.enriched_transactional_prefix, EnrichmentSettings.dead_letter_transactional_prefix)
    return {
        "collectors": {_topic(name): _WRITE for name in (topics.RAW, topics.DEAD_LETTER, topics.CLOCK)},
        "enrichment": {
            _topic(topics.RAW): _READ | _CONFIGS,
            _topic(topics.ENRICHED): _WRITE | _CONFIGS,
            _topic(topics.DEAD_LETTER): _WRITE | _CONFIGS,
            ("group", EnrichmentSettings.consumer_group, "literal"): _READ,
            **{("transactionalId", prefix, "prefix"): _WRITE for prefix in prefixes},
            _CLUSTER: _CONFIGS,
        },
        "media-usage": {
            _topic(topics.ENRICHED): _READ | _CONFIGS,
            ("group", MediaUsageSettings.consumer_group, "literal"): _READ,
            _CLUSTER: _CONFIGS,
        },
        "reprocess": {
            _topic(topics.RAW): _READ,
            _topic(topics.ENRICHED): _READ,
            ("group", "reprocess-", "prefix"): _READ,
        },
        "exporter": {_topic(name): _LOOK for name in (topics.RAW, topics.ENRICHED, topics.DEAD_LETTER)},
        "ops": {
            _topic(topics.RAW): _READ | _WRITE,
            _topic(topics.DEAD_LETTER): _READ | _WRITE,
            ("group", "ops", "literal"): _READ,
        },
    }


def check(overlay: Overlay) -> Iterator[Finding]:
    """Users, their rights, and the pods that mount their certificates."""
    users = {user.name: user for user in overlay.of("KafkaUser")}
    for name, user in users.items():
        yield from _user(user, expected().get(name, {}))
    for pod in all_pods(overlay):
        mounted = _mounted_users(pod.spec or {})
        for name in mounted - users.keys():
            yield pod.wrong("volumes", f"mounts the certificate of {name}, which is no KafkaUser")
        if mounted and pod.labels.get(_LABEL) != "true":
            yield pod.manifest.wrong(f"{pod.path}.metadata.labels", f"no {_LABEL}: Kafka's listener lets it not in")


def _user(user: Manifest, rights: Rights) -> Iterator[Finding]:
    if user.spec.get("authentication", {}).get("type") != "tls":
        yield user.wrong("spec.authentication", "not tls: no certificate says who it is")
    acls = user.spec.get("authorization", {}).get("acls", ())
    given = {_resource(acl["resource"]): frozenset(acl["operations"]) for acl in acls}
    for resource in sorted(given.keys() | rights.keys()):
        has, needs = given.get(resource, frozenset()), rights.get(resource, frozenset())
        if has != needs:
            yield user.wrong(
                "spec.authorization.acls", f"{_show(resource)}: has {sorted(has)}, its program needs {sorted(needs)}"
            )


def _mounted_users(spec: Mapping[str, object]) -> set[str]:
    """Names of Secrets of which a user's key is mounted."""
    volumes = spec.get("volumes") or []
    assert isinstance(volumes, list)  # noqa: S101 - its schema says so
    sources = [source for volume in volumes for source in volume.get("projected", {}).get("sources", ())]
    secrets = [source["secret"] for source in sources if "secret" in source]
    return {each["name"] for each in secrets if any(item["key"] == "user.key" for item in each.get("items", ()))}


def _topic(name: str) -> tuple[str, str, str]:
    return "topic", name, "literal"


def _resource(resource: Mapping[str, str]) -> tuple[str, str, str]:
    return resource["type"], resource.get("name", ""), resource.get("patternType", "literal")


def _show(resource: tuple[str, str, str]) -> str:
    kind, name, pattern = resource
    return f"{kind} {name}{'*' if pattern == 'prefix' else ''}".strip()
