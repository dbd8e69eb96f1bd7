"""Properties of both client libraries: nothing without TLS, and never more than the name of a folder with it."""

from __future__ import annotations

from jobs.kafka_connection import KafkaConnection

PLAIN = KafkaConnection(bootstrap_servers="kafka:9092")
TLS = KafkaConnection(bootstrap_servers="kafka:9093", tls_folder="/etc/kafka")


def test_without_a_folder_only_the_address_is_given() -> None:
    assert PLAIN.librdkafka() == {"bootstrap.servers": "kafka:9092"}
    assert PLAIN.java() == {}


def test_librdkafka_is_given_the_files() -> None:
    assert TLS.librdkafka() == {
        "bootstrap.servers": "kafka:9093",
        "security.protocol": "ssl",
        "ssl.ca.location": "/etc/kafka/ca.crt",
        "ssl.certificate.location": "/etc/kafka/user.crt",
        "ssl.key.location": "/etc/kafka/user.key",
    }


def test_the_job_graph_holds_references_to_the_files_and_only_that_folder_may_be_read() -> None:
    assert TLS.java() == {
        "config.providers": "folder",
        "config.providers.folder.class": (
            "org.apache.flink.kafka.shaded.org.apache.kafka.common.config.provider.DirectoryConfigProvider"
        ),
        "config.providers.folder.param.allowed.paths": "/etc/kafka",
        "security.protocol": "SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": "${folder:/etc/kafka:ca.crt}",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": "${folder:/etc/kafka:user.crt}",
        "ssl.keystore.key": "${folder:/etc/kafka:user.key}",
    }
