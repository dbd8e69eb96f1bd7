"""A drill's jobs keep state where production keeps it."""

from __future__ import annotations

import re

from local.drill.jobs import ROCKSDB
from local.settings import ROOT


def test_state_is_kept_as_the_jobs_options_say_for_production() -> None:
    comments = (ROOT / "flink-conf" / "media-usage.yaml").read_text()
    said = dict(re.findall(r"^#   (\S+): (\S+)$", comments, re.MULTILINE))
    assert said == ROCKSDB
