"""The demo from start to end: a day of traffic through the real system, and the proof that it is billed exactly."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from local import billing
from local.demo import bills, findings
from local.demo.deliveries import DAY_MS
from local.demo.feed import Expectation, Feed, Recipe
from local.demo.platform import COLLECTOR_OPTIONS, JOB_OPTIONS, Failed, Platform, running
from local.demo.player import Player
from local.demo.progress import Progress
from local.demo.traffic import DEFAULT_RECORDS
from local.settings import Settings
from local.traffic import catalogue, comparison, sources
from local.traffic.catalogue import Catalogue
from local.traffic.oracle import HOUR_MS
from ops import audit

SEED: Final = 1
#: Days between the simulated day and today: the clock ends 76 h after that day, and must still be in the past.
_DAYS_AGO: Final = 5
_AUDIT_SECONDS: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Day:
    """The simulated UTC day, by its midnight in epoch milliseconds."""

    start_ms: int

    @classmethod
    def before(cls, now: datetime) -> Day:
        """The day that is long enough ago for all its hours to be settled before now."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=_DAYS_AGO)
        return cls(start_ms=int(midnight.timestamp()) * 1_000)

    @property
    def settled_ms(self) -> int:
        """Watermark at which every hour is settled and every timer of the day has fired."""
        return self.start_ms + DAY_MS + 73 * HOUR_MS

    def __str__(self) -> str:
        return f"{datetime.fromtimestamp(self.start_ms // 1_000, UTC):%Y-%m-%d}"


def run(settings: Settings, records: int = DEFAULT_RECORDS) -> int:
    """Play the demo, print what happens and return the exit status: 0 if every row is billed as expected."""
    began = time.monotonic()
    day, published, secrets = Day.before(datetime.now(UTC)), catalogue.build(SEED), sources.new_secrets()
    recipe = Recipe(seed=SEED, day_ms=day.start_ms, records=records, assets=len(published.assets), secrets=secrets)
    _say(f"playing {day} (UTC) in {settings.state}, ports from {settings.port_base}")
    _say(f"shortened for the demo: {_options()}")
    with Feed(recipe) as feed, running(settings, published, secrets, day.start_ms) as platform:
        _say(f"servers, collectors and both jobs run after {time.monotonic() - began:.0f} s")
        _say(f"watch the usage at {platform.console_url}")
        expectation = asyncio.run(_play(feed, platform, records))
        _settle(platform, day)
        _bill_withheld(platform, published)
        return _prove(platform, expectation)


def _options() -> str:
    return ", ".join(f"{name}={value}" for name, value in (JOB_OPTIONS | COLLECTOR_OPTIONS).items())


async def _play(feed: Feed, platform: Platform, records: int) -> Expectation:
    """Play every step; once half of the records are sent, kill a TaskManager while the traffic goes on."""
    progress, recovery = Progress(), None
    async with Player(platform.endpoints, platform.clock) as player:
        while (step := await asyncio.to_thread(feed.next)) is not None:
            await player.play(step)
            progress.show(step.clock_ms, player.records)
            if recovery is None and player.records > records / 2:
                progress.note("demo: SIGKILL for the TaskManager of the enrichment job")
                recovery = asyncio.create_task(platform.kill_taskmanager().recovered())
        progress.show(platform.clock.now_ms, player.records, finished=True)
        _say(f"all deliveries are acknowledged, {player.copies} of them retries and other copies")
    if recovery is not None:
        _say(await recovery)
    if feed.expectation is None:
        raise RuntimeError("the feed ended without an expectation")
    return feed.expectation


def _settle(platform: Platform, day: Day) -> None:
    began = time.monotonic()
    platform.wait_settled(day.settled_ms)
    audit.audit(platform.billing_dsn, wait_s=_AUDIT_SECONDS)
    _say(f"every hour is settled, {time.monotonic() - began:.0f} s after the last delivery")


def _bill_withheld(platform: Platform, published: Catalogue) -> None:
    """Do what an operator does about an asset that was unknown while it was watched."""
    found = findings.unresolved(platform.billing_dsn)
    if [row.asset_id for row in found] != [published.withheld.asset_id]:
        raise Failed(f"unresolved are {found}, and not {published.withheld.asset_id} alone")
    [unknown] = found
    _say(f"unresolved until now: {unknown.asset_id}, {unknown.records:,} records")
    platform.register(published.withheld)
    _say("registered it; reprocessing its hours")
    printed = platform.reprocess(unknown.first_hour, unknown.last_hour)
    print("\n".join(f"  {line}" for line in printed.splitlines()), flush=True)


def _prove(platform: Platform, expectation: Expectation) -> int:
    """Print bills, audit and comparison."""
    late = findings.late(platform.billing_dsn)
    _say(
        f"beyond the billing horizon: {late.corrections} batches billed as corrections ({late.corrected_ms} ms), "
        f"{late.copies} copies of batches that were on time not billed again"
    )
    _say("the ten biggest bills:")
    print(bills.show_biggest(findings.biggest(platform.billing_dsn, 10)))
    found = audit.audit(platform.billing_dsn, wait_s=_AUDIT_SECONDS)
    print(audit.report(found))
    billed = billing.rows(platform.billing_dsn)
    differences = comparison.compare(expectation.bills, billed)
    if differences:
        print(comparison.show_differences(differences))
    print(bills.verdict(expectation.bills, billed), flush=True)
    return 0 if found.clean and not differences else 1


def _say(text: str) -> None:
    print(f"demo: {text}", flush=True)
