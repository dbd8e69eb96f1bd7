"""ASN and place of a client address from mmdb files, and the truncation of the address.

The address is truncated (IPv4 to /24, IPv6 to /48) before the record reaches the long-lived topic.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import maxminddb

_MEMO_LIMIT: Final = 200_000
#: An mmdb answers with JSON-like values; files other than GeoLite2/GeoIP2 lack keys.
_Answer = dict[str, Any]


class Location(NamedTuple):
    """Where a client is, by its address. Numbers are 0 and texts empty where the files do not tell."""

    truncated_ip: str
    asn: int = 0
    organisation: str = ""
    country: str = ""
    region: str = ""
    city: str = ""


class Geography:
    """Looks addresses up in two optional mmdb files (GeoLite2-ASN, GeoLite2-City, or of the same shape)."""

    def __init__(self, asn: maxminddb.Reader | None, city: maxminddb.Reader | None) -> None:
        self._asn = asn
        self._city = city
        self._memo: dict[str, Location] = {}
        self.asn_epoch_s = asn.metadata().build_epoch if asn else 0
        self.city_epoch_s = city.metadata().build_epoch if city else 0

    @classmethod
    def open(cls, asn_file: str, city_file: str) -> Self:
        """Map the files into memory; an empty name means no such file. Raises OSError naming a missing one."""
        return cls(_open(asn_file), _open(city_file))

    def close(self) -> None:
        for reader in (self._asn, self._city):
            if reader is not None:
                reader.close()

    def locate(self, address: str) -> Location:
        """Location of a client address as logged; what is no address at all becomes an empty location."""
        known = self._memo.get(address)
        if known is None:
            if len(self._memo) >= _MEMO_LIMIT:
                self._memo.clear()
            known = self._memo[address] = self._locate(address)
        return known

    def _locate(self, address: str) -> Location:
        try:
            parsed = _parse(address)
        except ValueError:
            return Location("")
        network = _ask(self._asn, parsed)
        place = _ask(self._city, parsed)
        return Location(
            truncate(parsed),
            network.get("autonomous_system_number", 0),
            network.get("autonomous_system_organization", ""),
            place.get("country", {}).get("iso_code", ""),
            next((part.get("iso_code", "") for part in place.get("subdivisions", ())), ""),
            place.get("city", {}).get("names", {}).get("en", ""),
        )


def truncate(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The address with its host part zeroed: /24 for IPv4, /48 for IPv6."""
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, prefix), strict=False).network_address)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def _ask(reader: maxminddb.Reader | None, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> _Answer:
    if reader is None or (address.version == 6 and reader.metadata().ip_version == 4):
        return {}
    answer = reader.get(address)
    return answer if isinstance(answer, dict) else {}


def _open(file: str) -> maxminddb.Reader | None:
    if not file:
        return None
    if not Path(file).is_file():
        raise FileNotFoundError(f"mmdb file {file} does not exist on this TaskManager")
    return maxminddb.open_database(file)
