"""The running system that faults are done to: the stack, both jobs, and the disks that can be full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

from local import collectors, flink, flink_jobs
from local.chaos.disk import Disk
from local.clock import ClockFile
from local.drill import servers
from local.drill.drawn import Drawn
from local.drill.jobs import ENRICHMENT, LOOKUP_WAIT_S, MEDIA_USAGE, MODULES, ROCKSDB, SHORTENED
from local.flink_jobs import SavepointFailed
from local.ports import LOOPBACK, Ports
from local.settings import Settings
from local.stack import Stack

#: Begins the transactional ids of the enriched topic.
TRANSACTIONS: Final = "enrichment.enriched."

_SAVEPOINT_RETRIES: Final = 3
#: Seconds. Above the longest fault; in production 12 hours.
LONG_TRANSACTION: Final = 1_800
#: Of the one job whose transaction is left to expire.
SHORT_TRANSACTION: Final = 50

_STATE: Final[Mapping[str, Mapping[str, str]]] = {ENRICHMENT: {}, MEDIA_USAGE: ROCKSDB}
_ENVIRON: Final = {
    ENRICHMENT: {
        "ENRICHMENT_LOOKUP_WAIT_S": str(LOOKUP_WAIT_S),
        "ENRICHMENT_DATABASE_TIMEOUT_S": "5",
        # So that Redis and the asset database are asked all the time.
        "ENRICHMENT_ASSET_CACHE_TTL_S": "10",
    },
    MEDIA_USAGE: {"MEDIA_USAGE_REFRESH_INTERVAL_S": "2"},
}
_PARALLELISM: Final = {ENRICHMENT: "ENRICHMENT_PARALLELISM", MEDIA_USAGE: "MEDIA_USAGE_PARALLELISM"}
#: Folders of the state that can be a disk of their own.
_FOLDERS: Final = {"kafka": "kafka/data", "checkpoints": "flink/checkpoints"}


@dataclass
class Job:
    """A submitted job."""

    id: str
    parallelism: int = 1


@dataclass
class System:
    """What runs: `jobs` by module, `disks` by what they hold, if disks can be mounted here."""

    stack: Stack
    jobs: dict[str, Job] = field(default_factory=dict)
    disks: Mapping[str, Disk] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """Of the stack."""
        return self.stack.settings

    def submit_all(self) -> None:
        """Submit both jobs side by side, and wait until they run."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.submit, MODULES))

    def submit(
        self,
        module: str,
        parallelism: int = 1,
        savepoint: str | None = None,
        transaction_s: int = LONG_TRANSACTION,
    ) -> None:
        """Submit a job, from a savepoint if one is given, and wait until it runs."""
        environ = {**_ENVIRON[module], _PARALLELISM[module]: str(parallelism)}
        if module == ENRICHMENT:
            environ |= {
                "ENRICHMENT_KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{self.settings.ports.kafka_proxy}",
                "ENRICHMENT_TRANSACTION_TIMEOUT_MS": str(transaction_s * 1_000),
            }
        options = {**SHORTENED, **_STATE[module]}
        job = self.stack.submit(module, environ=environ, options=options, savepoint=savepoint)
        self.jobs[module] = Job(job, parallelism)

    def stop(self, module: str) -> str:
        """Stop a job with a savepoint, and return that; tried again if it expires, as a busy job's may."""
        job = self.jobs[module].id
        for _ in range(_SAVEPOINT_RETRIES):
            with suppress(SavepointFailed):
                return self.stack.stop_with_savepoint(job)
            flink_jobs.wait_checkpoint(self.settings, job)
        return self.stack.stop_with_savepoint(job)

    def taskmanagers_of(self, module: str) -> list[str]:
        """Names of the TaskManager processes that run a job."""
        indexes = self.stack.taskmanagers_of(self.jobs[module].id)
        return [flink.taskmanager_name(index) for index in indexes]


@contextmanager
def running(base: Settings, drawn: Drawn, clock_ms: int, *, with_disks: bool) -> Iterator[tuple[System, ClockFile]]:
    """Start all servers, empty, with collectors at `clock_ms`, and leave no process and no disk behind.

    The jobs are not submitted yet: they reach the broker through a proxy that is the caller's.
    """
    disks = {name: Disk(base.state / folder) for name, folder in _FOLDERS.items()}
    for disk in disks.values():
        disk.unmount()
    settings, clock = servers.prepare(base, drawn, clock_ms)
    with ExitStack() as mounted:
        for disk in disks.values() if with_disks else ():
            disk.mount()
            mounted.callback(disk.unmount)
        with servers.running(replace(settings, kafka_options=broker_options(settings.ports)), drawn) as stack:
            yield System(stack, disks=disks if with_disks else {}), clock


def beside(settings: Settings) -> Settings:
    """The drill's own stack, of which every part can fail alone."""
    return replace(
        servers.beside(settings, "chaos", place=2),
        # Either job may run on two, and reprocess needs one.
        taskmanagers=5,
        high_availability=True,
        billing_server=True,
    )


def broker_options(ports: Ports) -> dict[str, str]:
    """A second listener that leads its clients to the proxy; and transactions that expire when they should."""
    controller = f"CONTROLLER://{LOOPBACK}:{ports.kafka_controller}"
    direct = f"PLAINTEXT://{LOOPBACK}:{ports.kafka}"
    return {
        "listeners": f"{direct},PROXIED://{LOOPBACK}:{ports.kafka_behind_proxy},{controller}",
        "advertised.listeners": f"{direct},PROXIED://{LOOPBACK}:{ports.kafka_proxy}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
        # Looked after every 10 s by default.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    }


def ready_collectors(settings: Settings) -> int:
    """How many collectors say that they are ready."""
    return sum(collectors.ready(settings, index) for index in range(settings.collectors))
