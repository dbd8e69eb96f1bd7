from __future__ import annotations

import os
import time

import pytest

from local.bench.collectors.usage import Usage, parse, usage

STAT = (
    "{pid} ({name}) S 1 2 3 4 5 6 7 8 9 10 {user} {system} 16 17 20 0 4 0 123456 1000000 {pages} 18446744073709551615"
)


@pytest.mark.parametrize("name", ["python", "a) S 9 9 (b", "kafka poll"])
def test_user_and_system_time_count_and_a_name_may_hold_anything(name: str) -> None:
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    text = STAT.format(pid=7, name=name, user=3 * ticks, system=ticks, pages=10)
    assert parse(text) == Usage(cpu_s=4.0, resident_bytes=10 * page)


def test_work_of_this_process_shows() -> None:
    before = usage(os.getpid())
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    after = usage(os.getpid())
    assert 0.05 < after.cpu_s - before.cpu_s < 5
    assert after.resident_bytes > 1_000_000


def test_a_process_that_is_gone_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        usage(2**22 + 1)
