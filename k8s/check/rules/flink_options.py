"""What keeps a bill's state: options without which an upgrade, a deletion or a rescale loses it; and flink-conf/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jobs.enrichment.settings import EnrichmentSettings
from jobs.environment import InvalidSetting
from jobs.flink.checks import check_object_reuse, check_times, facts_of_options, milliseconds
from k8s.check.manifests import Finding, Manifest, Overlay
from k8s.generate import JOBS, ROOT
from local.flink_home import read_options

#: Of every cluster: option and value.
_CLUSTER: Final = {
    "taskmanager.numberOfTaskSlots": "1",
    "python.execution-mode": "thread",
    "web.submit.enable": "false",
    "web.cancel.enable": "false",
}
#: Of both jobs.
_JOB: Final = {
    "high-availability.type": "kubernetes",
    "pipeline.max-parallelism": "720",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    "kubernetes.operator.job.savepoint-on-deletion": "true",
    "kubernetes.operator.savepoint.format.type": "CANONICAL",
    "kubernetes.operator.savepoint.dispose-on-delete": "false",
    "kubernetes.operator.deployment.rollback.enabled": "true",
    "kubernetes.operator.cluster.health-check.enabled": "true",
}
_SPEC: Final = {"upgradeMode": "savepoint", "state": "running", "allowNonRestoredState": False}
_OBJECT_STORE: Final = (
    "high-availability.storageDir",
    "execution.checkpointing.dir",
    "execution.checkpointing.savepoint-dir",
)
#: Days within which somebody may want a savepoint that a weekend has passed over.
_MIN_SAVEPOINT_DAYS: Final = 3
_DAY_MS: Final = 86_400_000
#: Where production and development may differ from flink-conf/, and their files say why.
_MAY_DIFFER: Final = frozenset(
    {
        "state.backend.type",
        "execution.checkpointing.interval",
        "execution.checkpointing.min-pause",
    }
)


def check(overlay: Overlay) -> Iterator[Finding]:
    """Every FlinkDeployment, and that both jobs are there."""
    for name in JOBS:
        deployment = overlay.find("FlinkDeployment", name)
        if deployment is None:
            for namespace in overlay.of("Namespace"):
                yield namespace.wrong("(objects)", f"there is no FlinkDeployment {name}")
        else:
            yield from _job(overlay, deployment)
    for deployment in overlay.of("FlinkDeployment"):
        yield from _cluster(deployment)


def _cluster(deployment: Manifest) -> Iterator[Finding]:
    options = deployment.spec.get("flinkConfiguration", {})
    yield from _values(deployment, options, _CLUSTER)
    if deployment.spec.get("flinkVersion") != "v2_3":
        yield deployment.wrong("spec.flinkVersion", f"{deployment.spec.get('flinkVersion')}: the image has Flink 2.3")
    for key in _OBJECT_STORE:
        if not str(options.get(key, "")).startswith("s3://"):
            yield deployment.wrong(f"spec.flinkConfiguration.{key}", "not on object storage: gone with its pod")


def _job(overlay: Overlay, deployment: Manifest) -> Iterator[Finding]:
    options = deployment.spec.get("flinkConfiguration", {})
    yield from _values(deployment, options, _JOB)
    for key, value in _SPEC.items():
        if deployment.spec.get("job", {}).get(key) != value:
            yield deployment.wrong(f"spec.job.{key}", f"not {value}: state may be lost")
    yield from _savepoints(deployment, options)
    yield from _flink_conf(deployment, options)
    if overlay.name == "production" and deployment.name == "media-usage":
        yield from _values(deployment, options, {"state.backend.type": "rocksdb"})
    yield from _order_of_times(deployment, options)


def _values(deployment: Manifest, options: Mapping[str, Any], wanted: Mapping[str, str]) -> Iterator[Finding]:
    for key, value in wanted.items():
        if options.get(key) != value:
            yield deployment.wrong(f"spec.flinkConfiguration.{key}", f"{options.get(key)}, and must be {value}")


def _savepoints(deployment: Manifest, options: Mapping[str, Any]) -> Iterator[Finding]:
    interval = options.get("kubernetes.operator.periodic.savepoint.interval")
    if not interval:
        yield deployment.wrong("spec.flinkConfiguration", "no periodic savepoints")
        return
    age_ms = milliseconds(options.get("kubernetes.operator.savepoint.history.max.age", "1 d"))
    if age_ms < _MIN_SAVEPOINT_DAYS * _DAY_MS:
        yield deployment.wrong(
            "spec.flinkConfiguration.kubernetes.operator.savepoint.history.max.age",
            f"below {_MIN_SAVEPOINT_DAYS} days: none from before a weekend would be left",
        )
    count = int(options.get("kubernetes.operator.savepoint.history.max.count", "10"))
    if count * milliseconds(interval) < age_ms:
        yield deployment.wrong(
            "spec.flinkConfiguration.kubernetes.operator.savepoint.history.max.count",
            f"{count} savepoints, one every {interval}, do not reach back as far as the age that is kept",
        )


def _flink_conf(deployment: Manifest, options: Mapping[str, Any]) -> Iterator[Finding]:
    tested = read_options(ROOT / "flink-conf" / f"{deployment.name}.yaml")
    for key, value in tested.items():
        given = str(options.get(key)).lower()
        if key not in _MAY_DIFFER and given != value.lower():
            yield deployment.wrong(
                f"spec.flinkConfiguration.{key}", f"{options.get(key)}; flink-conf/{deployment.name}.yaml has {value}"
            )


def _order_of_times(deployment: Manifest, options: Mapping[str, Any]) -> Iterator[Finding]:
    """Look-up wait < cancellation < checkpoint < transaction, by the check that the job itself makes at its start."""
    facts = facts_of_options({key: str(value) for key, value in options.items()})
    is_enrichment = deployment.name == "enrichment"
    wait_ms = round(EnrichmentSettings.lookup_wait_s * 1_000) if is_enrichment else 0
    try:
        check_times(facts, wait_ms, EnrichmentSettings.transaction_timeout_ms if is_enrichment else None)
        if not is_enrichment:
            check_object_reuse(facts, deployment.name)
    except InvalidSetting as error:
        yield deployment.wrong("spec.flinkConfiguration", str(error))
