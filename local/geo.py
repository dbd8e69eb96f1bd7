"""Small GeoIP and ASN databases, in the shape of GeoLite2, for tests and the demo.

They cover addresses that no real network uses (documentation, benchmark and private ranges), so that made-up
viewers get a network and a place without a licence key or a download.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mmdb_writer import MMDBWriter
from netaddr import IPSet


@dataclass(frozen=True, kw_only=True)
class Network:
    """An address range with what the two databases say of every address in it.

    An empty `region` or `city` is left out of the database, as GeoLite2 does where it knows none.
    """

    cidr: str
    asn: int
    organisation: str
    country: str
    region: str = ""
    city: str = ""


@dataclass(frozen=True, kw_only=True)
class GeoFiles:
    """Paths of the two written databases."""

    asn: Path
    city: Path


def _network(cidr: str, asn: int, organisation: str, country: str, region: str = "", city: str = "") -> Network:
    return Network(cidr=cidr, asn=asn, organisation=organisation, country=country, region=region, city=city)


#: AS numbers of RFC 5398 (64496-64511, documentation) on ranges of RFC 5737, 3849, 2544 and 1918.
NETWORKS: Final[tuple[Network, ...]] = (
    _network("192.0.2.0/24", 64496, "Example Broadband", "DE", "BE", "Berlin"),
    _network("198.51.100.0/24", 64497, "Exemple Télécom", "FR", "IDF", "Paris"),
    _network("203.0.113.0/24", 64498, "Example Cable", "US", "CA", "Los Angeles"),
    _network("198.18.0.0/18", 64499, "Rhein Netz", "DE", "NW", "Köln"),
    _network("198.18.64.0/18", 64500, "Alpen Online", "AT", "9", "Vienna"),
    _network("198.18.128.0/18", 64501, "Atlantic Fiber", "US", "NY", "New York"),
    _network("198.18.192.0/18", 64502, "Prairie Wireless", "US", "IL", "Chicago"),
    _network("198.19.0.0/18", 64503, "Thames Connect", "GB", "ENG", "London"),
    _network("198.19.64.0/18", 64504, "Sakura Net", "JP", "13", "Tokyo"),
    _network("198.19.128.0/18", 64505, "Pampas Móvil", "AR", "C", "Buenos Aires"),
    # A network without a city: the databases of the real world have many.
    _network("198.19.192.0/18", 64506, "Sahel Mobile", "SN"),
    _network("10.0.0.0/8", 64507, "Lab Network", "NL", "NH", "Amsterdam"),
    _network("2001:db8::/34", 64508, "Rhein Netz Six", "DE", "NW", "Köln"),
    _network("2001:db8:4000::/34", 64509, "Atlantic Fiber Six", "US", "NY", "New York"),
    _network("2001:db8:8000::/34", 64510, "Sakura Net Six", "JP", "13", "Tokyo"),
    _network("2001:db8:c000::/34", 64511, "Andes Six", "CL"),
)


def write(directory: Path) -> GeoFiles:
    """Write both databases into a directory (made if missing), replacing earlier ones."""
    directory.mkdir(parents=True, exist_ok=True)
    files = GeoFiles(asn=directory / "GeoLite2-ASN.mmdb", city=directory / "GeoLite2-City.mmdb")
    _write(files.asn, "GeoLite2-ASN", _asn_entry)
    _write(files.city, "GeoLite2-City", _city_entry)
    return files


def _write(path: Path, database_type: str, entry: Callable[[Network], dict[str, Any]]) -> None:
    writer = MMDBWriter(
        ip_version=6,
        ipv4_compatible=True,
        database_type=database_type,
        languages=["en"],
        description="Made-up networks for tests and the demo",
        int_type="u32",
    )
    for network in NETWORKS:
        # netaddr has its own address types; ipaddress refuses a typo with host bits set.
        writer.insert_network(IPSet([str(ipaddress.ip_network(network.cidr))]), entry(network))
    writer.to_db_file(str(path))


def _asn_entry(network: Network) -> dict[str, Any]:
    return {
        "autonomous_system_number": network.asn,
        "autonomous_system_organization": network.organisation,
    }


def _city_entry(network: Network) -> dict[str, Any]:
    entry: dict[str, Any] = {"country": {"iso_code": network.country}}
    if network.region:
        entry["subdivisions"] = [{"iso_code": network.region}]
    if network.city:
        entry["city"] = {"names": {"en": network.city}}
    return entry
