"""Golden savepoints: the state of both jobs as a release has left it, for the next one to go on from.

What the jobs had read is gone with its broker, and is not needed: a savepoint holds offsets and names of topics. So the
topics of a new broker are filled up to those offsets with messages that mean nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from confluent_kafka import Producer

from local.settings import ROOT
from schemas.batch import kafka_timestamp
from schemas.cdn_logs_pb2 import AccessLogBatch
from tests.e2e.bill import BillRow
from tests.e2e.pipeline import MODULES
from tests.support.batches import heartbeat

FOLDER: Final = ROOT / "tests" / "golden"
#: Stands in the names of topics, which the savepoints hold.
NAME: Final = "golden"
_FACTS: Final = "facts.json"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a test has to know of the time before a savepoint.

    `offsets` are the ends of topics by name and partition; `bill` is what was billed; `sent` are batches by what they
    are to show, serialised, as hex.
    """

    build: str
    hour_ms: int
    offsets: Mapping[str, Mapping[str, int]]
    bill: list[BillRow]
    sent: Mapping[str, str]

    def batch(self, name: str) -> AccessLogBatch:
        """A batch that was sent before, to be sent again."""
        return AccessLogBatch.FromString(bytes.fromhex(self.sent[name]))


def keep(savepoints: Mapping[str, str], facts: Facts, folder: Path = FOLDER) -> None:
    """Put new golden savepoints in the place of those that are there; `savepoints` are addresses by module."""
    shutil.rmtree(folder, ignore_errors=True)
    for module, address in savepoints.items():
        shutil.copytree(urlsplit(address).path, folder / module)
    (folder / _FACTS).write_text(json.dumps(asdict(facts), indent=1) + "\n")


def find(folder: Path = FOLDER) -> tuple[dict[str, str], Facts]:
    """Addresses of the golden savepoints by module, and what goes with them."""
    known = json.loads((folder / _FACTS).read_text())
    known["bill"] = [BillRow(*row) for row in known["bill"]]
    return {module: (folder / module).as_uri() for module in MODULES}, Facts(**known)


def fill(bootstrap_servers: str, offsets: Mapping[str, Mapping[str, int]], hour_ms: int) -> None:
    """Fill empty topics up to these offsets with heartbeats of nobody."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, "enable.idempotence": True})
    for topic, ends in offsets.items():
        for partition, end in ends.items():
            _fill_partition(producer, topic, int(partition), range(end), hour_ms)
    if unsent := producer.flush(60):
        raise TimeoutError(f"Kafka did not acknowledge {unsent} messages within 60 s")


def _fill_partition(producer: Producer, topic: str, partition: int, numbers: Iterable[int], hour_ms: int) -> None:
    for _ in numbers:
        filler = heartbeat("nobody", hour_ms, boot_id="nobody")
        producer.produce(topic, filler.SerializeToString(), partition=partition, timestamp=kafka_timestamp(filler))
