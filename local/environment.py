"""Variables by which jobs and operators' commands find the stack's servers."""

from __future__ import annotations

import shlex
from pathlib import Path

from local import collectors, flink_home, kafka, postgres, redis
from local.settings import ROOT, Settings


def variables(settings: Settings) -> dict[str, str]:
    """All of them; secrets only as the name of the file that holds them."""
    assets, billing = (postgres.address(settings, name) for name in ("assets", "billing"))
    geo = geo_folder(settings)
    return {
        **flink_home.environment(settings),
        "PGPASSFILE": str(postgres.password_file(settings)),
        "PYTHONPATH": str(ROOT),
        "LOCAL_STATE": str(settings.state),
        "ASSETS_DSN": assets,
        "BILLING_DSN": billing,
        "OPS_COLLECTORS": " ".join(collectors.url(settings, index) for index in range(settings.collectors)),
        "COLLECTOR_KAFKA_BOOTSTRAP": kafka.bootstrap(settings),
        "COLLECTOR_SOURCES_FILE": str(settings.sources_file),
        "FLINK_RUN": shlex.join([flink_home.command(settings), "run"]),
        "ENRICHMENT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap(settings),
        "ENRICHMENT_REDIS_URL": redis.url(settings),
        "ENRICHMENT_ASSETS_DSN": assets,
        "ENRICHMENT_ASN_DATABASE": str(geo / "GeoLite2-ASN.mmdb"),
        "ENRICHMENT_CITY_DATABASE": str(geo / "GeoLite2-City.mmdb"),
        "MEDIA_USAGE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap(settings),
        "MEDIA_USAGE_BILLING_JDBC_URL": postgres.jdbc_url(settings, "billing"),
        "MEDIA_USAGE_BILLING_USER": postgres.USER,
    }


def geo_folder(settings: Settings) -> Path:
    """Folder of the made-up GeoIP and ASN databases."""
    return settings.state / "geo"


def shell_file(settings: Settings) -> Path:
    """File for a shell to source: `set -a; . FILE`."""
    return settings.state / "env"


def write_shell_file(settings: Settings) -> None:
    """Write the variables for a shell."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables(settings).items()]
    shell_file(settings).write_text("".join(lines))
