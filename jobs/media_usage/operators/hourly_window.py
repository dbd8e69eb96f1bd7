"""The sums of a key in an hour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyflink.common import Row
from pyflink.datastream import AggregateFunction, ProcessWindowFunction
from pyflink.datastream.window import TimeWindow

from jobs.media_usage import wire
from jobs.media_usage.sums import Sums


class SumAggregate(AggregateFunction):  # type: ignore[misc]  # pyflink is not typed
    """Adds usage messages up in an encoded string: what Flink stores as itself."""

    def create_accumulator(self) -> str:
        return Sums().encode()

    def add(self, value: str, accumulator: str) -> str:
        return Sums.decode(accumulator).plus(wire.usage_sums(value)).encode()

    def get_result(self, accumulator: str) -> str:
        return accumulator

    def merge(self, a: str, b: str) -> str:
        return Sums.decode(a).plus(Sums.decode(b)).encode()


class EmitUsage(ProcessWindowFunction):  # type: ignore[misc]  # as above
    """A firing becomes one row of media_usage: the absolute sums so far."""

    def process(
        self, key: str, context: ProcessWindowFunction.Context[TimeWindow], elements: Iterable[str]
    ) -> Iterator[Any]:
        for sums in elements:
            yield Row(context.window().start, *wire.usage_key(key), *Sums.decode(sums))
