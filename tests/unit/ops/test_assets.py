"""The command line and settings of ops.assets; what it does is tested against real servers."""

from __future__ import annotations

import pytest

from ops.assets import Settings, from_environment, main
from ops.settings import InvalidSetting


def test_settings_are_the_job_s_own() -> None:
    environ = {
        "ENRICHMENT_REDIS_URL": "redis://r",
        "ENRICHMENT_REDIS_PASSWORD_FILE": "/run/secrets/redis",
        "ASSETS_DSN": "postgresql://db/assets",
    }
    assert from_environment(environ) == Settings(
        redis_url="redis://r", redis_password_file="/run/secrets/redis", assets_dsn="postgresql://db/assets"
    )


@pytest.mark.parametrize(
    ("arguments", "environ", "message"),
    [
        pytest.param(["invalidate", "a1"], {}, "ENRICHMENT_REDIS_URL is not set: give the job's", id="no Redis"),
        pytest.param(
            ["follow"], {"ENRICHMENT_REDIS_URL": "redis://r"}, "ASSETS_DSN is not set: give", id="no database"
        ),
    ],
)
def test_a_missing_setting_is_named_with_its_remedy(
    arguments: list[str], environ: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ENRICHMENT_REDIS_URL", "ASSETS_DSN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting, match=message):
        main(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["invalidate"], id="neither"),
        pytest.param(["invalidate", "a1", "--all"], id="both"),
    ],
)
def test_assets_are_named_or_all_are_meant(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "name assets, or give --all" in capsys.readouterr().err


def test_a_redis_that_is_away_is_said_and_no_change_is_lost_for_that(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENRICHMENT_REDIS_URL", "redis://127.0.0.1:1")
    assert main(["invalidate", "a1"]) == 1
    assert "jobs see changes by the age of what they know" in capsys.readouterr().err
