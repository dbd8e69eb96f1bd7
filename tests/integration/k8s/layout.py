"""The file system of the jobs' image, in a folder: the last stage of its Dockerfile, followed step by step.

In place of the base image stands the Flink of the apache-flink package, which has the same files but for the S3 plugin;
in place of its Python, the one that runs the tests.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from k8s.check.rendering import ROOT
from local.flink_home import package_lib
from local.settings import JARS
from tests.support.dockerfile import final_stage

DOCKERFILE: Final = ROOT / "k8s" / "images" / "jobs.Dockerfile"
#: What the other stages have made, on this machine.
_STAGES: Final = {"/jars/flink/": JARS / "flink"}
#: Commands of a container's root that change nothing here.
_WITHOUT_ROOT: Final = "ldconfig() { :; }; "
#: The folder at the root, not one within another.
_OPT: Final = re.compile(r"(?<![\w.-])/opt/")


@dataclass(frozen=True)
class Layout:
    """The image below a folder, with the variables that it sets."""

    root: Path
    environ: Mapping[str, str]

    @property
    def home(self) -> Path:
        """The image's working directory. Programs of Python find modules there before all others: not this checkout."""
        return self.root / "opt" / "flink"

    def moved(self, text: str) -> str:
        """A text of the image or of a manifest, with its paths below the folder."""
        return _OPT.sub(f"{self.root}/opt/", text)

    def command(self, script: str) -> str:
        """Path of one of Flink's scripts."""
        return self.moved(f"/opt/flink/bin/{script}")

    def configure(self, options: Mapping[str, str]) -> None:
        """Write what the operator would mount as Flink's configuration."""
        conf = self.home / "conf"
        (conf / "config.yaml").write_text(yaml.safe_dump(dict(options), width=10_000))


def assemble(root: Path) -> Layout:
    """Follow the Dockerfile into an empty folder. Raises CalledProcessError where one of its RUN steps fails."""
    _base_image(root)
    layout = Layout(root, {"FLINK_HOME": f"{root}/opt/flink"})
    for word, rest in final_stage(DOCKERFILE):
        layout = _STEPS.get(word, _nothing)(layout, rest)
    return layout


def _base_image(root: Path) -> None:
    flink, package = root / "opt" / "flink", package_lib().parent
    flink.mkdir(parents=True)
    (flink / "log").mkdir()
    shutil.copytree(package / "bin", flink / "bin")
    shutil.copytree(package / "conf", flink / "conf")
    for name in ("lib", "opt", "plugins"):
        shutil.copytree(package / name, flink / name, copy_function=os.symlink)
    with zipfile.ZipFile(flink / "opt" / "flink-s3-fs-presto-2.3.0.jar", "w"):
        pass  # the package lacks it: an empty one stands in
    (root / "opt" / "venv").symlink_to(sys.prefix)


def _copy(layout: Layout, rest: str) -> Layout:
    *sources, target = shlex.split(rest)
    for source, goal in _copies(sources, Path(layout.moved(target))):
        if source.is_dir():
            shutil.copytree(source, goal, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, goal)
    return layout


def _copies(sources: list[str], target: Path) -> Iterator[tuple[Path, Path]]:
    if not sources[0].startswith("--from"):
        yield from ((ROOT / source, target) for source in sources)
        return
    # What is not here belongs to the stage of Python, which the base has.
    yield from ((_STAGES[source], target) for source in sources[1:] if source in _STAGES)


def _run(layout: Layout, rest: str) -> Layout:
    is_list = rest.startswith("[")
    command = json.loads(layout.moved(rest)) if is_list else ["sh", "-c", _WITHOUT_ROOT + layout.moved(rest)]
    subprocess.run(command, env={**os.environ, **layout.environ}, cwd=layout.root, check=True, capture_output=True)
    return layout


def _env(layout: Layout, rest: str) -> Layout:
    pairs = (pair.partition("=") for pair in shlex.split(rest))
    given = {name: layout.moved(value).replace("$PATH", os.environ["PATH"]) for name, _, value in pairs}
    return Layout(layout.root, {**layout.environ, **given})


def _nothing(layout: Layout, _: str) -> Layout:
    """USER: the tests run as whoever runs them."""
    return layout


_STEPS: Final[Mapping[str, Callable[[Layout, str], Layout]]] = {"COPY": _copy, "RUN": _run, "ENV": _env}
