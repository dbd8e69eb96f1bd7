"""`python -m local.bench`: records a second of each job by itself, and of a plain loop of the same functions.

BENCH_RECORDS sets how many records (default: four million). Everything is measured in one run on one machine,
one after the other, so that the ratios hold whatever the machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from confluent_kafka import Producer

from jobs.enrichment.settings import EnrichmentSettings
from jobs.environment import settings_from
from local import environment, kafka, postgres
from local.bench import data, flink, plain, recognition
from local.bench.steady import Rate
from local.ports import free_base
from local.settings import Settings
from local.stack import Stack
from schemas.batch import kafka_key, kafka_timestamp
from schemas.topics import ENRICHED, RAW, Topic, topics

_DAY_MS: Final = 86_400_000
_PLAIN_ENRICHED: Final = f"{ENRICHED}.plain"
_IDENTIFIED: Final = f"{ENRICHED}.identified"
#: What the bench changes on the cluster: progress is followed through metrics, finer than every ten seconds.
_FLINK_OPTIONS: Final = {"metrics.fetcher.update-interval": "250"}


def main() -> int:
    records = int(os.environ.get("BENCH_RECORDS", "4000000"))
    with tempfile.TemporaryDirectory(prefix="cdn-usage-bench-") as state:
        settings = Settings(state=Path(state), port_base=free_base(), flink_options=_FLINK_OPTIONS)
        with Stack(settings, services={"kafka", "redis", "postgres", "flink"}) as stack:
            corpus = data.corpus(records, time.time_ns() // 1_000_000 - 3 * _DAY_MS)
            _prepare(stack, corpus)
            rates = _measure(stack, corpus.count * data.RECORDS_A_BATCH)
    _report(rates)
    return 0


def _prepare(stack: Stack, corpus: data.Corpus) -> None:
    data.fill_asset_database(stack.assets_dsn)
    names, config = (_PLAIN_ENRICHED, _IDENTIFIED), topics()[1].config
    kafka.create_topics(
        stack.kafka_bootstrap, [Topic(name=name, partitions=stack.settings.partitions, config=config) for name in names]
    )
    _say(f"writing {corpus.count} batches of {data.RECORDS_A_BATCH} records to {RAW}")
    producer = Producer(
        {"bootstrap.servers": stack.kafka_bootstrap, "partitioner": "murmur2_random", "compression.type": "lz4"}
    )
    for batch in corpus.batches():
        key, timestamp = kafka_key(batch.header), kafka_timestamp(batch)
        while True:
            try:
                producer.produce(RAW, key=key, value=batch.SerializeToString(), timestamp=timestamp)
                break
            except BufferError:  # the queue is full: let deliveries go out
                producer.poll(0.1)
        producer.poll(0)
    producer.flush()


def _measure(stack: Stack, records: int) -> dict[str, Rate]:
    variables = environment.variables(stack.settings)
    os.environ["PGPASSFILE"] = str(postgres.password_file(stack.settings))
    settings = settings_from(EnrichmentSettings, "ENRICHMENT_", variables)
    rates: dict[str, Rate] = {}
    _say("plain enrichment loop")
    rates["plain_enrichment"] = plain.enrich(settings, _PLAIN_ENRICHED, data.RECORDS_A_BATCH)
    _say("enrichment job")
    rates["enrichment"] = flink.measure(stack, "jobs.enrichment", "enrich", records, variables).rate
    _say("plain usage loop")
    rates["plain_usage"] = plain.count(stack.kafka_bootstrap, _PLAIN_ENRICHED, data.RECORDS_A_BATCH)
    _say("media-usage job")
    usage = variables | {"MEDIA_USAGE_ENRICHED_TOPIC": _PLAIN_ENRICHED}
    without = flink.measure(stack, "jobs.media_usage", "tally", records, usage)
    rates["usage"] = without.rate
    _say("media-usage job, with request ids and recognising repeated lines")
    recognition.copy_identified(
        stack.kafka_bootstrap, _PLAIN_ENRICHED, _IDENTIFIED, records // data.RECORDS_A_BATCH, stack.settings.partitions
    )
    identified = variables | {"MEDIA_USAGE_ENRICHED_TOPIC": _IDENTIFIED}
    within = flink.measure(stack, "jobs.media_usage", "tally", records, identified)
    print(recognition.cost(without, within))
    return rates


def _report(rates: dict[str, Rate]) -> None:
    for job in ("enrichment", "usage"):
        ratio = rates[job].records_a_second / rates[f"plain_{job}"].records_a_second
        print(f"{job}: {rates[job].records} records, {ratio:.2f} of the plain loop")
    print(
        "bench: "
        + " ".join(
            f"{name}_rps={rates[name].records_a_second:.0f}"
            for name in ("enrichment", "usage", "plain_enrichment", "plain_usage")
        )
    )


def _say(what: str) -> None:
    print(f"bench: {time.strftime('%H:%M:%S')} {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
