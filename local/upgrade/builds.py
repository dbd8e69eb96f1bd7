"""Builds that jobs run from: copies of a source tree that nothing changes any more.

A job imports its modules when its first task starts, and again in every TaskManager that replaces another: it must find
the code that it was submitted with, whatever has become of the tree since. And who rolls back needs the code of before.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.settings import Settings

#: What a job imports. Its Flink configuration is noted with its deployment.
FOLDERS: Final = ("jobs", "schemas")
_SECONDS: Final = 60
_ASK: Final = "from jobs.build import BUILD_ID; print(BUILD_ID)"


class InvalidBuild(RuntimeError):
    """A tree that no job can run from; the message says why."""


@dataclass(frozen=True)
class Build:
    """Code of a job by its id, the one that its operators compare and the ledger names."""

    id: str
    folder: Path


def folder(settings: Settings) -> Path:
    """Where a stack keeps builds."""
    return settings.state / "builds"


def keep(settings: Settings, tree: Path) -> Build:
    """Copy what a job needs from a tree, check it, and keep it for good.

    Raises InvalidBuild: the code cannot be imported, or messages that are in Kafka would mean something else to it.
    """
    draft = folder(settings) / f".draft-{secrets.token_hex(4)}"
    try:
        for name in FOLDERS:
            shutil.copytree(tree / name, draft / name, ignore=shutil.ignore_patterns("__pycache__"))
        build_id = _answer(draft, "its code cannot be imported", "-c", _ASK).strip()
        _answer(draft, "its messages are not compatible with the released ones", "-m", "schemas.compatibility")
        return Build(build_id, _settle(draft, folder(settings) / build_id))
    except FileNotFoundError as error:
        raise InvalidBuild(f"{tree} is no tree of this project: {error.filename} is missing") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def find(settings: Settings, build_id: str) -> Build:
    """A build that was kept. Raises InvalidBuild if there is none of this id."""
    kept = folder(settings) / build_id
    if not build_id or not kept.is_dir():
        raise InvalidBuild(f"build {build_id} is not in {folder(settings)}")
    return Build(build_id, kept)


def _settle(draft: Path, kept: Path) -> Path:
    """Give it its name, unless it is there already; somebody else may be about to keep it too."""
    try:
        draft.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise
    return kept


def _answer(code: Path, problem: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=code,
        env={**os.environ, "PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise InvalidBuild(f"{problem}:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout
