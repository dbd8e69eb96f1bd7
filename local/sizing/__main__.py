"""`python -m local.sizing`: what records take in topics, billing database and state, in full and in small batches.

SIZING_RECORDS sets how many records of each (default: 400,000). Both jobs run as on `make up`, the usage job with its
state in RocksDB, on a stack of its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confluent_kafka import Producer

from local import billing, kafka, program
from local.bench import data
from local.bench import flink as bench_flink
from local.drill.jobs import ENRICHMENT, MEDIA_USAGE, ROCKSDB, ROCKSDB_MB
from local.ports import free_base
from local.settings import Settings
from local.sizing.figures import Phase, State, Stored
from local.soak.state import Remembered
from local.stack import Stack
from local.waiting import until
from schemas.batch import kafka_key, kafka_timestamp
from schemas.topics import ENRICHED, MAX_MESSAGE_BYTES, RAW

_DAY_MS: Final = 86_400_000
_SECONDS: Final = 300
#: Lines of a full block, and of the deliveries that a CDN sends every few seconds for a small customer.
_SIZES: Final = (data.RECORDS_A_BATCH, 100)
_OFTEN: Final = {"execution.checkpointing.interval": "5 s", "execution.checkpointing.min-pause": "1 s"}

_LEDGER: Final = """
SELECT (SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits
        WHERE inhparent = 'batch_ledger'::regclass),
       (SELECT count(*) FROM batch_ledger)
"""
_USAGE: Final = "SELECT pg_total_relation_size('media_usage'), (SELECT count(*) FROM media_usage)"
_COUNTED: Final = "SELECT coalesce(sum(records), 0)::bigint FROM media_usage"
_BILLABLE: Final = """
SELECT coalesce(sum((outcomes->>'billed')::bigint), 0)::bigint FROM batch_ledger
"""


@dataclass(frozen=True)
class Sizing:
    """The running stack and its usage job."""

    stack: Stack
    usage_job: str

    def phase(self, records_a_batch: int, records: int, day_ms: int) -> Phase:
        """Put so many records of a day into raw, and measure what they took once both jobs have counted them."""
        before = self.stored()
        corpus = data.corpus(records, day_ms, records_a_batch=records_a_batch)
        self._publish(corpus)
        until(lambda: self._counted(before.ledger_rows + corpus.count), "the ledger to have every batch", _SECONDS)
        took = self.stored().less(before)
        return Phase(records=corpus.count * records_a_batch, records_a_batch=records_a_batch, took=took)

    def stored(self) -> Stored:
        """What is stored now."""
        [(ledger, ledger_rows)] = billing.query(self.stack.billing_dsn, _LEDGER)
        [(usage, usage_rows)] = billing.query(self.stack.billing_dsn, _USAGE)
        raw, enriched = (kafka.stored_bytes(self.stack.settings, topic) for topic in (RAW, ENRICHED))
        return Stored(raw, enriched, ledger, ledger_rows, usage, usage_rows)

    def state(self) -> State:
        """The usage job's state, as of a full checkpoint of now."""
        stored = self.stored()
        allowed = Remembered(stored.ledger_rows, 0, stored.usage_rows).bytes_allowed
        return State(bytes=bench_flink.state_bytes(self.stack.settings, self.usage_job), allowed=allowed)

    def _publish(self, corpus: data.Corpus) -> None:
        producer = Producer(
            {
                "bootstrap.servers": self.stack.kafka_bootstrap,
                # As the collectors': collectors/kafka/config.py.
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": 5,
                "message.max.bytes": MAX_MESSAGE_BYTES,
                "queue.buffering.max.messages": corpus.count + 1,
            }
        )
        for batch in corpus.batches():
            producer.produce(
                RAW, batch.SerializeToString(), key=kafka_key(batch.header), timestamp=kafka_timestamp(batch)
            )
            producer.poll(0)
        producer.flush()

    def _counted(self, batches: int) -> bool:
        """Whether every batch is in the ledger, and every billed record in the sums."""
        dsn = self.stack.billing_dsn
        [(_, rows)], [(billable,)], [(counted,)] = (billing.query(dsn, sql) for sql in (_LEDGER, _BILLABLE, _COUNTED))
        return bool(rows >= batches and counted >= billable)


def run(records: int) -> int:
    """Measure every size of batch, and print a line each."""
    day_ms = time.time_ns() // 1_000_000 - 3 * _DAY_MS
    with tempfile.TemporaryDirectory(prefix="cdn-usage-sizing-") as state:
        settings = Settings(state=Path(state), port_base=free_base(), taskmanagers=2, taskmanager_managed_mb=ROCKSDB_MB)
        with Stack(settings, services={"kafka", "redis", "postgres", "flink"}) as stack:
            data.fill_asset_database(stack.assets_dsn)
            stack.submit(ENRICHMENT, options=_OFTEN)
            refreshed = {"MEDIA_USAGE_REFRESH_INTERVAL_S": "2"}
            sizing = Sizing(stack, stack.submit(MEDIA_USAGE, options=_OFTEN | ROCKSDB, environ=refreshed))
            for number, size in enumerate(_SIZES):
                # Days of their own: batches of one day and hour would share their ids.
                print(sizing.phase(size, records, day_ms - number * _DAY_MS).line(), flush=True)
            print(sizing.state().line(), flush=True)
    return 0


def main() -> int:
    """Run it; an interruption or a failure leaves no process behind either."""
    return program.run("sizing", lambda: run(int(os.environ.get("SIZING_RECORDS", "400000"))))


if __name__ == "__main__":
    sys.exit(main())
