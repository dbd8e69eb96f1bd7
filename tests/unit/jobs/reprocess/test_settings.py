from __future__ import annotations

import pytest

from jobs.environment import InvalidSetting, settings_from
from jobs.reprocess.settings import ReprocessSettings

REQUIRED = {
    "REPROCESS_SCHEMA": "reprocess_7",
    "REPROCESS_FIRST_HOUR_MS": "3600000",
    "REPROCESS_LAST_HOUR_MS": "7200000",
}


def test_raw_is_read_unless_told_otherwise() -> None:
    assert settings_from(ReprocessSettings, "REPROCESS_", REQUIRED).source == "raw"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("SCHEMA", "public", "REPROCESS_SCHEMA: 'public' is no schema of its own", id="live tables"),
        pytest.param("SCHEMA", "x; DROP", "is no schema of its own", id="not a name"),
        pytest.param("FIRST_HOUR_MS", "3600001", "is no range of whole hours", id="not an hour"),
        pytest.param("FIRST_HOUR_MS", "0", "is no range of whole hours", id="batches without an hour"),
        pytest.param("LAST_HOUR_MS", "0", "is no range of whole hours", id="backwards"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(name: str, value: str, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        settings_from(ReprocessSettings, "REPROCESS_", REQUIRED | {f"REPROCESS_{name}": value})
