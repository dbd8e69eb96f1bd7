from __future__ import annotations

from jobs.flink.totals import Totals


class Counter:
    def __init__(self) -> None:
        self.count = 0
        self.calls = 0

    def inc(self, n: int = 1) -> None:
        self.count += n
        self.calls += 1


class Metrics:
    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}

    def counter(self, name: str) -> Counter:
        return self.counters.setdefault(name, Counter())


def test_counters_follow_their_totals_and_are_touched_only_when_those_moved() -> None:
    metrics, seen = Metrics(), {"records": 0, "dead_letters": 0}
    totals = Totals(metrics, {name: lambda name=name: seen[name] for name in seen})  # type: ignore[misc]  # default binds
    totals.export()
    seen["records"] = 5
    totals.export()
    seen["records"] = 7
    totals.export()
    assert {name: (counter.count, counter.calls) for name, counter in metrics.counters.items()} == {
        "records": (7, 2),
        "dead_letters": (0, 0),
    }
