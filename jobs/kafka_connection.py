"""How the jobs reach Kafka: the properties of both client libraries. The checks use one, Flink's connector the other.

With TLS, a folder holds `ca.crt` (whom to trust), `user.crt` and `user.key` (who we are), in PEM. The job graph has the
folder's name only: the files are read where a client is made, on JobManager and TaskManagers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: The connector has Kafka's classes under names of its own.
_PROVIDER: Final = "org.apache.flink.kafka.shaded.org.apache.kafka.common.config.provider.DirectoryConfigProvider"


@dataclass(frozen=True, kw_only=True)
class KafkaConnection:
    """Where the brokers are; `tls_folder` empty: no TLS, for brokers on this machine."""

    bootstrap_servers: str
    tls_folder: str = ""

    def librdkafka(self) -> dict[str, str]:
        """Properties for confluent-kafka."""
        properties = {"bootstrap.servers": self.bootstrap_servers}
        if not self.tls_folder:
            return properties
        return properties | {
            "security.protocol": "ssl",
            "ssl.ca.location": f"{self.tls_folder}/ca.crt",
            "ssl.certificate.location": f"{self.tls_folder}/user.crt",
            "ssl.key.location": f"{self.tls_folder}/user.key",
        }

    def java(self) -> dict[str, str]:
        """Properties for Flink's connector, beside the bootstrap servers."""
        if not self.tls_folder:
            return {}
        content = f"${{folder:{self.tls_folder}:%s}}"
        return {
            "config.providers": "folder",
            "config.providers.folder.class": _PROVIDER,
            "config.providers.folder.param.allowed.paths": self.tls_folder,
            "security.protocol": "SSL",
            "ssl.truststore.type": "PEM",
            "ssl.truststore.certificates": content % "ca.crt",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.certificate.chain": content % "user.crt",
            "ssl.keystore.key": content % "user.key",
        }
