"""The broker's configuration: what the jobs and topics rely on."""

from __future__ import annotations

from pathlib import Path

from local.kafka import server_properties
from local.settings import Settings
from schemas.topics import MAX_MESSAGE_BYTES


def test_the_broker_allows_what_jobs_and_topics_ask_for(tmp_path: Path) -> None:
    properties = server_properties(Settings(state=tmp_path))
    asked = {
        "transaction.max.timeout.ms": "86400000",
        "message.max.bytes": str(MAX_MESSAGE_BYTES),
        "auto.create.topics.enable": "false",
        "transaction.state.log.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
    }
    assert {key: properties[key] for key in asked} == asked


def test_the_settings_have_the_last_word(tmp_path: Path) -> None:
    properties = server_properties(Settings(state=tmp_path, kafka_options={"message.max.bytes": "1", "more": "2"}))
    assert (properties["message.max.bytes"], properties["more"]) == ("1", "2")


def test_every_listener_is_on_this_machine_only(tmp_path: Path) -> None:
    properties = server_properties(Settings(state=tmp_path, port_base=19_000))
    assert properties["listeners"] == "PLAINTEXT://127.0.0.1:19000,CONTROLLER://127.0.0.1:19001"
