"""The guide that `make up` ends with: commands that can be typed as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from jobs.enrichment.paths import PathGrammar
from local.guide import text
from local.settings import Settings

NOW_S = 1_795_000_000.9


def printed(tmp_path: Path) -> str:
    return text(Settings(state=tmp_path, port_base=19_000), NOW_S)


def line(tmp_path: Path) -> dict[str, object]:
    found = re.search(r"curl -d '(.*)' (\S+)", printed(tmp_path))
    assert found is not None
    assert found[2] == "http://127.0.0.1:19040/v1/logs/edge"
    posted: dict[str, object] = json.loads(found[1])
    return posted


def test_the_posted_line_is_of_five_hours_ago_so_that_its_hour_is_billed_at_once(tmp_path: Path) -> None:
    assert line(tmp_path) == {
        "time": 1_795_000_000 - 5 * 3600,
        "method": "GET",
        "path": "/vod/trailer/1080p/segment-1.ts",
        "status": 200,
        "bytes": 500_000,
        "client": "192.0.2.7",
    }


def test_the_posted_path_is_a_segment_of_the_registered_asset(tmp_path: Path) -> None:
    media = PathGrammar().parse(str(line(tmp_path)["path"]))
    assert (media.asset, media.rendition, media.number) == ("trailer", "1080p", 1)
    assert f"VALUES ('{media.asset}', '{media.rendition}', 'video', 1080, 4000)" in printed(tmp_path)


def test_paths_are_shown_as_one_would_type_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "set -a; . env; set +a" in printed(tmp_path)
