"""The programs' own settings classes read the variables: one that they do not know, or that is wrong, is found here."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from collectors.settings import read_settings
from console.settings import from_environment as read_console_settings
from jobs.enrichment.settings import EnrichmentSettings
from jobs.environment import settings_from
from jobs.media_usage.settings import MediaUsageSettings
from k8s.check.manifests import Finding, Manifest, Overlay
from k8s.check.pods import Pod, pods
from k8s.check.variables import variables
from ops.exporter.settings import from_environment as read_exporter_settings
from ops.settings import from_environment

_MAIN: Final = "flink-main-container"
#: What reads the variables that begin so. Files that they name are replaced by ones that exist.
_READERS: Final[Mapping[str, Callable[[Mapping[str, str]], object]]] = {
    "COLLECTOR_": read_settings,
    "CONSOLE_": read_console_settings,
    "EXPORTER_": read_exporter_settings,
    "ENRICHMENT_": lambda environ: settings_from(EnrichmentSettings, "ENRICHMENT_", environ),
    "MEDIA_USAGE_": lambda environ: settings_from(MediaUsageSettings, "MEDIA_USAGE_", environ),
    "BILLING_DSN": from_environment,
    "FLINK_RUN": from_environment,
}
#: Read by others: variable, by whom.
_KNOWN: Final[Mapping[str, str]] = {
    "PGPASSFILE": "libpq and the Postgres driver",
    "AWS_ACCESS_KEY_ID": "Flink's S3 plugin",
    "AWS_SECRET_ACCESS_KEY": "Flink's S3 plugin",
    "DATABASE_DSN": "schemas.migrations",
    "ASSETS_DSN": "ops.assets",
}
#: Images that are not ours read what their makers say.
_OURS: Final = "cdn-usage/"
_FILE: Final = re.compile(r"_FILE$")


def check(overlay: Overlay) -> Iterator[Finding]:
    """Variables of every container of ours, and what two settings say of one thing."""
    for pod in pods(overlay):
        if (pod.spec or {}).get("enableServiceLinks") is not False:
            why = "not false: the address of a Service comes as ENRICHMENT_REST_PORT, a setting that there is not"
            yield pod.wrong("enableServiceLinks", why)
        for path, container in pod.containers:
            if container["name"] == _MAIN or _OURS in container.get("image", ""):
                yield from _container(pod, path, variables(overlay, container))
    for deployment in overlay.of("FlinkDeployment"):
        yield from _parallelism(overlay, deployment)


def _container(pod: Pod, path: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in environ:
        if name not in _KNOWN and not name.startswith(tuple(_READERS)):
            yield pod.manifest.wrong(f"{path}.env.{name}", "no program reads it")
    readers = {reader for prefix, reader in _READERS.items() if any(name.startswith(prefix) for name in environ)}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        given = {name: file.name if _FILE.search(name) else value for name, value in environ.items()}
        for reader in sorted(readers, key=repr):
            try:
                reader(given)
            except ValueError as error:
                yield pod.manifest.wrong(f"{path}.env", str(error))


def _parallelism(overlay: Overlay, deployment: Manifest) -> Iterator[Finding]:
    """As many TaskManagers as the program says; and for each a partition, or no window would ever close."""
    pod = next(pod for pod in pods(overlay) if pod.manifest is deployment)
    environ = variables(overlay, pod.containers[-1][1])
    job = deployment.spec.get("job")
    if job is None:
        return
    prefix = deployment.name.upper().replace("-", "_")
    wanted, given = int(environ.get(f"{prefix}_PARALLELISM", 1)), job.get("parallelism")
    if wanted != given:
        yield deployment.wrong("spec.job.parallelism", f"{given}, and {prefix}_PARALLELISM is {wanted}")
    for topic in overlay.of("KafkaTopic"):
        if topic.name in {"cdn-logs.raw", "cdn-logs.enriched"} and wanted > topic.spec["partitions"]:
            yield deployment.wrong("spec.job.parallelism", f"{wanted} is above the partitions of {topic.name}")
