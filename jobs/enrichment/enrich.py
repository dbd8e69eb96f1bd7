"""Fill a batch in: object kind, rendition, exact media duration, network, place. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from jobs.enrichment.assets import Asset, RenditionTimeline, Resolution, resolve
from jobs.enrichment.geography import Geography, Location
from jobs.enrichment.paths import MediaPath
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, Network, Place, Unresolved

_BILLABLE_STATUSES: Final = frozenset((200, 206))
_UNRECOGNISED_PATH: Final = int(Unresolved.UNRESOLVED_UNRECOGNISED_PATH)


class BatchTables:
    """What repeats, once a batch: each entry gets an index at its first use. Entry 0 is 'none'."""

    def __init__(self, batch: AccessLogBatch) -> None:
        self._batch = batch
        batch.renditions.add()
        batch.networks.add()
        batch.places.add()
        self._renditions: dict[RenditionTimeline, int] = {}
        self._networks: dict[tuple[int, str], int] = {(0, ""): 0}
        self._places: dict[tuple[str, str, str], int] = {("", "", ""): 0}

    def rendition(self, timeline: RenditionTimeline) -> int:
        index = self._renditions.get(timeline)
        if index is None:
            index = self._renditions[timeline] = len(self._batch.renditions)
            self._batch.renditions.append(timeline.rendition)
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


def resolve_all(paths: Sequence[MediaPath], assets: Mapping[str, Asset]) -> list[Resolution | None]:
    """Resolve each path that names an asset; `assets` holds every asset that they name."""
    return [
        resolve(assets[asset], rendition, number, is_part) if asset else None
        for _, asset, rendition, number, is_part, _ in paths
    ]


def unresolved_paths(
    batch: AccessLogBatch, paths: Sequence[MediaPath], resolutions: Sequence[Resolution | None]
) -> set[MediaPath]:
    """Delivered paths that their asset could not resolve: it is unknown so far, or live and grown since it was read.

    A 404 is none of them: asking the database for what nobody got would let anyone cause queries.
    """
    return {
        path
        for path, found, record in zip(paths, resolutions, batch.records, strict=True)
        if found is not None and found[2] and record.status in _BILLABLE_STATUSES
    }


def enrich(
    batch: AccessLogBatch,
    paths: Sequence[MediaPath],
    resolutions: Sequence[Resolution | None],
    geography: Geography,
) -> None:
    """Enrich a batch in place, given its records' parsed paths and what they resolve to."""
    tables = BatchTables(batch)
    where: dict[str, tuple[str, int, int]] = {}
    for record, path, found in zip(batch.records, paths, resolutions, strict=True):
        record.object_kind = path.kind  # type: ignore[assignment]  # enum values are plain ints at run time
        if found is not None:
            _set_segment(record, path, found, tables)
        elif path.unrecognised:
            record.unresolved = _UNRECOGNISED_PATH  # type: ignore[assignment]  # as above
        address = record.client_ip
        client = where.get(address)
        if client is None:
            location = geography.locate(address)
            client = where[address] = (location.truncated_ip, tables.network(location), tables.place(location))
        record.client_ip, record.network, record.place = client


def media_deliveries(
    batch: AccessLogBatch, paths: Sequence[MediaPath], resolutions: Sequence[Resolution | None]
) -> tuple[int, int]:
    """How many deliveries need an asset to be billed, and how many of them are unresolved: what the fuse watches.

    Neither holds what needs none: playlists and answers of 304 are often most of a log, and would hide that nothing
    else can be billed.
    """
    lacks = [
        found is None or found[2]
        for path, found, record in zip(paths, resolutions, batch.records, strict=True)
        if (found or path.unrecognised) and record.status in _BILLABLE_STATUSES
    ]
    return len(lacks), len(lacks) - lacks.count(0)


def _set_segment(record: AccessLog, path: MediaPath, found: Resolution, tables: BatchTables) -> None:
    timeline, duration_ms, unresolved = found
    if timeline is not None:
        record.rendition = tables.rendition(timeline)
        record.media_duration_ms = duration_ms
    else:
        record.unresolved = unresolved  # type: ignore[assignment]  # enum values are plain ints at run time
        record.unresolved_asset = path.asset
