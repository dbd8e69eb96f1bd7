"""`python -m local.bench.collectors [--minutes N]`: what a record costs a collector, and how long an answer takes.

Load and measured programs share one machine. Costs are CPU time, user and system, of the measured process alone with
all its threads, so that generator and broker do not count. They are medians of several rounds, in each of which NDJSON,
syslog and rsyslog take turns. Then answers are timed at half the NDJSON rate of one core for `--minutes`, and memory is
watched meanwhile: `MINUTES=10 make bench-collectors` shows whether it is flat.

rsyslog hands lines on as they are, a Kafka message a line: the baseline of what moving them costs, not of parsing them.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import aiohttp
import yaml

from local import kafka
from local.bench.collectors.bench import HTTP_SOURCE, SYSLOG_SOURCE, Bench, Rate, Steady
from local.bench.collectors.corpus import Corpus, corpus
from local.bench.collectors.rsyslog import TOPIC, NotInstalled, Rsyslog
from local.ports import free_base
from local.settings import Settings
from local.stack import Stack
from schemas.topics import Topic, topics

_RSYSLOG: Final = "rsyslog"
#: Of the block of ports, one that no service of the stack uses (local/ports.py keeps the last one for itself).
_RSYSLOG_PORT: Final = 98


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured. A round is 500,000 records of NDJSON and 400,000 of syslog, for either program."""

    minutes: float = 1.0
    rounds: int = 3
    deliveries: int = 100
    syslog_repeats: int = 2


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="local.bench.collectors", description="Measure a collector under load.")
    parser.add_argument("--minutes", type=float, default=Plan.minutes, help="of steady load, at least 0.2")
    plan = Plan(minutes=max(parser.parse_args(arguments).minutes, 0.2))
    secret = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="cdn-usage-bench-") as state:
        settings = Settings(
            state=Path(state), port_base=free_base(), collectors=1, sources_file=_sources(Path(state), secret)
        )
        _say("starting a broker and a collector")
        with Stack(settings, services={"kafka", "collectors"}) as stack:
            raw = topics(settings.partitions)[0]
            kafka.create_topics(
                stack.kafka_bootstrap, [Topic(name=TOPIC, partitions=raw.partitions, config=raw.config)]
            )
            _say("making lines")
            lines = corpus(time.time_ns() // 1_000_000, secret)
            rates, steady = asyncio.run(_run(stack, lines, plan))
    _report(rates, steady)
    return 0


def _sources(state: Path, secret: str) -> Path:
    credential = {"sha256": hashlib.sha256(secret.encode()).hexdigest()}
    sources = [
        {"id": HTTP_SOURCE, "cdn": "cloudflare", "listener": {"type": "http"}, "credentials": [credential]},
        {"id": SYSLOG_SOURCE, "cdn": "fastly", "listener": {"type": "syslog-tcp", "port": 0}},
    ]
    file = state / "sources.yaml"
    file.write_text(yaml.safe_dump({"sources": sources}))
    return file


async def _run(stack: Stack, lines: Corpus, plan: Plan) -> tuple[Mapping[str, list[Rate]], Steady]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        bench = Bench(stack, lines, session)
        _say("warming up")
        await bench.ndjson(plan.deliveries // 10)
        await bench.syslog(1)
        rates = await _rounds(bench, stack, plan)
        half = _median(rates[HTTP_SOURCE]) / 2
        _say(f"deliveries at {half:,.0f} records a second for {plan.minutes:g} min")
        return rates, await bench.steady(half, plan.minutes)


async def _rounds(bench: Bench, stack: Stack, plan: Plan) -> Mapping[str, list[Rate]]:
    rates: defaultdict[str, list[Rate]] = defaultdict(list)
    baseline = Rsyslog(stack.settings.state, stack.settings.port_base + _RSYSLOG_PORT, stack.kafka_bootstrap)
    for number in range(plan.rounds):
        for name in (HTTP_SOURCE, SYSLOG_SOURCE, _RSYSLOG):
            try:
                rate = await _one(bench, name, plan, baseline)
            except NotInstalled as missing:
                _say(f"{_RSYSLOG}: skipped, {missing}")
                continue
            rates[name].append(rate)
            _say(f"round {number + 1} of {plan.rounds}, {name}: {rate}")
    return rates


async def _one(bench: Bench, name: str, plan: Plan, baseline: Rsyslog) -> Rate:
    if name == HTTP_SOURCE:
        return await bench.ndjson(plan.deliveries)
    if name == SYSLOG_SOURCE:
        return await bench.syslog(plan.syslog_repeats)
    return await bench.rsyslog(baseline, plan.syslog_repeats)


def _report(rates: Mapping[str, list[Rate]], steady: Steady) -> None:
    medians = {name: _median(rates[name]) for name in rates}
    for name, value in medians.items():
        print(f"{name}: {value:,.0f} records per CPU-second, median of {len(rates[name])}")
    if _RSYSLOG in medians:
        print(f"{SYSLOG_SOURCE}: {medians[SYSLOG_SOURCE] / medians[_RSYSLOG]:.2f} of rsyslog with omkafka")
    p50, p99 = (quantiles(steady.answers_s, n=100)[share] * 1_000 for share in (49, 98))
    print(f"acknowledgement: p50 {p50:.0f} ms, p99 {p99:.0f} ms of {len(steady.answers_s)} deliveries")
    print(f"memory: {steady.memory}")
    print(
        f"collectors: ndjson_rps_per_core={medians[HTTP_SOURCE]:.0f} "
        f"syslog_rps_per_core={medians[SYSLOG_SOURCE]:.0f} ack_p99_ms={p99:.0f}"
    )


def _median(rates: Sequence[Rate]) -> float:
    return median(rate.per_cpu_second for rate in rates)


def _say(what: str) -> None:
    print(f"bench: {time.strftime('%H:%M:%S')} {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
