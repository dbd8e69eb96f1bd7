"""The day of traffic: certain in size, the same from the same seed, and shaped like a real one."""

from __future__ import annotations

import ipaddress
from collections import Counter

import pytest

from local import geo
from local.demo.traffic import DAY_MS, DEFAULT_RECORDS, HOUR_MS, WITHHELD_HOURS, Traffic
from local.traffic import catalogue
from local.traffic.events import Cdn, Damage, Event, Kind

CATALOGUE = catalogue.build(seed=1)
DAY = 1_795_392_000_000
RECORDS = 30_000


@pytest.fixture(scope="module")
def hours() -> list[list[Event]]:
    return list(Traffic(CATALOGUE, DAY, seed=1, records=RECORDS).hours())


@pytest.fixture(scope="module")
def events(hours: list[list[Event]]) -> list[Event]:
    return [event for hour in hours for event in hour]


def share(events: list[Event], asset_id: str) -> float:
    return sum(event.asset is not None and event.asset.asset_id == asset_id for event in events) / len(events)


def test_the_same_seed_draws_the_same_day() -> None:
    small = [list(Traffic(CATALOGUE, DAY, seed=3, records=500).hours()) for _ in range(2)]
    assert small[0] == small[1]


def test_another_date_moves_the_same_day() -> None:
    today, later = (
        [event for hour in Traffic(CATALOGUE, day, seed=3, records=500).hours() for event in hour]
        for day in (DAY, DAY + DAY_MS)
    )
    assert [event.end_ms + DAY_MS for event in today] == [event.end_ms for event in later]
    assert [event.request_id for event in today] == [event.request_id for event in later]


def test_the_demo_plays_more_than_a_million_records_even_without_the_damaged() -> None:
    assert DEFAULT_RECORDS * (1 - 0.002) > 1_000_000


def test_there_are_at_least_as_many_events_as_asked_for(events: list[Event]) -> None:
    assert RECORDS <= len(events) < RECORDS * 1.15


def test_an_hour_holds_no_event_from_before_it_and_the_day_none_from_after_it(hours: list[list[Event]]) -> None:
    for number, hour in enumerate(hours):
        assert all(DAY + number * HOUR_MS <= event.end_ms < DAY + DAY_MS for event in hour)


def test_the_viral_asset_takes_a_third_of_the_traffic(events: list[Event]) -> None:
    assert 0.31 < share(events, CATALOGUE.viral.asset_id) < 0.37


def test_the_viral_asset_surges_in_the_evening(hours: list[list[Event]]) -> None:
    viral = CATALOGUE.viral.asset_id
    assert share(hours[10], viral) < 0.3 < 0.5 < share(hours[20], viral)
    assert len(hours[20]) > 3 * len(hours[4])


def test_the_withheld_asset_is_watched_in_its_hours_only(hours: list[list[Event]]) -> None:
    watched = [number for number, hour in enumerate(hours) if share(hour, CATALOGUE.withheld.asset_id) > 0]
    assert watched == list(WITHHELD_HOURS)


def test_every_cdn_carries_its_part(events: list[Event]) -> None:
    counts = Counter(event.viewer.cdn for event in events)
    assert set(counts) == set(Cdn)
    assert min(counts.values()) > RECORDS / 8


def test_only_shields_and_edge_programs_make_internal_rows(events: list[Event]) -> None:
    internal = [event for event in events if event.internal]
    assert {event.viewer.cdn for event in internal} == {Cdn.FASTLY, Cdn.CLOUDFLARE}
    assert not any(event.hit for event in internal)


def test_a_few_lines_are_damaged_in_both_ways(events: list[Event]) -> None:
    damage = Counter(event.damage for event in events)
    assert 0 < len(events) - damage[Damage.NONE] < 0.002 * len(events)
    assert set(damage) == set(Damage)


def test_crawlers_ask_for_files_of_no_asset(events: list[Event]) -> None:
    bots = [event for event in events if event.kind is Kind.OTHER]
    assert bots
    assert {(event.status, event.asset, event.rendition) for event in bots} == {(404, None, None)}


def test_every_viewer_has_an_address_that_the_geo_databases_know(events: list[Event]) -> None:
    networks = [ipaddress.ip_network(network.cidr) for network in geo.NETWORKS]
    addresses = {ipaddress.ip_address(event.viewer.address) for event in events}
    assert all(any(address in network for network in networks) for address in addresses)
    assert {address.version for address in addresses} == {4, 6}


def test_request_ids_are_unique(events: list[Event]) -> None:
    assert len({event.request_id for event in events}) == len(events)
