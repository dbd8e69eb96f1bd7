"""`python -m local up|status|down|clean`: the local stack, kept running for exploring."""

from __future__ import annotations

import shutil
import sys
import time

from local import guide, postgres, process
from local.ports import PortInUse
from local.process import StartFailed
from local.program import INTERRUPTED
from local.service import ALL, STEPS
from local.settings import InvalidSetting, Settings, from_environment
from local.stack import AlreadyRunning, Stack

_USAGE = "usage: python -m local up|status|down|clean (settings: see local/settings.py)"


def up(settings: Settings) -> int:
    """Start everything and print where it is."""
    began = time.monotonic()
    print(f"local stack: starting in {settings.state}, ports from {settings.port_base}", flush=True)
    try:
        Stack(settings, ALL).up(_progress)
    except AlreadyRunning as error:
        print(f"local stack: {error}; see `make status`, or `make down` first", file=sys.stderr)
        return 1
    except (PortInUse, StartFailed) as error:
        print(f"local stack: {error}\nlocal stack: not started; what had started is stopped again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("local stack: interrupted; what had started is stopped again", file=sys.stderr)
        return INTERRUPTED
    guide.print_now(settings)
    print(f"\nlocal stack: up after {time.monotonic() - began:.0f} s; stop it with `make down`")
    return 0


def status(settings: Settings) -> int:
    """Print every process and endpoint; 0 if all run, 3 if not (as service scripts answer)."""
    state = settings.state
    names = process.known(state)
    for name in names:
        child = process.find(state, name)
        print(f"  {name:<20} {f'runs, pid {child.pid}' if child else 'ended'}")
    if not names:
        print(f"local stack: not running in {state}")
        return 3
    for step in STEPS:
        if endpoint := step.endpoint(settings):
            print(f"  {step.name:<20} {endpoint}")
    return 0 if all(process.find(state, name) for name in names) else 3


def down(settings: Settings) -> int:
    """Stop everything."""
    began = time.monotonic()
    Stack(settings).down()
    print(f"local stack: down after {time.monotonic() - began:.0f} s; data and logs stay in {settings.state}")
    return 0


def clean(settings: Settings) -> int:
    """Stop everything and delete data and logs."""
    Stack(settings).down()
    postgres.remove_data(settings)
    shutil.rmtree(settings.state, ignore_errors=True)
    return 0


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    commands = {"up": up, "status": status, "down": down, "clean": clean}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(_USAGE, file=sys.stderr)
        return 2
    try:
        settings = from_environment()
    except InvalidSetting as error:
        print(f"local stack: {error}", file=sys.stderr)
        return 2
    if arguments[0] != "up":
        settings = Settings.load(settings.state) or settings
    return commands[arguments[0]](settings)


def _progress(name: str, seconds: float, endpoint: str) -> None:
    print(f"  {name:<20} {seconds:5.1f} s  {endpoint}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
