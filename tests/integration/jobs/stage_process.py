"""A process with an enrichment stage, as a TaskManager is one: `python -m tests.integration.jobs.stage_process`.

Its argument is JSON: the stage's settings, the number of assets and a seed. For every line on standard input it
asks for every asset once, in an order of its own, and answers with lines of JSON: one half-way, one in the end.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

from jobs.enrichment.settings import EnrichmentSettings
from jobs.enrichment.stage import EnrichmentStage
from tests.integration.stages import durations, opened

_BATCH = 1_000


def run(stage: EnrichmentStage, assets: int, chance: random.Random) -> None:
    """One pass for every line on standard input."""
    for _ in sys.stdin:
        numbers = chance.sample(range(assets), assets)
        wrong = 0
        for first in range(0, assets, _BATCH):
            asked = numbers[first : first + _BATCH]
            found = durations(stage, *(f"/asset-{number}/720p/segment-1.m4s" for number in asked))
            wrong += sum(duration != 1_000 + number for number, duration in zip(asked, found, strict=True))
            if first == assets // 2:
                answer(half=True)
        answer(wrong=wrong, **{name: read() for name, read in stage.totals().items()})


def answer(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def main(argument: str) -> None:
    given = json.loads(argument)
    with opened(EnrichmentSettings(**given["settings"])) as stage:
        run(stage, given["assets"], random.Random(given["seed"]))


if __name__ == "__main__":
    main(sys.argv[1])
