"""Fill a batch in: object kind, rendition, exact media duration, network, place. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobs.enrichment.assets import Asset, resolve
from jobs.enrichment.geography import Geography, Location
from jobs.enrichment.paths import MediaPath
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, Network, Place, Rendition, Unresolved

_BILLABLE_STATUSES = frozenset((200, 206))


class BatchTables:
    """The strings that repeat, once a batch: each entry gets an index at its first use. Entry 0 is 'none'."""

    def __init__(self, batch: AccessLogBatch) -> None:
        self._batch = batch
        batch.renditions.add()
        batch.networks.add()
        batch.places.add()
        self._renditions: dict[tuple[str, str], int] = {}
        self._networks: dict[tuple[int, str], int] = {(0, ""): 0}
        self._places: dict[tuple[str, str, str], int] = {("", "", ""): 0}

    def rendition(self, rendition: Rendition) -> int:
        key = (rendition.asset_id, rendition.name)
        index = self._renditions.get(key)
        if index is None:
            index = self._renditions[key] = len(self._batch.renditions)
            self._batch.renditions.append(rendition)
        return index

    def network(self, location: Location) -> int:
        key = (location.asn, location.organisation)
        index = self._networks.get(key)
        if index is None:
            index = self._networks[key] = len(self._batch.networks)
            self._batch.networks.append(Network(asn=location.asn, organisation=location.organisation))
        return index

    def place(self, location: Location) -> int:
        key = (location.country, location.region, location.city)
        index = self._places.get(key)
        if index is None:
            index = self._places[key] = len(self._batch.places)
            self._batch.places.append(Place(country=key[0], region=key[1], city=key[2]))
        return index


def enrich(
    batch: AccessLogBatch, paths: Sequence[MediaPath], assets: Mapping[str, Asset], geography: Geography
) -> None:
    """Enrich a batch in place. `paths` are its records' parsed paths; `assets` holds every asset they name."""
    tables = BatchTables(batch)
    where: dict[str, tuple[str, int, int]] = {}
    for record, path in zip(batch.records, paths, strict=True):
        _set_media(record, path, assets, tables)
        address = record.client_ip
        found = where.get(address)
        if found is None:
            location = geography.locate(address)
            found = (location.truncated_ip, tables.network(location), tables.place(location))
            where[address] = found
        record.client_ip, record.network, record.place = found


def missing_segments(paths: Sequence[MediaPath], assets: Mapping[str, Asset]) -> set[str]:
    """Ids of assets that cannot resolve one of the paths: unknown so far, or live and grown since they were read."""
    return {
        path.asset
        for path in set(paths)
        if path.asset and resolve(assets[path.asset], path.rendition, path.number, path.is_part).unresolved
    }


def unresolved_deliveries(batch: AccessLogBatch) -> int:
    """Records that would be billed if they could be resolved: what the fuse watches."""
    return sum(1 for record in batch.records if record.unresolved and record.status in _BILLABLE_STATUSES)


def _set_media(record: AccessLog, path: MediaPath, assets: Mapping[str, Asset], tables: BatchTables) -> None:
    record.object_kind = path.kind  # type: ignore[assignment]  # enum values are plain ints at run time
    if path.unrecognised:
        record.unresolved = Unresolved.UNRESOLVED_UNRECOGNISED_PATH
    elif path.asset:
        found = resolve(assets[path.asset], path.rendition, path.number, path.is_part)
        if found.rendition is not None:
            record.rendition = tables.rendition(found.rendition)
            record.media_duration_ms = found.duration_ms
        else:
            record.unresolved = found.unresolved  # type: ignore[assignment]  # as above
            record.unresolved_asset = path.asset
