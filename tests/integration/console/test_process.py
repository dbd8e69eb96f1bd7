"""`python -m console` as a process: it says what is wrong, answers, and ends when told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping

import pytest

from local.ports import free_base
from local.settings import ROOT
from tests.integration.billing import Billing


def run(environ: Mapping[str, str]) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CONSOLE_", "OPS_", "BILLING_"))}
    command = [sys.executable, "-m", "console"]
    return subprocess.Popen(command, cwd=ROOT, env={**clean, **environ}, stderr=subprocess.PIPE, text=True)


def answered(url: str) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_it_serves_until_it_is_told_to_end(billing: Billing) -> None:
    port = free_base()
    with run({"BILLING_DSN": billing.dsn, "CONSOLE_AUTH": "none", "CONSOLE_PORT": str(port)}) as process:
        assert answered(f"http://127.0.0.1:{port}/readyz") == "ok\n"
        assert "Nothing has been billed yet." in answered(f"http://127.0.0.1:{port}/")
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0
    assert f"console on http://127.0.0.1:{port}, access by none" in told
    assert "GET /" not in told  # addresses name customers


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "BILLING_DSN is not set"),
        ({"BILLING_DSN": "x", "CONSOLE_AUTH": "none", "CONSOLE_HOST": "0.0.0.0"}, "CONSOLE_AUTH=none shows every bill"),
        ({"BILLING_DSN": "x", "CONSOLE_TOKENS_FILE": "/etc/hostname"}, "has no list `tokens`, or an empty one"),
    ],
    ids=["no database", "open to others", "no tokens"],
)
def test_a_wrong_setting_ends_it_at_once_with_the_reason(environ: dict[str, str], message: str) -> None:
    with run(environ) as process:
        _, told = process.communicate(timeout=30)
    assert process.returncode == 2
    assert message in told
    assert "Traceback" not in told
