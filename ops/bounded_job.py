"""Run the bounded job that counts hours anew into a shadow schema, and wait for its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
MODULE: Final = "jobs.reprocess"
OPTIONS: Final = ROOT / "flink-conf" / "reprocess.yaml"

#: Shadow schema, first and last hour (epoch milliseconds, both included). Returns when all is written, or raises.
RunJob = Callable[[str, int, int], None]


def flink_runner(flink_run: Sequence[str]) -> RunJob:
    """Submission with the `flink` command, attached: it ends with the job."""

    def run_bounded_job(shadow_schema: str, first_hour_ms: int, last_hour_ms: int) -> None:
        """Count the hours into the shadow schema. Raises CalledProcessError where the job fails.

        The job's own settings, Kafka and database among them, are variables that the caller's environment holds.
        """
        variables = {
            "REPROCESS_SCHEMA": shadow_schema,
            "REPROCESS_FIRST_HOUR_MS": str(first_hour_ms),
            "REPROCESS_LAST_HOUR_MS": str(last_hour_ms),
        }
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        environ = {**os.environ, "PYTHONPATH": path, **variables}
        subprocess.run([*flink_run, *_options(flink_run), "-pym", MODULE], env=environ, cwd=ROOT, check=True)

    return run_bounded_job


def _options(flink_run: Sequence[str]) -> list[str]:
    """The job's own options, as `flink run` takes them; what the caller sets stays as it is."""
    options: dict[str, object] = yaml.safe_load(OPTIONS.read_text())
    given = {argument.partition("=")[0] for argument in flink_run}
    return [f"-D{name}={value}" for name, value in options.items() if f"-D{name}" not in given]
