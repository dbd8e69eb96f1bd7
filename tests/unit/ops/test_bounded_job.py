"""The launcher of the bounded job, with a script in place of `flink run`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ops.bounded_job import ROOT, flink_runner

RECORD = """
import json, os, sys
kept = {name: os.environ[name] for name in sorted(os.environ) if name.startswith(("REPROCESS_", "PYTHONPATH", "KAFKA"))}
json.dump({"arguments": sys.argv[2:], "folder": os.getcwd(), "variables": kept}, open(sys.argv[1], "w"))
"""


def test_the_job_gets_its_hours_and_schema_beside_what_the_caller_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA", "broker:9092")
    monkeypatch.setenv("PYTHONPATH", "/opt/more")
    monkeypatch.delenv("REPROCESS_SOURCE", raising=False)
    record = tmp_path / "record.json"
    command = (sys.executable, "-c", RECORD, str(record), "run", "-Dtask.cancellation.timeout=9 s")
    flink_runner(command)("reprocess_77", 1_788_256_800_000, 1_788_260_400_000)
    assert json.loads(record.read_text()) == {
        "arguments": [
            "run",
            "-Dtask.cancellation.timeout=9 s",
            "-Drestart-strategy.type=fixed-delay",
            "-Drestart-strategy.fixed-delay.attempts=3",
            "-Drestart-strategy.fixed-delay.delay=5 s",
            "-Dstate.backend.type=rocksdb",
            "-Dstate.backend.rocksdb.timer-service.factory=ROCKSDB",
            "-Dpipeline.max-parallelism=720",
            "-Dpython.execution-mode=thread",
            "-pym",
            "jobs.reprocess",
        ],
        "folder": str(ROOT),
        "variables": {
            "KAFKA": "broker:9092",
            "PYTHONPATH": f"{ROOT}:/opt/more",
            "REPROCESS_FIRST_HOUR_MS": "1788256800000",
            "REPROCESS_LAST_HOUR_MS": "1788260400000",
            "REPROCESS_SCHEMA": "reprocess_77",
        },
    }


def test_a_job_that_fails_is_an_error() -> None:
    run = flink_runner((sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(subprocess.CalledProcessError):
        run("reprocess_77", 0, 0)
