"""A broker that lets in only who has a certificate: both client libraries of the jobs get in, with the same folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from py4j.protocol import Py4JJavaError
from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.util.java_utils import to_jarray

from jobs.flink.brokers import broker_facts
from jobs.kafka_connection import KafkaConnection
from local.ports import LOOPBACK, Ports, free_base
from local.settings import JARS, Settings
from local.stack import Stack
from schemas.topics import PARTITIONS, RAW
from tests.support.certificates import Issued, issue

_CLIENTS = "org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("authority"), "authority", is_authority=True)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, authority: Issued) -> Iterator[Stack]:
    """A broker with a second listener, where clients must show a certificate of the authority."""
    settings = Settings(state=tmp_path_factory.mktemp("kafka"), port_base=free_base())
    broker = issue(tmp_path_factory.mktemp("broker"), "broker", by=authority)
    options = broker_options(settings.ports, broker, authority)
    with Stack(Settings(state=settings.state, port_base=settings.port_base, kafka_options=options), {"kafka"}) as kafka:
        yield kafka


@pytest.fixture
def folder(tmp_path: Path, authority: Issued) -> Path:
    """What a pod mounts: the brokers' authority, and a user's certificate and key."""
    user = issue(tmp_path, "enrichment", by=authority)
    shutil.copy(authority.certificate, tmp_path / "ca.crt")
    shutil.copy(user.certificate, tmp_path / "user.crt")
    shutil.copy(user.key, tmp_path / "user.key")
    return tmp_path


@pytest.fixture
def connection(stack: Stack, folder: Path) -> KafkaConnection:
    return KafkaConnection(
        bootstrap_servers=f"localhost:{stack.settings.ports.kafka_behind_proxy}", tls_folder=str(folder)
    )


def broker_options(ports: Ports, broker: Issued, authority: Issued) -> dict[str, str]:
    both = broker.certificate.with_name("both.pem")
    both.write_bytes(broker.key.read_bytes() + broker.certificate.read_bytes())
    inner = f"PLAINTEXT://{LOOPBACK}:{ports.kafka},CONTROLLER://{LOOPBACK}:{ports.kafka_controller}"
    return {
        "listeners": f"{inner},TLS://localhost:{ports.kafka_behind_proxy}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL",
        "listener.name.tls.ssl.client.auth": "required",
        "listener.name.tls.ssl.keystore.type": "PEM",
        "listener.name.tls.ssl.keystore.location": str(both),
        "listener.name.tls.ssl.truststore.type": "PEM",
        "listener.name.tls.ssl.truststore.location": str(authority.certificate),
    }


def test_the_checks_at_a_jobs_start_get_in(connection: KafkaConnection) -> None:
    assert broker_facts(connection, [RAW]).topics[RAW].partitions == PARTITIONS


def test_flinks_connector_gets_in_with_references_to_the_same_files(connection: KafkaConnection) -> None:
    assert RAW in java_topics(connection)


def test_whoever_has_no_certificate_stays_outside(connection: KafkaConnection) -> None:
    client = AdminClient({"bootstrap.servers": connection.bootstrap_servers, "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=5)


def test_a_certificate_of_another_authority_is_not_let_in(connection: KafkaConnection, folder: Path) -> None:
    stranger = issue(folder, "stranger")
    shutil.copy(stranger.certificate, folder / "user.crt")
    shutil.copy(stranger.key, folder / "user.key")
    with pytest.raises(Py4JJavaError, match=r"Ssl|handshake|certificate"):
        java_topics(connection)


def java_topics(connection: KafkaConnection) -> set[str]:
    """Topics as the connector's own Kafka client sees them."""
    options = Configuration()
    options.set_string("pipeline.jars", ";".join(jar.as_uri() for jar in sorted((JARS / "flink").glob("*.jar"))))
    StreamExecutionEnvironment.get_execution_environment(options)  # puts the jars on the class path
    jvm = get_gateway().jvm
    properties = jvm.java.util.Properties()
    for name, value in (connection.java() | {"bootstrap.servers": connection.bootstrap_servers}).items():
        properties.setProperty(name, value)
    properties.setProperty("request.timeout.ms", "10000")
    properties.setProperty("default.api.timeout.ms", "20000")
    loader = jvm.Thread.currentThread().getContextClassLoader()
    admin = jvm.Class.forName(f"{_CLIENTS}.Admin", True, loader)
    create = admin.getMethod("create", to_jarray(jvm.Class, [properties.getClass()]))
    client = create.invoke(None, to_jarray(jvm.Object, [properties]))
    try:
        return set(client.listTopics().names().get())
    finally:
        client.close()
