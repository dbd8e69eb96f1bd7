"""Variables of the stack: no secret in them, and a shell reads them back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from local import environment, postgres
from local.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(state=tmp_path / "state of mine", port_base=19_000)
    postgres._write_secret(postgres.password_file(made), "127.0.0.1:*:*:cdn_usage:hush\n")
    return made


def test_programs_are_led_to_the_password_but_do_not_carry_it(settings: Settings) -> None:
    variables = environment.variables(settings)
    assert not any("hush" in value for value in variables.values())
    assert Path(variables["PGPASSFILE"]).read_text().endswith(":hush\n")
    assert Path(variables["PGPASSFILE"]).stat().st_mode & 0o077 == 0


def test_every_server_has_its_address(settings: Settings) -> None:
    variables = environment.variables(settings)
    names = (
        *("ASSETS_DSN", "BILLING_DSN", "COLLECTOR_KAFKA_BOOTSTRAP", "ENRICHMENT_REDIS_URL"),
        *("MEDIA_USAGE_BILLING_JDBC_URL", "OPS_COLLECTORS"),
    )
    assert {name: variables[name] for name in names} == {
        "ASSETS_DSN": "postgresql://cdn_usage@127.0.0.1:19003/assets",
        "BILLING_DSN": "postgresql://cdn_usage@127.0.0.1:19003/billing",
        "COLLECTOR_KAFKA_BOOTSTRAP": "127.0.0.1:19000",
        "ENRICHMENT_REDIS_URL": "redis://127.0.0.1:19002/0",
        "MEDIA_USAGE_BILLING_JDBC_URL": "jdbc:postgresql://127.0.0.1:19003/billing",
        "OPS_COLLECTORS": "http://127.0.0.1:19040 http://127.0.0.1:19041",
    }


def test_a_shell_reads_the_file_back_although_paths_have_spaces(settings: Settings) -> None:
    environment.write_shell_file(settings)
    script = f"set -a; . '{environment.shell_file(settings)}'; printenv PGPASSFILE FLINK_RUN"
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    variables = environment.variables(settings)
    assert said == f"{variables['PGPASSFILE']}\n{variables['FLINK_RUN']}\n"
