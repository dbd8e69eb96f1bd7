"""Other releases of this tree: copies with a change, each as small as what it stands for allows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: What jobs and collectors are run from.
FOLDERS: Final = ("collectors", "jobs", "schemas", "flink-conf")
_SECONDS: Final = 60


class StaleEdit(RuntimeError):
    """The text that an edit replaces is not there once: the source has changed, and the edit must follow it."""


@dataclass(frozen=True)
class Edit:
    """One change of one file."""

    file: str
    old: str
    new: str


#: Nothing but another build id.
CODE: Final = (Edit("jobs/build.py", '"""Which build of the code', '"""Which other build of the code'),)
#: Version 2 of the header has a field more. Collectors fill it, and jobs check it where it is.
SCHEMA: Final = (
    Edit(
        "schemas/cdn_logs.proto",
        "  bool deduplicate_records = 16;\n",
        "  bool deduplicate_records = 16;\n"
        "  // Records in the batch when it was made.\n  optional uint32 records = 17;\n",
    ),
    Edit(
        "collectors/batches/blocks.py",
        "        batches = [hour.message() for hour in hours]\n",
        "        batches = [hour.message() for hour in hours]\n"
        "        for batch in batches:\n            batch.header.records = len(batch.records)\n",
    ),
    Edit(
        "schemas/batch.py",
        '    _require(len(batch.records) <= BLOCK_MAX_LINES, f"more than {BLOCK_MAX_LINES} records")\n',
        '    _require(len(batch.records) <= BLOCK_MAX_LINES, f"more than {BLOCK_MAX_LINES} records")\n'
        '    if header.HasField("records"):\n'
        '        _require(header.records == len(batch.records), "records are missing")\n',
    ),
)
#: State of the usage job goes from the heap to RocksDB, as flink-conf/media-usage.yaml says for production.
ROCKSDB: Final = (
    Edit(
        "flink-conf/media-usage.yaml",
        "\nstate.backend.type: hashmap\n",
        "\nstate.backend.type: rocksdb\nexecution.checkpointing.incremental: true\n"
        "state.backend.rocksdb.timer-service.factory: ROCKSDB\n",
    ),
)
#: Fails at every message.
CRASHING: Final = (
    Edit(
        "jobs/enrichment/operator.py",
        "        output = self._stage.process(",
        '        raise RuntimeError("this build is broken")\n        output = self._stage.process(',
    ),
)
#: Every segment lasts twice as long: wrong rows in the enriched topic, committed and counted.
WRONG_DURATIONS: Final = (
    Edit("jobs/enrichment/enrich.py", "media_duration_ms = duration_ms\n", "media_duration_ms = 2 * duration_ms\n"),
)
#: Bills the audio beside a video. More records than the right rule bills: its rows are not overwritten by right ones.
WRONG_RULE: Final = (
    Edit(
        "jobs/media_usage/billing_rule.py",
        "    int(MediaType.MEDIA_TYPE_COMPANION_AUDIO): COMPANION_AUDIO,\n",
        "",
    ),
)


def derive(base: Path, folder: Path, edits: Sequence[Edit]) -> Path:
    """Make a release in `folder` that differs from the one in `base` by these edits. Raises StaleEdit."""
    for name in FOLDERS:
        shutil.copytree(base / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for edit in edits:
        _apply(folder, edit)
    if any(edit.file.endswith(".proto") for edit in edits):
        _generate(folder)
    return folder


def _apply(folder: Path, edit: Edit) -> None:
    file = folder / edit.file
    text = file.read_text()
    if text.count(edit.old) != 1:
        raise StaleEdit(f"{edit.file} holds {edit.old!r} {text.count(edit.old)} times")
    file.write_text(text.replace(edit.old, edit.new))


def _generate(folder: Path) -> None:
    """The release's own generated modules. Raises CalledProcessError."""
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "schemas.generate"]
    subprocess.run(command, cwd=folder, env=environ, check=True, timeout=_SECONDS, capture_output=True)
