"""The memory of a process is asked of the kernel."""

from __future__ import annotations

import os
import subprocess

import pytest

from local.soak.memory import rss_bytes


def test_memory_that_is_used_shows() -> None:
    before = rss_bytes(os.getpid())
    ballast = bytearray(64_000_000)
    ballast[::4_096] = b"x" * len(ballast[::4_096])
    assert 40_000_000 < rss_bytes(os.getpid()) - before < 200_000_000


def test_a_process_that_has_ended_is_an_error() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    with pytest.raises(LookupError, match=f"process {ended.pid} is gone"):
        rss_bytes(ended.pid)


def test_a_zombie_has_no_memory() -> None:
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(LookupError):
            rss_bytes(child.pid)
