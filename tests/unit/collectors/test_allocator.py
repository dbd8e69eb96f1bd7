"""Page faults of a process that drops and takes megabytes, with and without."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from collectors.allocator import keep_freed_memory
from local.settings import ROOT

#: In a thread, as large bodies are opened by one.
_DELIVERIES = """
import resource, sys, threading
from collectors.allocator import keep_freed_memory

def deliveries():
    for _ in range(50):
        pieces = [bytes(1_000_000) for _ in range(6)]
        text = b"".join(pieces[:4])
        del pieces, text

if "keep" in sys.argv:
    assert keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
thread = threading.Thread(target=deliveries)
thread.start()
thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""

needs_glibc = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has no mallopt")


def page_faults(*arguments: str) -> int:
    command = [sys.executable, "-c", _DELIVERIES, *arguments]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


@needs_glibc
def test_deliveries_take_the_memory_of_those_before() -> None:
    kept, given_back = page_faults("keep"), page_faults()
    # Ten megabytes are 2,500 pages: once or twice, not fifty times.
    assert kept < 7_500
    assert kept < given_back / 5


def test_another_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not keep_freed_memory()
