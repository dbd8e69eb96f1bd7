"""What an upgrade needs of a stack: its cluster, what ran there before, the marks in its billing database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from local import flink_home, flink_jobs, postgres
from local.settings import ROOT, Settings
from local.upgrade import builds
from local.upgrade.cluster import LocalCluster
from local.upgrade.deployments import MODULES, History
from local.upgrade.switch import Change, Switch
from ops import doubt


def switch_of(settings: Settings, job: str) -> Switch:
    """What changes a job of a stack."""
    mark = partial(doubt.mark, postgres.dsn(settings, "billing"))
    return Switch(job, LocalCluster(settings), History.of(settings, job), mark)


def change_to(
    settings: Settings,
    job: str,
    tree: Path = ROOT,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, str] | None = None,
    build: str | None = None,
) -> Change:
    """The build and the Flink configuration of a tree; with `build` one that was kept, with that configuration.

    Of `environ` what is a setting of the job. Raises InvalidBuild.
    """
    prefix = f"{job.upper().replace('-', '_')}_"
    return Change(
        build=builds.keep(settings, tree) if build is None else builds.find(settings, build),
        options=flink_home.read_options(flink_jobs.options_file(MODULES[job], tree)),
        environ={name: value for name, value in (environ or {}).items() if name.startswith(prefix)},
        overrides=dict(overrides or {}),
    )
