"""Settings of the enrichment job, from environment variables `ENRICHMENT_*`.

They travel to the TaskManagers inside the job graph, so they hold no secret: passwords are read where they are
used, the asset database's from PGPASSFILE, Redis' from the file named here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.enrichment.paths import DEFAULT_INIT_PATTERNS, DEFAULT_PART_PATTERNS, DEFAULT_SEGMENT_PATTERNS
from jobs.environment import require
from jobs.kafka_connection import KafkaConnection
from schemas import topics


@dataclass(frozen=True, kw_only=True)
class EnrichmentSettings:
    """Every value has the unit in its name; validated when made."""

    kafka_bootstrap_servers: str
    #: Folder with ca.crt, user.crt and user.key for TLS to Kafka, on JobManager and TaskManagers; empty: no TLS.
    kafka_tls_folder: str = ""
    redis_url: str
    #: File that holds Redis' password; empty: none.
    redis_password_file: str = ""
    #: libpq address without a password.
    assets_dsn: str
    #: mmdb files on every TaskManager; empty: no ASN, or no geography.
    asn_database: str = ""
    city_database: str = ""
    raw_topic: str = topics.RAW
    enriched_topic: str = topics.ENRICHED
    dead_letter_topic: str = topics.DEAD_LETTER
    consumer_group: str = "enrichment"
    #: Partitions that are added to raw are read, and those added to enriched are written, within this time.
    partition_discovery_s: float = 60.0
    #: Prefixes of the transactional ids: fixed over upgrades, none a prefix of the other.
    enriched_transactional_prefix: str = "enrichment.enriched."
    dead_letter_transactional_prefix: str = "enrichment.dead-letter."
    #: Above the longest outage to survive: an expired transaction loses what a checkpoint has promised.
    transaction_timeout_ms: int = 12 * 3_600_000
    segment_patterns: tuple[str, ...] = field(default=DEFAULT_SEGMENT_PATTERNS)
    part_patterns: tuple[str, ...] = field(default=DEFAULT_PART_PATTERNS)
    init_patterns: tuple[str, ...] = field(default=DEFAULT_INIT_PATTERNS)
    #: A change in the asset database is seen within this time, at once where it is announced
    #: (`python -m ops.assets`); unknown assets and segments are asked for again after the negative one.
    asset_cache_ttl_s: float = 300.0
    asset_cache_negative_ttl_s: float = 15.0
    #: How old an entry may be used while the asset database does not answer.
    asset_cache_spare_s: float = 24 * 3600.0
    asset_cache_entries: int = 50_000
    #: Segments of all cached assets together, four bytes each; those that renditions of an asset share count once.
    asset_cache_segments: int = 50_000_000
    #: Believe only what was read from the asset database since then, in epoch milliseconds. Reprocess sets its own
    #: start: what people have just registered or mended must count, whatever the caches still hold.
    assets_read_since_ms: int = 0
    #: The task thread waits so long for a look-up, then the job restarts.
    lookup_wait_s: float = 60.0
    #: Cap on concurrent queries of one TaskManager at the asset database.
    database_queries: int = 4
    database_timeout_s: float = 10.0
    #: Share that may be unresolved of a source's media deliveries (answers of 200 and 206 that need an asset), over at
    #: least `fuse_window` of them; and the share of dead letters among the messages of raw.
    fuse_ratio: float = 0.5
    fuse_window: int = 10_000
    parallelism: int = 1

    def __post_init__(self) -> None:
        one, other = self.enriched_transactional_prefix, self.dead_letter_transactional_prefix
        require(
            not one.startswith(other) and not other.startswith(one),
            "ENRICHMENT_ENRICHED_TRANSACTIONAL_PREFIX and ENRICHMENT_DEAD_LETTER_TRANSACTIONAL_PREFIX",
            f"one of {one!r} and {other!r} is a prefix of the other, so one sink would abort the other's transactions",
            "choose prefixes that differ before the shorter one ends",
        )
        require(
            0 < self.fuse_ratio <= 1,
            "ENRICHMENT_FUSE_RATIO",
            f"{self.fuse_ratio} is no share",
            "set it above 0, at most 1",
        )
        for name in (
            "partition_discovery_s",
            "lookup_wait_s",
            "database_queries",
            "database_timeout_s",
            "asset_cache_ttl_s",
            "asset_cache_negative_ttl_s",
            "asset_cache_spare_s",
            "fuse_window",
            "parallelism",
            "asset_cache_entries",
            "asset_cache_segments",
        ):
            value = getattr(self, name)
            require(value > 0, f"ENRICHMENT_{name.upper()}", f"{value} is not positive", "set it above 0")

    @property
    def kafka(self) -> KafkaConnection:
        """How to reach the brokers."""
        return KafkaConnection(bootstrap_servers=self.kafka_bootstrap_servers, tls_folder=self.kafka_tls_folder)
