"""What each program may do in Kafka, in the words of the promise."""

from __future__ import annotations

from k8s.check.rules.kafka_users import expected

RIGHTS = {
    user: {operation for operations in rights.values() for operation in operations}
    for user, rights in expected().items()
}


def test_collectors_write_and_read_nothing() -> None:
    assert RIGHTS["collectors"] == {"Describe", "Write"}


def test_only_the_enrichment_job_has_transactions() -> None:
    with_transactions = [
        user for user, rights in expected().items() if any(kind[0] == "transactionalId" for kind in rights)
    ]
    assert with_transactions == ["enrichment"]


def test_who_only_counts_writes_nothing() -> None:
    assert [user for user in ("media-usage", "reprocess", "exporter") if "Write" in RIGHTS[user]] == []


def test_the_exporter_reads_no_message() -> None:
    assert RIGHTS["exporter"] == {"Describe"}


def test_dead_letters_are_read_by_operators_only() -> None:
    letters = ("topic", "cdn-logs.dead-letter", "literal")
    assert [user for user, rights in expected().items() if "Read" in rights.get(letters, ())] == ["ops"]
