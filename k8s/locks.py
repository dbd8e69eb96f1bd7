"""The packages of each image: those of requirements.lock that its programs need, with the same versions and hashes.

`python -m k8s.locks` writes k8s/images/<image>.lock; `make lock` does so at its end.

Resolved once, by `make lock`, which notes at each package who wanted it. An image has what is wanted by its extras of
setup.cfg, and by that in turn: what it runs is what the tests ran with, and a collector has no Flink in it.
"""

from __future__ import annotations

import configparser
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
#: Extras of setup.cfg by image. Operators' commands are run in the jobs' image, and parse lines as collectors do.
IMAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "collectors": ("collectors",),
    "jobs": ("jobs", "ops", "collectors", "backfill"),
    "console": ("console", "ops"),
}
_HEADER: Final = "# What the image {image} needs of requirements.lock. Made by `make lock`.\n"
_PIN: Final = re.compile(r"^(?=[A-Za-z0-9._-]+==)", re.MULTILINE)
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
#: The notes: `# via one`, or `# via` and a line for each.
_VIA: Final = re.compile(r"^ +#(?: via)? +(?!via\b)([A-Za-z0-9._-]+)", re.MULTILINE)


class NotLocked(LookupError):
    """A package that an image needs is not in requirements.lock: run `make lock`."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A package in a lock: the lines that install it, and who wanted it."""

    lines: str
    wanted_by: frozenset[str]


def lock(image: str) -> str:
    """The lock of an image. Raises NotLocked."""
    pins = pins_of((ROOT / "requirements.lock").read_text())
    roots = declared((ROOT / "setup.cfg").read_text(), IMAGES[image])
    if missing := sorted(roots - pins.keys()):
        raise NotLocked(f"image {image}: {', '.join(missing)} not in requirements.lock: run `make lock`")
    return _HEADER.format(image=image) + "".join(pins[name].lines for name in sorted(closure(roots, pins)))


def path_of(image: str) -> Path:
    """Where the lock of an image lies."""
    return ROOT / "k8s" / "images" / f"{image}.lock"


def pins_of(text: str) -> dict[str, Pin]:
    """The packages of a lock by name."""
    blocks = _PIN.split(text)[1:]
    return {_canonical(block.partition("==")[0]): _pin(block) for block in blocks}


def declared(setup: str, extras: Iterable[str]) -> set[str]:
    """Names of what a setup.cfg asks for, for everybody and for some extras."""
    parser = configparser.ConfigParser()
    parser.read_string(setup)
    lists = [parser["options"]["install_requires"], *(parser["options.extras_require"][extra] for extra in extras)]
    lines = [line.strip() for text in lists for line in text.splitlines()]
    return {_canonical(match[0]) for line in lines if (match := _NAME.match(line))}


def closure(roots: Iterable[str], pins: Mapping[str, Pin]) -> set[str]:
    """The roots, what they wanted, and what that wanted."""
    needed: set[str] = set()
    found = set(roots)
    while found:
        needed |= found
        found = {name for name, pin in pins.items() if pin.wanted_by & found} - needed
    return needed


def _pin(block: str) -> Pin:
    lines = "".join(f"{line}\n" for line in block.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return Pin(lines=lines, wanted_by=frozenset(map(_canonical, _VIA.findall(block))))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    """Write all of them; 1 where requirements.lock lacks something."""
    try:
        for image in IMAGES:
            path_of(image).write_text(lock(image))
    except NotLocked as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
