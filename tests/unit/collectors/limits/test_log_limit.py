"""Log lines that anybody can cause."""

from __future__ import annotations

import logging

import pytest

from collectors.limits.log_limit import LogLimit


class Log:
    """A logger behind the limit, its clock, and what came through."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.logger = logging.Logger("test", logging.INFO)  # noqa: LOG001  # nobody else's
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(record.getMessage())  # type: ignore[method-assign]  # as a sink
        handler.addFilter(LogLimit(lambda: self.now))
        self.logger.addHandler(handler)

    def refuse(self, source: str, count: int) -> None:
        for _ in range(count):
            self.logger.warning("source %s: refused", source)


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_few_of_a_kind_come_through_in_a_minute(log: Log) -> None:
    log.refuse("acme", 1_000)
    log.now += 59
    log.refuse("acme", 1)
    assert log.lines == ["source acme: refused"] * 20


def test_the_next_one_after_a_minute_tells_how_many_were_left_out(log: Log) -> None:
    log.refuse("acme", 1_000)
    log.now += 60
    log.refuse("acme", 2)
    assert log.lines[20:] == ["source acme: refused (980 more like it were left out)", "source acme: refused"]


def test_one_source_does_not_hide_another_nor_another_kind(log: Log) -> None:
    log.refuse("acme", 1_000)
    log.refuse("other", 1)
    log.logger.warning("kafka: %s", "acme")
    assert log.lines[20:] == ["source other: refused", "kafka: acme"]


def test_lines_without_arguments_or_with_named_ones_are_limited_too(log: Log) -> None:
    for _ in range(30):
        log.logger.info("plain")
        log.logger.info("%(a)s", {"a": 1})
    assert (log.lines.count("plain"), log.lines.count("1")) == (20, 20)


def test_kinds_without_end_are_forgotten(log: Log) -> None:
    for number in range(2_500):
        log.refuse(f"source-{number}", 1)
    assert len(log.lines) == 2_500
