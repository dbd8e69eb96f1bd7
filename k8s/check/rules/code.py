"""What a container is told to run exists: Python modules of this project, and commands of the image."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from k8s.check.manifests import Finding, Overlay
from k8s.check.pods import pods
from k8s.check.rendering import ROOT
from local.flink_home import package_lib

_PYTHON: Final = "/opt/venv/bin/python"
#: Commands of the base images, beside Python.
_COMMANDS: Final = frozenset({"install", "sleep"})


def check(overlay: Overlay) -> Iterator[Finding]:
    """Commands and modules of containers, and main programs of Flink's jobs."""
    for pod in pods(overlay):
        for path, container in pod.containers:
            command = container.get("command", [])
            if command and command[0] not in _COMMANDS | {_PYTHON}:
                yield pod.manifest.wrong(f"{path}.command", f"{command[0]} is no command of the images")
            for module in _modules([*command, *container.get("args", [])], "-m"):
                if not is_program(module):
                    yield pod.manifest.wrong(f"{path}.args", f"{module} is no module that can be run")
    for deployment in overlay.of("FlinkDeployment"):
        job = deployment.spec.get("job")
        modules = _modules((job or {}).get("args", []), "-pym")
        if job is not None and (len(modules) != 1 or not all(map(is_program, modules))):
            yield deployment.wrong("spec.job.args", f"{job.get('args')}: not `-pym` and a module that can be run")
        if job is not None and Path(job.get("jarURI", "")).name not in _flinks_own_jars():
            yield deployment.wrong("spec.job.jarURI", f"{job.get('jarURI')} is no jar of the locked Flink's opt/")


def _flinks_own_jars() -> set[str]:
    return {jar.name for jar in (package_lib().parent / "opt").glob("*.jar")}


def is_program(module: str) -> bool:
    """Whether `python -m` can run it: it does something when it is the main program."""
    path = ROOT / Path(*module.split("."))
    file = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    return file.is_file() and any(_is_main_guard(node) for node in ast.parse(file.read_text()).body)


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _modules(arguments: Sequence[str], option: str) -> list[str]:
    return [arguments[index + 1] for index, each in enumerate(arguments[:-1]) if each == option]
