"""Errors that the rules must find: each is planted into the production overlay, alone, and must be named.

A check that has never failed proves nothing. Every rule has at least one error here.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any, Final

from k8s.check.manifests import Manifest, Overlay

OVERLAY: Final = "production"
#: As the value of an error: take the key away.
DELETE: Final = object()

_POD: Final = ("spec", "template", "spec")
_COLLECTOR: Final = (*_POD, "containers", 0)
_OPTIONS: Final = ("spec", "flinkConfiguration")
_OPERATOR: Final = "kubernetes.operator."


@dataclass(frozen=True)
class Planted:
    """One error: the value to write at a path of an object, and what a finding must say."""

    title: str
    kind: str
    name: str
    path: tuple[str | int, ...]
    value: Any
    expected: str


def _flink(title: str, option: str, value: Any, expected: str, name: str = "media-usage") -> Planted:
    return Planted(title, "FlinkDeployment", name, (*_OPTIONS, option), value, expected)


def _collectors(title: str, path: tuple[str | int, ...], value: Any, expected: str) -> Planted:
    return Planted(title, "Deployment", "collectors", path, value, expected)


def _job(title: str, key: str, value: Any, expected: str) -> Planted:
    return Planted(title, "FlinkDeployment", "enrichment", ("spec", "job", key), value, expected)


def _kafka(title: str, option: str, value: Any, expected: str) -> Planted:
    return Planted(title, "Kafka", "cdn-logs", ("spec", "kafka", "config", option), value, expected)


def _topic(title: str, path: tuple[str | int, ...], value: Any, expected: str) -> Planted:
    return Planted(title, "KafkaTopic", "cdn-logs.raw", ("spec", *path), value, expected)


_SCHEMA: Final = (
    Planted("an unknown version", "FlinkDeployment", "enrichment", ("spec", "flinkVersion"), "v2_9", "is not one of"),
    _collectors("a mistyped field", ("spec", "replica"), 2, "'replica' was unexpected"),
    _collectors("a number as text", (*_POD, "terminationGracePeriodSeconds"), "60", "is not of type"),
    Planted("an old API version", "Kafka", "cdn-logs", ("apiVersion",), "kafka.strimzi.io/v1beta2", "no schema of"),
    Planted("an unknown field of Strimzi", "KafkaUser", "ops", ("spec", "autorization"), {}, "was unexpected"),
)
_SECURITY: Final = (
    _collectors("root", (*_POD, "securityContext", "runAsUser"), 0, "runAsUser: 0 is root"),
    _collectors("perhaps root", (*_POD, "securityContext", "runAsNonRoot"), DELETE, "may run as root"),
    _collectors("no seccomp", (*_POD, "securityContext", "seccompProfile"), DELETE, "every system call is open"),
    _collectors("escalation", (*_COLLECTOR, "securityContext", "allowPrivilegeEscalation"), True, "may become root"),
    _collectors("capabilities", (*_COLLECTOR, "securityContext", "capabilities"), {}, "keeps rights of root"),
    _collectors("writable root", (*_COLLECTOR, "securityContext", "readOnlyRootFilesystem"), False, "write programs"),
    _collectors("the host's network", (*_POD, "hostNetwork"), True, "shares a namespace of the host"),
    _collectors("a token of the API server", (*_POD, "automountServiceAccountToken"), DELETE, "nobody needs"),
    _collectors(
        "a folder of the host",
        (*_POD, "volumes", 0),
        {"name": "sources", "hostPath": {"path": "/"}},
        "hostPath is no volume of the restricted standard",
    ),
    Planted(
        "Flink with a writable root",
        "FlinkDeployment",
        "enrichment",
        ("spec", "podTemplate", "spec", "containers", 0, "securityContext", "readOnlyRootFilesystem"),
        DELETE,
        "containers[flink-main-container].securityContext.readOnlyRootFilesystem",
    ),
    Planted(
        "brokers with rights of root",
        "Kafka",
        "cdn-logs",
        ("spec", "kafka", "template", "kafkaContainer"),
        DELETE,
        "kafkaContainer.securityContext.capabilities.drop",
    ),
    Planted(
        "racks asked for with rights of root",
        "Kafka",
        "cdn-logs",
        ("spec", "kafka", "template", "initContainer"),
        DELETE,
        "initContainer.securityContext.capabilities.drop",
    ),
    Planted(
        "an open namespace",
        "Namespace",
        "cdn-usage",
        ("metadata", "labels", "pod-security.kubernetes.io/enforce"),
        "baseline",
        "any pod would be let in",
    ),
    Planted("a Secret", "ConfigMap", "dashboard", ("kind",), "Secret", "a Secret in the manifests"),
    _collectors(
        "a password in a variable",
        (*_COLLECTOR, "env"),
        [{"name": "COLLECTOR_PASSWORD", "value": "hunter2"}],
        "looks like a secret in clear text",
    ),
    _flink("a key of the object store", "s3.secret-key", "abc", "s3.secret-key: looks like a secret"),
    Planted(
        "a password in an address",
        "ConfigMap",
        "enrichment-settings",
        ("data", "ENRICHMENT_ASSETS_DSN"),
        "postgresql://cdn_usage:hunter2@db/assets",
        "its value holds a password",
    ),
    Planted(
        "a credential in clear text",
        "ConfigMap",
        "collectors-sources",
        ("data", "sources.yaml"),
        "sources:\n  - id: a\n    credentials:\n      - secret: hunter2-hunter2-hunter2\n",
        "holds a credential in clear text",
    ),
)
_SERVING: Final = (
    _collectors("a tag in production", (*_COLLECTOR, "image"), "registry.example.com/c:1.0", "has no digest"),
    Planted("the tag latest", "FlinkDeployment", "enrichment", ("spec", "image"), "jobs:latest", "has no digest"),
    _collectors("no readiness", (*_COLLECTOR, "readinessProbe"), DELETE, "readinessProbe: missing"),
    _collectors("no liveness", (*_COLLECTOR, "livenessProbe"), DELETE, "livenessProbe: missing"),
    _collectors("no preStop", (*_COLLECTOR, "lifecycle"), DELETE, "preStop: 0 s: not longer than the 15 s"),
    _collectors("a slow readiness", (*_COLLECTOR, "readinessProbe", "periodSeconds"), 10, "preStop: 20 s"),
    _collectors("killed while it drains", (*_POD, "terminationGracePeriodSeconds"), 50, "preStop and draining take 50"),
    _collectors("no requests", (*_COLLECTOR, "resources", "requests", "cpu"), DELETE, "requests.cpu: missing"),
    _collectors("memory promised twice", (*_COLLECTOR, "resources", "limits", "memory"), "4Gi", "not what it asks for"),
    _collectors("replicas beside an autoscaler", ("spec", "replicas"), 3, "the autoscaler's"),
    _collectors("no spread", (*_POD, "topologySpreadConstraints"), DELETE, "all may stand on one"),
    Planted(
        "no disruption budget",
        "PodDisruptionBudget",
        "collectors",
        ("spec", "selector", "matchLabels"),
        {"app.kubernetes.io/name": "x"},
        "no PodDisruptionBudget selects it",
    ),
    Planted(
        "syslog without its senders' addresses",
        "Service",
        "collectors-syslog",
        ("spec", "externalTrafficPolicy"),
        "Cluster",
        "not Local",
    ),
    Planted(
        "a Service of nobody",
        "Service",
        "collectors",
        ("spec", "selector"),
        {"app.kubernetes.io/name": "collector"},
        "selects no pod",
    ),
    Planted(
        "a Service to a port of nobody",
        "Service",
        "collectors",
        ("spec", "ports", 0, "targetPort"),
        "http",
        "no container that it selects has a port http",
    ),
    Planted(
        "a nameless object",
        "Deployment",
        "ops",
        ("metadata", "labels", "app.kubernetes.io/part-of"),
        DELETE,
        "part-of: not cdn-usage",
    ),
)
_NETWORK: Final = (
    Planted(
        "no default deny",
        "NetworkPolicy",
        "default-deny",
        ("spec", "policyTypes"),
        ["Ingress"],
        "no NetworkPolicy denies by default",
    ),
    Planted(
        "pods without a policy",
        "NetworkPolicy",
        "migrations",
        ("spec", "podSelector", "matchLabels"),
        {"app": "x"},
        "no NetworkPolicy of its own for Egress",
    ),
    Planted(
        "Flink's pods without a policy",
        "NetworkPolicy",
        "flink",
        ("spec", "podSelector", "matchExpressions", 0, "values"),
        ["enrichment"],
        "no NetworkPolicy of its own for Ingress of {'app.kubernetes.io/part-of': 'cdn-usage'",
    ),
    Planted(
        "a closed port",
        "NetworkPolicy",
        "collectors",
        ("spec", "ingress", 0, "ports"),
        [{"port": 8443}],
        "no NetworkPolicy lets 6514 in",
    ),
)
_PROGRAMS: Final = (
    Planted(
        "a variable that no program reads",
        "ConfigMap",
        "ops-settings",
        ("data", "OPS_VERBOSE"),
        "1",
        "env.OPS_VERBOSE: no program reads it",
    ),
    Planted(
        "a mistyped setting",
        "ConfigMap",
        "collectors-settings",
        ("data", "COLLECTOR_MAX_CONECTIONS"),
        "10",
        "COLLECTOR_MAX_CONECTIONS is no setting",
    ),
    Planted(
        "a wrong value",
        "ConfigMap",
        "enrichment-settings",
        ("data", "ENRICHMENT_FUSE_RATIO"),
        "2",
        "ENRICHMENT_FUSE_RATIO: 2.0 is no share",
    ),
    Planted(
        "a setting that is missing",
        "ConfigMap",
        "media-usage-settings",
        ("data", "MEDIA_USAGE_BILLING_USER"),
        DELETE,
        "missing required field `billing_user`",
    ),
    Planted(
        "a source without credentials",
        "ConfigMap",
        "collectors-sources",
        ("data", "sources.yaml"),
        "sources:\n  - id: a\n    cdn: fastly\n    listener: {type: http}\n",
        "can be reached from outside",
    ),
    Planted(
        "a listener that nobody reaches",
        "ConfigMap",
        "collectors-settings",
        ("data", "COLLECTOR_HTTP_PORT"),
        "8444",
        "a collector listens on 8444",
    ),
    Planted(
        "a file that no volume holds",
        "ConfigMap",
        "collectors-settings",
        ("data", "COLLECTOR_TLS_KEY_FILE"),
        "/etc/cdn-usage/tsl/tls.key",
        "names /etc/cdn-usage/tsl/tls.key, which no volume holds",
    ),
    _collectors(
        "addresses of Services as settings", (*_POD, "enableServiceLinks"), DELETE, "a setting that there is not"
    ),
    _collectors("a volume that is not there", (*_POD, "volumes", 3, "name"), "tsl", "tls is mounted and not declared"),
    _collectors(
        "settings that are not there",
        (*_COLLECTOR, "envFrom", 0, "configMapRef", "name"),
        "collector-settings",
        "there is no ConfigMap collector-settings",
    ),
    _collectors("a module that is not there", (*_COLLECTOR, "args"), ["-m", "collector"], "no module that can be run"),
    _job("a main program that is not there", "args", ["-pym", "jobs.enrich"], "not `-pym` and a module"),
    _job("a jar of another Flink", "jarURI", "local:///opt/flink/opt/flink-python-2.2.0.jar", "no jar of the locked"),
    _job("more TaskManagers than the program wants", "parallelism", 5, "and ENRICHMENT_PARALLELISM is 4"),
)
_FLINK: Final = (
    Planted("a name too long", "FlinkDeployment", "reprocess", ("metadata", "name"), "r" * 46, "at most 45"),
    _flink("a forbidden key", "kubernetes.cluster-id", "x", "forbidden: the operator's own"),
    _flink("no checkpoint directory", "execution.checkpointing.dir", DELETE, "an upgrade finds no state"),
    _flink("no savepoint directory", "execution.checkpointing.savepoint-dir", DELETE, "savepoints have no place"),
    _flink("savepoints in the pod", "execution.checkpointing.savepoint-dir", "file:///s", "not on object storage"),
    _flink("rollback without high availability", "high-availability.type", "NONE", "rollback.enabled: needs"),
    _flink("no recovery", f"{_OPERATOR}jm-deployment-recovery.enabled", "false", "health-check.enabled: needs"),
    _flink("deletion without a savepoint", f"{_OPERATOR}job.savepoint-on-deletion", DELETE, "and must be true"),
    _flink("no periodic savepoints", f"{_OPERATOR}periodic.savepoint.interval", DELETE, "no periodic savepoints"),
    _flink("savepoints of a day", f"{_OPERATOR}savepoint.history.max.age", "1 d", "before a weekend"),
    _flink("too few savepoints", f"{_OPERATOR}savepoint.history.max.count", "10", "do not reach back"),
    _flink("two slots", "taskmanager.numberOfTaskSlots", "2", "and must be 1"),
    _flink("process mode", "python.execution-mode", "process", "and must be thread"),
    _flink("another max parallelism", "pipeline.max-parallelism", "128", "flink-conf/media-usage.yaml has 720"),
    _flink("object reuse", "pipeline.object-reuse", "true", "pipeline.object-reuse"),
    _flink("state on the heap", "state.backend.type", "hashmap", "and must be rocksdb"),
    _flink("a number", "taskmanager.data.port", 6121, "no string"),
    _flink("an open REST API", "web.submit.enable", "true", "web.submit.enable: true, and must be false"),
    _flink(
        "a cancellation longer than a checkpoint",
        "task.cancellation.timeout",
        "20 min",
        "task.cancellation.timeout",
        name="enrichment",
    ),
    _job("no state over upgrades", "upgradeMode", "stateless", "not savepoint"),
    _job("state left behind", "allowNonRestoredState", True, "not False"),
    _job("no TaskManager", "parallelism", 0, "below 1"),
    Planted(
        "no memory",
        "FlinkDeployment",
        "enrichment",
        ("spec", "taskManager", "resources"),
        DELETE,
        "operator refuses it",
    ),
    Planted(
        "two JobManagers that know nothing of each other",
        "FlinkDeployment",
        "reprocess",
        ("spec", "jobManager", "replicas"),
        2,
        "above 1 needs",
    ),
    Planted(
        "an ingress", "FlinkDeployment", "enrichment", ("spec", "ingress"), {"template": "x"}, "which knows no users"
    ),
    Planted(
        "an unknown log file",
        "FlinkDeployment",
        "enrichment",
        ("spec", "logConfiguration"),
        {"log4j.properties": ""},
        "logConfiguration.log4j.properties",
    ),
)
_KAFKA: Final = (
    _topic("partitions that differ", ("partitions",), 12, "and raw has 12: not equal"),
    _topic("a shorter retention", ("config", "retention.ms"), 86_400_000, "86400000; schemas/topics.py has"),
    _topic("smaller messages", ("config", "max.message.bytes"), 1_048_576, "1048576; schemas/topics.py has"),
    _topic("broker's time", ("config", "message.timestamp.type"), "LogAppendTime", "schemas/topics.py has CreateTime"),
    _topic("one replica", ("replicas",), 1, "production promises"),
    _topic("more replicas than brokers", ("replicas",), 4, "4 with 3 brokers"),
    _topic("fewer partitions than TaskManagers", ("partitions",), 2, "is above the partitions"),
    Planted("a topic of nobody", "KafkaTopic", "cdn-logs.clock", ("metadata", "name"), "clock", "no topic of"),
    _kafka("short transactions", "transaction.max.timeout.ms", 900_000, "the brokers would refuse the job"),
    _kafka("no transaction limit", "transaction.max.timeout.ms", DELETE, "the brokers would refuse the job"),
    _kafka("unclean elections", "unclean.leader.election.enable", True, "may drop acknowledged batches"),
    _kafka("topics by mistake", "auto.create.topics.enable", DELETE, "a mistyped topic appears"),
    _kafka("acknowledgements of one", "min.insync.replicas", 1, "production promises"),
    _kafka("acknowledgements of all", "min.insync.replicas", 3, "any broker stops writing"),
    Planted("no ACLs", "Kafka", "cdn-logs", ("spec", "kafka", "authorization"), DELETE, "every user may do everything"),
    Planted(
        "a listener in clear text",
        "Kafka",
        "cdn-logs",
        ("spec", "kafka", "listeners", 0, "tls"),
        False,
        "without TLS and client certificates",
    ),
    Planted(
        "collectors that read",
        "KafkaUser",
        "collectors",
        ("spec", "authorization", "acls", 0, "operations"),
        ["Describe", "Read", "Write"],
        "topic cdn-logs.raw: has ['Describe', 'Read', 'Write']",
    ),
    Planted(
        "another transactional prefix",
        "KafkaUser",
        "enrichment",
        ("spec", "authorization", "acls", 4, "resource", "name"),
        "enrichment.",
        "transactionalId enrichment.enriched.*: has []",
    ),
    Planted(
        "rights of nobody",
        "KafkaUser",
        "exporter",
        ("metadata", "name"),
        "metrics",
        "topic cdn-logs.raw: has ['Describe'], its program needs []",
    ),
    Planted(
        "an unknown user",
        "KafkaUser",
        "media-usage",
        ("metadata", "name"),
        "usage",
        "mounts the certificate of media-usage, which is no KafkaUser",
    ),
    _collectors(
        "a client that Kafka lets not in",
        ("spec", "template", "metadata", "labels", "cdn-usage/kafka-client"),
        DELETE,
        "Kafka's listener lets it not in",
    ),
)

ERRORS: Final = (*_SCHEMA, *_SECURITY, *_SERVING, *_NETWORK, *_PROGRAMS, *_FLINK, *_KAFKA)


def plant(overlay: Overlay, error: Planted) -> Overlay:
    """The overlay with one error in it. Raises LookupError where there is no such object or path."""
    target = next(each for each in overlay.of(error.kind) if _is_named(each, error.name))
    body = copy.deepcopy(target.body)
    *parents, last = error.path
    place: Any = body
    for key in parents:
        place = place[key]
    if error.value is DELETE:
        del place[last]
    else:
        place[last] = error.value
    planted = Manifest(file=target.file, body=body)
    return replace(overlay, manifests=tuple(planted if each is target else each for each in overlay.manifests))


def _is_named(manifest: Manifest, name: str) -> bool:
    """Whether that is its name, but for the hash of a generated ConfigMap."""
    if manifest.kind != "ConfigMap":
        return manifest.name == name
    return manifest.name == name or manifest.name.rpartition("-")[0] == name
