"""The account holds every acknowledged delivery once."""

from __future__ import annotations

import pytest

from local.drill.account import Account, CountedTwice, Delivery
from local.traffic.events import Cdn
from local.traffic.oracle import Amount, Key
from local.traffic.wire import Wire

FILM, SONG = Key(0, "env-a", "film", "1080p"), Key(3_600_000, "env-b", "song", "audio-only")


def delivery(number: int, **bill: Amount) -> Delivery:
    rows = {{"film": FILM, "song": SONG}[asset]: amount for asset, amount in bill.items()}
    return Delivery(number=number, cdn=Cdn.AKAMAI, lines=3, wire=Wire(body=b""), bill=rows)


def test_rows_of_deliveries_add_up() -> None:
    account = Account()
    account.acknowledge(delivery(1, film=Amount(4_000, 1, 500)))
    account.acknowledge(delivery(2, film=Amount(0, 0, 7), song=Amount(9, 2, 1)))
    assert account.bill() == {FILM: Amount(4_000, 1, 507), SONG: Amount(9, 2, 1)}
    assert (account.deliveries, account.lines) == (2, 6)


def test_an_empty_account_expects_nothing() -> None:
    assert Account().bill() == {}


def test_a_delivery_that_is_counted_twice_is_a_mistake_of_the_drill() -> None:
    account = Account()
    account.acknowledge(delivery(7, film=Amount(4_000, 1, 500)))
    with pytest.raises(CountedTwice, match="delivery 7 was acknowledged before"):
        account.acknowledge(delivery(7))
    assert account.bill() == {FILM: Amount(4_000, 1, 500)}
