"""One raw message in, one enriched message or dead letter out. Knows no Flink."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jobs.build import BUILD_ID
from jobs.enrichment.assets import Resolution
from jobs.enrichment.enrich import enrich, media_deliveries, resolve_all, unresolved_paths
from jobs.enrichment.fuse import Fuse
from jobs.enrichment.geography import Geography
from jobs.enrichment.holes import Holes
from jobs.enrichment.paths import MediaPath, PathGrammar
from jobs.enrichment.resolver import AssetResolver
from schemas.batch import InvalidBatch, kafka_key, parse_batch
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchKind, DeadLetter, Enrichment
from schemas.metrics import jobs as defined
from schemas.topics import MAX_DEAD_PAYLOAD_BYTES


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
        holes: Holes[MediaPath],
        unresolved_fuse: Fuse,
        dead_fuse: Fuse,
        raw_topic: str,
        lookup_totals: Mapping[str, Callable[[], int]],
        close: Callable[[], None],
    ) -> None:
        self._grammar = grammar
        self._resolver = resolver
        self._geography = geography
        self._holes = holes
        self._unresolved_fuse = unresolved_fuse
        self._dead_fuse = dead_fuse
        self._raw_topic = raw_topic
        self._lookup_totals = lookup_totals
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
            defined.RECORDS.name: lambda: self._records,
            defined.UNRESOLVED.name: lambda: self._unresolved,
            defined.DEAD_LETTERS.name: lambda: self._dead_letters,
            **self._lookup_totals,
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
        resolutions = self._resolve(batch, paths)
        enrich(batch, paths, resolutions, self._geography)
        batch.enrichment.CopyFrom(self._stamp)
        deliveries, unresolved = media_deliveries(batch, paths, resolutions)
        self._records += len(paths)
        self._unresolved += unresolved
        self._unresolved_fuse.count(batch.header.source_id, deliveries, unresolved)

    def _resolve(self, batch: AccessLogBatch, paths: list[MediaPath]) -> list[Resolution | None]:
        """Resolve the paths; an asset that lacks a segment and is older than the delivery is read anew first."""
        assets = self._resolver.assets({path.asset for path in paths if path.asset})
        resolutions = resolve_all(paths, assets)
        received_at_ms = batch.header.received_at_ms
        lacking = {
            path
            for path in self._holes.worth_asking(unresolved_paths(batch, paths, resolutions))
            if not assets[path.asset].absent and assets[path.asset].read_at_ms < received_at_ms
        }
        if not lacking:
            return resolutions
        assets |= self._resolver.read_again({path.asset for path in lacking}, received_at_ms)
        resolutions = resolve_all(paths, assets)
        self._holes.add(lacking & unresolved_paths(batch, paths, resolutions))
        return resolutions

    def _dead_letter(self, payload: bytes, timestamp_ms: int, detail: str) -> Output:
        self._dead_letters += 1
        if len(payload) > MAX_DEAD_PAYLOAD_BYTES:  # Kafka would refuse the letter, and the job stop here for ever
            detail += f"; the payload holds the first {MAX_DEAD_PAYLOAD_BYTES} of {len(payload)} bytes"
        letter = DeadLetter(
            stage="enrichment",
            reason="invalid-batch",
            detail=detail,
            payload=payload[:MAX_DEAD_PAYLOAD_BYTES],
            topic=self._raw_topic,
            topic_timestamp_ms=timestamp_ms,
            build=BUILD_ID,
        )
        return Output(f"{self._raw_topic}:{timestamp_ms}".encode(), letter.SerializeToString(), dead=True)
