"""One raw message in, one enriched message or dead letter out. Knows no Flink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jobs.build import BUILD_ID
from jobs.enrichment.assets import Resolution
from jobs.enrichment.enrich import enrich, resolve_all, unresolved_assets, unresolved_deliveries
from jobs.enrichment.fuse import Fuse
from jobs.enrichment.geography import Geography
from jobs.enrichment.paths import MediaPath, PathGrammar
from jobs.enrichment.resolver import AssetResolver
from schemas.batch import InvalidBatch, kafka_key, parse_batch
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchKind, DeadLetter, Enrichment


@dataclass(frozen=True, slots=True)
class Output:
    """A Kafka message for the enriched topic, or (`dead`) for the dead-letter topic."""

    key: bytes
    value: bytes
    dead: bool = False


class EnrichmentStage:
    """Enriches messages. One a task; holds caches and counters, no state that must survive."""

    def __init__(
        self,
        grammar: PathGrammar,
        resolver: AssetResolver,
        geography: Geography,
        unresolved_fuse: Fuse,
        dead_fuse: Fuse,
        raw_topic: str,
        close: Callable[[], None],
    ) -> None:
        self._grammar = grammar
        self._resolver = resolver
        self._geography = geography
        self._unresolved_fuse = unresolved_fuse
        self._dead_fuse = dead_fuse
        self._raw_topic = raw_topic
        self.close = close
        self._stamp = Enrichment(
            build=BUILD_ID,
            asn_database_epoch_s=geography.asn_epoch_s,
            city_database_epoch_s=geography.city_epoch_s,
        )
        self._records = 0
        self._unresolved = 0
        self._dead_letters = 0

    def totals(self) -> dict[str, Callable[[], int]]:
        """Totals since the task started, by the names under which the job exports them."""
        return {
            "records": lambda: self._records,
            "unresolved": lambda: self._unresolved,
            "dead_letters": lambda: self._dead_letters,
            **self._resolver.totals(),
        }

    def process(self, payload: bytes, timestamp_ms: int) -> Output:
        """Enrich one message. Raises FuseBlown and LookupUnavailable, which restart the job."""
        try:
            batch = parse_batch(payload)
        except InvalidBatch as error:
            self._dead_fuse.count(self._raw_topic, 1, 1)
            return self._dead_letter(payload, timestamp_ms, str(error))
        self._dead_fuse.count(self._raw_topic, 1, 0)
        key = kafka_key(batch.header)
        if batch.header.kind == BatchKind.BATCH_KIND_HEARTBEAT:
            return Output(key, payload)
        self._enrich(batch)
        return Output(key, batch.SerializeToString())

    def _enrich(self, batch: AccessLogBatch) -> None:
        parse = self._grammar.parse
        paths = [parse(record.path) for record in batch.records]
        resolutions = self._resolve(paths, batch.header.received_at_ms)
        enrich(batch, paths, resolutions, self._geography)
        batch.enrichment.CopyFrom(self._stamp)
        unresolved = unresolved_deliveries(batch, resolutions)
        self._records += len(paths)
        self._unresolved += unresolved
        self._unresolved_fuse.count(batch.header.source_id, len(paths), unresolved)

    def _resolve(self, paths: list[MediaPath], received_at_ms: int) -> list[Resolution | None]:
        """Resolve the paths; an asset that lacks a segment and is older than the delivery is read anew first."""
        assets = self._resolver.assets({path.asset for path in paths if path.asset})
        resolutions = resolve_all(paths, assets)
        grown = {
            asset_id
            for asset_id in unresolved_assets(paths, resolutions)
            if not assets[asset_id].absent and assets[asset_id].read_at_ms < received_at_ms
        }
        if not grown:
            return resolutions
        return resolve_all(paths, assets | self._resolver.read_again(grown, received_at_ms))

    def _dead_letter(self, payload: bytes, timestamp_ms: int, detail: str) -> Output:
        self._dead_letters += 1
        letter = DeadLetter(
            stage="enrichment",
            reason="invalid-batch",
            detail=detail,
            payload=payload,
            topic=self._raw_topic,
            topic_timestamp_ms=timestamp_ms,
            build=BUILD_ID,
        )
        return Output(f"{self._raw_topic}:{timestamp_ms}".encode(), letter.SerializeToString(), dead=True)
