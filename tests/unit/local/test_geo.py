"""The made-up GeoIP databases read back through MaxMind's own reader."""

from __future__ import annotations

from pathlib import Path

import geoip2.database
import geoip2.errors
import maxminddb
import pytest

from local import geo


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> geo.GeoFiles:
    return geo.write(tmp_path_factory.mktemp("geo"))


@pytest.mark.parametrize(
    ("address", "asn", "organisation"),
    [
        ("192.0.2.1", 64496, "Example Broadband"),
        ("198.51.100.255", 64497, "Exemple Télécom"),
        ("198.18.63.255", 64499, "Rhein Netz"),
        ("198.18.64.0", 64500, "Alpen Online"),
        ("10.1.2.3", 64507, "Lab Network"),
        ("2001:db8:10::2f", 64508, "Rhein Netz Six"),
        ("2001:db8:ffff::1", 64511, "Andes Six"),
    ],
)
def test_an_address_has_the_network_of_its_range(
    files: geo.GeoFiles, address: str, asn: int, organisation: str
) -> None:
    with geoip2.database.Reader(files.asn) as reader:
        found = reader.asn(address)
    assert (found.autonomous_system_number, found.autonomous_system_organization) == (asn, organisation)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        pytest.param("203.0.113.9", ("US", "CA", "Los Angeles"), id="documentation-v4"),
        pytest.param("198.18.0.1", ("DE", "NW", "Köln"), id="not-ascii"),
        pytest.param("2001:db8:8000::1", ("JP", "13", "Tokyo"), id="v6"),
        pytest.param("198.19.200.1", ("SN", None, None), id="country-only"),
    ],
)
def test_an_address_has_the_place_of_its_range(
    files: geo.GeoFiles, address: str, place: tuple[str, str | None, str | None]
) -> None:
    with geoip2.database.Reader(files.city) as reader:
        found = reader.city(address)
    assert (found.country.iso_code, found.subdivisions.most_specific.iso_code, found.city.name) == place


def test_raw_entries_have_the_keys_of_geolite2(files: geo.GeoFiles) -> None:
    with maxminddb.open_database(files.asn) as asn, maxminddb.open_database(files.city) as city:
        assert asn.get("192.0.2.1") == {
            "autonomous_system_number": 64496,
            "autonomous_system_organization": "Example Broadband",
        }
        assert city.get("192.0.2.1") == {
            "country": {"iso_code": "DE"},
            "subdivisions": [{"iso_code": "BE"}],
            "city": {"names": {"en": "Berlin"}},
        }


@pytest.mark.parametrize("address", ["8.8.8.8", "172.16.0.1", "2001:db9::1"])
def test_other_addresses_are_unknown(files: geo.GeoFiles, address: str) -> None:
    with geoip2.database.Reader(files.asn) as reader, pytest.raises(geoip2.errors.AddressNotFoundError):
        reader.asn(address)


def test_the_metadata_name_the_databases(files: geo.GeoFiles) -> None:
    with maxminddb.open_database(files.asn) as asn, maxminddb.open_database(files.city) as city:
        assert (asn.metadata().database_type, asn.metadata().ip_version) == ("GeoLite2-ASN", 6)
        assert (city.metadata().database_type, city.metadata().ip_version) == ("GeoLite2-City", 6)


def test_writing_again_replaces_the_files(tmp_path: Path) -> None:
    first = geo.write(tmp_path / "new" / "folder")
    assert geo.write(tmp_path / "new" / "folder") == first
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [
        "GeoLite2-ASN.mmdb",
        "GeoLite2-City.mmdb",
    ]
