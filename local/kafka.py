"""A KRaft broker straight from its jars: one node that is broker and controller."""

from __future__ import annotations

import base64
import subprocess
import uuid
from collections.abc import Iterable
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from local.ports import LOOPBACK, require_free
from local.process import Child, Spec, StartFailed, find, start, stop, tail, wait_ready
from local.settings import JARS, Settings
from schemas.topics import MAX_MESSAGE_BYTES, Topic

NAME = "kafka"
_START_SECONDS = 120
_REQUEST_SECONDS = 30
#: librdkafka's log levels, those of syslog(3): a broker that does not answer yet is no news.
_ERRORS = 3
_NOTHING = 0

_LOG4J = """\
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
appender.console.name=console
appender.console.type=Console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %-5p %c{1} %m%n
"""


def bootstrap(settings: Settings) -> str:
    """`bootstrap.servers` of the broker."""
    return f"{LOOPBACK}:{settings.ports.kafka}"


def server_properties(settings: Settings) -> dict[str, str]:
    """The broker's configuration: what one node needs, what the jobs ask of a broker, then the settings' own."""
    ports = settings.ports
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{ports.kafka_controller}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{ports.kafka},CONTROLLER://{LOOPBACK}:{ports.kafka_controller}",
        "log.dirs": str(_home(settings) / "data"),
        # One node: every internal topic has one replica; few partitions, because each costs time at start.
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # The longest outage that a job's transaction may survive; the broker's default is 15 minutes.
        "transaction.max.timeout.ms": str(24 * 3600 * 1000),
        # A mistyped topic must fail, not appear with default settings.
        "auto.create.topics.enable": "false",
        "message.max.bytes": str(MAX_MESSAGE_BYTES),
        # The default waits 3 s for more members before a consumer group may start.
        "group.initial.rebalance.delay.ms": "0",
        **settings.kafka_options,
    }


def launch(settings: Settings) -> Child:
    """Start the broker and wait until it answers.

    Raises:
        PortInUse: one of its ports is taken.
        StartFailed: it did not come up; the message names its log file.
    """
    ports = settings.ports
    require_free({"Kafka": ports.kafka, "Kafka's controller": ports.kafka_controller})
    home = _home(settings)
    home.mkdir(parents=True, exist_ok=True)
    config = home / "server.properties"
    config.write_text("".join(f"{key}={value}\n" for key, value in server_properties(settings).items()))
    (home / "log4j2.properties").write_text(_LOG4J)
    if not (home / "data" / "meta.properties").exists():
        _format(settings, config)
    spec = Spec(name=NAME, state=settings.state, argv=_java(settings, "kafka.Kafka", str(config)), cwd=home)
    child = start(spec)
    wait_ready(child, lambda: _answers(settings), timeout=_START_SECONDS, log_file=spec.log_file)
    return child


def halt(settings: Settings) -> None:
    """Stop the broker; its data stays."""
    stop(settings.state, NAME)


def stored_bytes(settings: Settings, topic: str) -> int:
    """What a topic's messages take on the broker's disk, its indexes aside."""
    segments = (_home(settings) / "data").glob(f"{topic}-*/*.log")
    return sum(segment.stat().st_size for segment in segments)


def running(settings: Settings) -> bool:
    """Whether the broker's process runs."""
    return find(settings.state, NAME) is not None


def create_topics(servers: str, topics: Iterable[Topic]) -> list[str]:
    """Create the topics that do not exist yet and return their names.

    Raises:
        KafkaException: the broker refuses one; topics that exist are left as they are.
    """
    admin = AdminClient({"bootstrap.servers": servers, "log_level": _ERRORS})
    existing = admin.list_topics(timeout=_REQUEST_SECONDS).topics
    missing = [
        NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=1, config=topic.config)
        for topic in topics
        if topic.name not in existing
    ]
    if missing:
        for future in admin.create_topics(missing, operation_timeout=_REQUEST_SECONDS).values():
            future.result()
    return [topic.topic for topic in missing]


def _home(settings: Settings) -> Path:
    return settings.state / NAME


def _java(settings: Settings, main_class: str, *arguments: str) -> list[str]:
    heap = f"{settings.broker_heap_mb}m"
    return [
        "java",
        f"-Xmx{heap}",
        # The broker shares two cores with the jobs: no collector threads of its own.
        "-XX:+UseSerialGC",
        f"-Dlog4j2.configurationFile={_home(settings) / 'log4j2.properties'}",
        "-cp",
        f"{JARS / 'kafka'}/*",
        main_class,
        *arguments,
    ]


def _format(settings: Settings, config: Path) -> None:
    # One word with its option: every 64th id begins with a dash.
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    command = _java(settings, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(config))
    log_file = settings.state / "log" / "kafka-format.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise StartFailed(f"Kafka's storage could not be formatted; {tail(log_file)}")


def _answers(settings: Settings) -> bool:
    admin = AdminClient({"bootstrap.servers": bootstrap(settings), "log_level": _NOTHING})
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False
