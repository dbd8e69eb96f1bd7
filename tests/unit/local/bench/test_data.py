from __future__ import annotations

from jobs.enrichment.paths import PathGrammar
from local.bench import data
from schemas.batch import BLOCK_MAX_LINES, HOUR_MS, parse_batch

DAY = 490_000 * HOUR_MS


def test_the_corpus_is_full_batches_that_keep_the_contract() -> None:
    corpus = data.corpus(3_500, DAY)
    payloads = [batch.SerializeToString() for batch in corpus.batches()]
    batches = [parse_batch(payload) for payload in payloads]
    assert [len(batch.records) for batch in batches] == [BLOCK_MAX_LINES] * 4
    assert len({batch.header.batch_id for batch in batches}) == 4
    assert [batch.header.hour_ms for batch in batches] == [
        DAY,
        DAY + 6 * HOUR_MS,
        DAY + 12 * HOUR_MS,
        DAY + 18 * HOUR_MS,
    ]


def test_about_a_third_of_the_records_is_viral_and_every_path_is_a_segment() -> None:
    parse = PathGrammar().parse
    paths = [parse(record.path) for batch in data.corpus(64_000, DAY).batches() for record in batch.records]
    assert all(path.asset for path in paths)
    viral = sum(path.asset == "asset-0" for path in paths) / len(paths)
    assert 1 / 3 < viral < 1 / 2
