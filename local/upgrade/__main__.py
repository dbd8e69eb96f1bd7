"""`python -m local.upgrade JOB [--tree TREE | --build BUILD]`, `python -m local.upgrade --back JOB [--build BUILD]`.

Puts the build of a tree (this one by default), or one that was kept, in the place of the one that runs on the local
stack; with `--back` returns to the build before. Settings of the job that stand in the environment (ENRICHMENT_*,
MEDIA_USAGE_*) are taken over, and kept by later upgrades.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg2

from local import flink
from local.settings import ROOT, InvalidSetting, Settings, from_environment
from local.upgrade.builds import InvalidBuild
from local.upgrade.deployments import MODULES, NothingBefore
from local.upgrade.reason import reason
from local.upgrade.switch import NotUpgraded, Switched
from local.upgrade.wiring import change_to, switch_of
from ops import hours


class Busy(RuntimeError):
    """Another upgrade or rollback of the stack is under way."""


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Raises Busy if another one is under way."""
    with (settings.state / "upgrade.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy("another upgrade or rollback is under way: wait for its end") from error
        yield


def main(arguments: Sequence[str]) -> int:
    """0: what was asked for runs. 1: it does not; the message says what does. 2: it was asked for wrongly."""
    given = _parse(arguments)
    try:
        asked = from_environment()
    except InvalidSetting as error:
        return _fail(error, 2)
    settings = Settings.load(asked.state)
    if settings is None or not flink.running(settings):
        return _fail(f"no stack runs in {asked.state}: `make up` first", 2)
    try:
        with alone(settings):
            _report(given.job, _run(settings, given))
    except InvalidBuild as error:
        return _fail(f"{error}\nthe job goes on as before", 2)
    except (NotUpgraded, NothingBefore, Busy) as error:
        return _fail(f"{error}{_details(settings, error)}", 1)
    except (RuntimeError, TimeoutError, OSError, psycopg2.Error) as error:
        return _fail(f"{reason(error)}; mend that, then the same command again{_details(settings, error)}", 1)
    except KeyboardInterrupt:
        return _fail(f"interrupted: the same command again goes on, `make rollback JOB={given.job}` goes back", 130)
    return 0


def _run(settings: Settings, given: argparse.Namespace) -> Switched:
    switch = switch_of(settings, given.job)
    if given.back:
        return switch.roll_back(given.build)
    change = change_to(settings, given.job, given.tree, os.environ, build=given.build)
    for name in change.environ:
        # They are in the change. Left here, the build before would be started with them as well.
        del os.environ[name]
    return switch.upgrade(change)


def _report(job: str, done: Switched) -> None:
    print(
        f"{job}: build {done.deployment.build} runs and has completed a checkpoint, {done.gap_s:.0f} s after the stop"
    )
    print(f"  started from {done.deployment.started_from}")
    if done.doubtful:
        print(_doubt(done.doubtful))


def _doubt(doubtful: Sequence[datetime]) -> str:
    spans = ", ".join(str(range_) for range_ in hours.ranges(doubtful))
    return f"  in doubt until they are settled and reprocessed (`python -m ops.doubt`): {spans}"


def _details(settings: Settings, error: Exception) -> str:
    """Where the whole of it stands, if there is more than its message."""
    if error.__cause__ is None and "\n" not in str(error):
        return ""
    file = settings.state / "log" / "upgrade.log"
    with file.open("a") as log:
        log.writelines(traceback.format_exception(error))
    return f"\ndetails: {file}"


def _fail(error: object, status: int) -> int:
    print(f"upgrade: {error}", file=sys.stderr)
    return status


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="local.upgrade", description="Upgrade a job of the local stack, or roll back."
    )
    parser.add_argument("job", choices=sorted(MODULES))
    parser.add_argument("--back", action="store_true", help="return to the build before")
    parser.add_argument("--tree", type=Path, default=ROOT, help="source tree of the new build (this one)")
    parser.add_argument("--build", metavar="ID", help="a build that ran before")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
