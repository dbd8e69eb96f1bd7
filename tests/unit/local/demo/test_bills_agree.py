"""What the oracle expects of a day is what the product's functions count, however its lines are cut into deliveries.

Without Kafka and Flink: parse, enrich, tally, and recognise repeated lines. Here a wrong rule shows in seconds.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.batches.blocks import Delivery, cut_blocks, parse_block
from collectors.batches.records import LineParser
from collectors.origin import Origin
from collectors.sources import load_sources
from jobs.enrichment.asset_rows import BrokenAssets, settings_of_rows
from jobs.enrichment.assets import Asset
from jobs.enrichment.enrich import enrich, resolve_all
from jobs.enrichment.geography import Geography
from jobs.enrichment.paths import PathGrammar
from jobs.media_usage.batch_tally import BatchTally, tally_batch
from jobs.media_usage.repeated_lines import is_recognised, lines_of, without_repeated
from jobs.media_usage.rules import RULES
from local.demo.traffic import Traffic
from local.traffic import catalogue, logs, sources
from local.traffic.events import Cdn
from local.traffic.oracle import Amount, Key, Oracle
from schemas.batch import stamp_publication
from schemas.cdn_logs_pb2 import AccessLogBatch

DAY = 1_795_392_000_000
DAY_MS = 86_400_000
CATALOGUE = catalogue.build(seed=1, count=12)
EVENTS = [event for hour in Traffic(CATALOGUE, DAY, seed=1, records=20_000).hours() for event in hour]
RULE = RULES["1"]


@pytest.fixture(scope="module")
def parsers(tmp_path_factory: pytest.TempPathFactory) -> dict[Cdn, tuple[LineParser, bool]]:
    """How the lines of each CDN are read, and whether they may be repeated."""
    file: Path = tmp_path_factory.mktemp("sources") / "sources.yaml"
    sources.write(file, sources.new_secrets())
    loaded = load_sources(file, http_host="127.0.0.1", environ={})
    found = [*(loaded.http(cdn.value) for cdn in Cdn), *loaded.syslog()]
    return {Cdn(source.id): (source.parse, source.deduplicate_records) for source in found if source}


class Product:
    """The pure functions of collectors and jobs, one behind the other."""

    def __init__(self) -> None:
        self._grammar, self._geography = PathGrammar(), Geography(None, None)
        rows = [
            (row[0], asset.environment_id, *row[1:], 0, 0, "segments")
            for asset in CATALOGUE.assets
            for row in catalogue._rendition_rows(asset)
        ]
        asset_ids = [asset.asset_id for asset in CATALOGUE.assets]
        settings = settings_of_rows(asset_ids, rows, DAY, BrokenAssets().tell)
        self._assets = {asset_id: Asset.of(found) for asset_id, found in settings.items()}
        self._known: defaultdict[tuple[str, int], dict[str, bool]] = defaultdict(dict)
        self._ranges_ms: defaultdict[tuple[str, int], dict[str, int]] = defaultdict(dict)
        self._bills: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])

    def deliver(self, delivery: Delivery, parse: LineParser) -> None:
        for block in cut_blocks(delivery.lines):
            for made in parse_block(delivery, block, parse, Origin(build="test", boot_id="boot")).batches:
                stamp_publication(made, made.header.hour_ms + 3_600_000)
                self._count(made)

    def bills(self) -> dict[Key, Amount]:
        return {about: Amount(*sums) for about, sums in self._bills.items()}

    def _count(self, made: AccessLogBatch) -> None:
        paths = [self._grammar.parse(record.path) for record in made.records]
        enrich(made, paths, resolve_all(paths, self._assets), self._geography)
        tally = self._recognised(made) if is_recognised(made.header) else tally_batch(made, RULE)
        for key, (delivered_ms, deliveries, size, _) in tally.usage.items():
            sums = self._bills[Key(made.header.hour_ms, *key)]
            sums[:] = [sums[0] + delivered_ms, sums[1] + deliveries, sums[2] + size]

    def _recognised(self, made: AccessLogBatch) -> BatchTally:
        place = made.header.source_id, made.header.hour_ms
        known, ranges_ms = self._known[place], self._ranges_ms[place]
        counted = without_repeated(
            tally_batch(made, RULE), lines_of(made, RULE), known.__contains__, lambda viewing: ranges_ms.get(viewing, 0)
        )
        known |= counted.identities
        ranges_ms |= counted.ranges_ms
        return counted.tally


def deliveries(draw: random.Random, cdn: Cdn, may_repeat: bool) -> Iterator[list[bytes]]:
    """The lines of a day, cut anywhere; where lines may be repeated, one in five starts before the end of the last."""
    lines = [logs.line(event).encode() for event in EVENTS if event.viewer.cdn is cdn]
    first = 0
    while first < len(lines):
        last = first + draw.randint(1, 300)
        yield lines[first:last]
        first = last - draw.randint(1, 40) if may_repeat and last < len(lines) and draw.random() < 0.2 else last


@pytest.mark.parametrize("seed", [1, 2])
def test_a_day_in_any_deliveries_bills_as_expected(seed: int, parsers: dict[Cdn, tuple[LineParser, bool]]) -> None:
    draw, product, oracle = random.Random(seed), Product(), Oracle()
    for event in EVENTS:
        oracle.add(event)
    for cdn, (parse, may_repeat) in parsers.items():
        drawn = list(enumerate(deliveries(draw, cdn, may_repeat)))
        draw.shuffle(drawn)
        for number, lines in drawn:
            delivery = Delivery(
                source_id=cdn.value,
                cdn=cdn.value,
                delivery_id=str(number),
                received_at_ms=DAY + DAY_MS,
                lines=lines,
                deduplicate_records=may_repeat,
            )
            product.deliver(delivery, parse)
    assert product.bills() == oracle.bills()
