"""Settings of the media-usage job, from environment variables `MEDIA_USAGE_*`.

They hold no secret: the billing database's password is read from PGPASSFILE, on client and TaskManagers.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs.environment import require
from jobs.kafka_connection import KafkaConnection
from jobs.media_usage.rules import RuleSchedule, schedule
from schemas import topics


@dataclass(frozen=True, kw_only=True)
class MediaUsageSettings:
    """Every value has the unit in its name; validated when made."""

    kafka_bootstrap_servers: str
    #: Folder with ca.crt, user.crt and user.key for TLS to Kafka, on JobManager and TaskManagers; empty: no TLS.
    kafka_tls_folder: str = ""
    #: jdbc:postgresql://host:port/database without a password.
    billing_jdbc_url: str
    billing_user: str
    enriched_topic: str = topics.ENRICHED
    consumer_group: str = "media-usage"
    #: Partitions that are added to enriched are read within this time.
    partition_discovery_s: float = 60.0
    #: How far behind the newest event time of its partition an event may be and still be on time.
    out_of_orderness_h: float = 3.0
    #: Seconds of real time after which a change is written where no passing of an hour writes it sooner.
    refresh_interval_s: float = 60.0
    #: Rows and milliseconds after which the JDBC sinks write; a checkpoint always does.
    jdbc_batch_rows: int = 1000
    jdbc_batch_interval_ms: int = 1000
    jdbc_retries: int = 5
    parallelism: int = 1
    #: Versions of the billing rule, each but the first with the UTC hour from which it counts: "1,2@2026-12-01T00".
    rules: str = "1"

    def __post_init__(self) -> None:
        require(
            self.billing_jdbc_url.startswith("jdbc:postgresql://") and "password" not in self.billing_jdbc_url,
            "MEDIA_USAGE_BILLING_JDBC_URL",
            "it is no jdbc:postgresql:// address, or it holds a password, which would stand in the job graph",
            "give jdbc:postgresql://host:port/database and put the password into the file that PGPASSFILE names",
        )
        for name in (
            "partition_discovery_s",
            "out_of_orderness_h",
            "refresh_interval_s",
            "jdbc_batch_rows",
            "parallelism",
        ):
            value = getattr(self, name)
            require(value > 0, f"MEDIA_USAGE_{name.upper()}", f"{value} is not positive", "set it above 0")
        schedule(self.rules)

    @property
    def kafka(self) -> KafkaConnection:
        """How to reach the brokers."""
        return KafkaConnection(bootstrap_servers=self.kafka_bootstrap_servers, tls_folder=self.kafka_tls_folder)

    @property
    def rule_schedule(self) -> RuleSchedule:
        """Which version of the billing rule counts which hours."""
        return schedule(self.rules)
