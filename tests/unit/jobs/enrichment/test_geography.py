from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.enrichment.geography import Geography, Location
from local import geo


@pytest.fixture
def geography(tmp_path: Path) -> Iterator[Geography]:
    files = geo.write(tmp_path)
    opened = Geography.open(str(files.asn), str(files.city))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("address", "truncated"),
    [
        pytest.param("192.0.2.77", "192.0.2.0", id="IPv4 to /24"),
        pytest.param("2001:db8:77:1234::9", "2001:db8:77::", id="IPv6 to /48"),
        pytest.param("::ffff:192.0.2.77", "192.0.2.0", id="IPv4 in IPv6"),
        pytest.param("fe80::1%eth0", "fe80::", id="zone index"),
        pytest.param("not-an-address", "", id="no address"),
        pytest.param("", "", id="nothing"),
        pytest.param("999.1.1.1", "", id="impossible octet"),
    ],
)
def test_an_address_never_leaves_untruncated(geography: Geography, address: str, truncated: str) -> None:
    assert geography.locate(address).truncated_ip == truncated


def test_a_known_address_has_network_and_place(geography: Geography) -> None:
    location = geography.locate("192.0.2.77")
    assert location.asn > 0
    assert location.organisation
    assert len(location.country) == 2
    assert geography.asn_epoch_s > 0
    assert geography.city_epoch_s > 0


def test_without_files_only_the_truncated_address_is_known() -> None:
    geography = Geography.open("", "")
    assert geography.locate("192.0.2.77") == Location("192.0.2.0", 0, "", "", "", "")
    assert (geography.asn_epoch_s, geography.city_epoch_s) == (0, 0)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"mmdb file .*absent\.mmdb does not exist"):
        Geography.open(str(tmp_path / "absent.mmdb"), "")
