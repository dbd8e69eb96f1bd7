"""Dead letters read and replayed on a real broker and a real Postgres."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from confluent_kafka import Producer

from collectors.batches.blocks import Block, Delivery, parse_block
from collectors.batches.records import InvalidLine, Record
from collectors.origin import Origin
from local.stack import Stack
from ops import dead_letters, publication, topic
from ops.account import REPLAY_BOOT
from ops.hours import of_epoch_ms
from schemas.batch import batch_id, hour_of, is_late, kafka_key, kafka_timestamp, parse_batch
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchKind, DeadLetter, SourceTotals
from schemas.topics import DEAD_LETTER, RAW
from tests.integration.billing import Billing
from tests.support.batches import HOUR_MS, batch, delivery

NAMES = iter(f"edge-{number}" for number in range(100))


def nothing_is_read(line: bytes) -> Record:
    raise InvalidLine("bad-line", "this release reads nothing")


class Site:
    """A source of its own for a test, in a file of sources, with the topics and the ledger of the system."""

    def __init__(self, broker: Stack, billing: Billing, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.source, self.billing = next(NAMES), billing
        self._kafka = broker.kafka_bootstrap
        self._producer = Producer({"bootstrap.servers": self._kafka, "partitioner": "murmur2_random"})
        self.now_ms = time.time_ns() // 1_000_000
        self.hour_ms = hour_of(self.now_ms)
        file = folder / "sources.yaml"
        file.write_text(yaml.safe_dump({"sources": [_source(self.source)]}))
        self.environ = {
            "COLLECTOR_KAFKA_BOOTSTRAP": self._kafka,
            "COLLECTOR_SOURCES_FILE": str(file),
            "BILLING_DSN": billing.dsn,
        }
        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)

    def line(self, path: str = "/film", age_ms: int = 0) -> bytes:
        fields = {"time": (self.hour_ms - age_ms) / 1_000, "method": "GET", "path": path, "status": 200, "bytes": 1}
        return json.dumps(fields).encode()

    def reject(self, *lines: bytes, delivery_id: str = "d1", received_at_ms: int | None = None) -> None:
        """What a collector of a broken release leaves of a delivery."""
        made = Delivery(
            source_id=self.source,
            cdn="generic",
            delivery_id=delivery_id,
            received_at_ms=self.now_ms if received_at_ms is None else received_at_ms,
            lines=lines,
        )
        origin = Origin(build="broken", boot_id="boot-1")
        for letter in parse_block(made, Block(0, lines), nothing_is_read, origin).dead_letters:
            self.bury(letter)

    def bury(self, letter: DeadLetter) -> None:
        self._producer.produce(DEAD_LETTER, letter.SerializeToString())
        assert self._producer.flush(30) == 0

    def publish(self, sent: AccessLogBatch) -> AccessLogBatch:
        self._producer.produce(
            RAW, sent.SerializeToString(), key=kafka_key(sent.header), timestamp=kafka_timestamp(sent)
        )
        assert self._producer.flush(30) == 0
        return sent

    def raw(self) -> list[AccessLogBatch]:
        """Batches of the source, in the order of their publication."""
        found = [parse_batch(message.value()) for message in topic.read({"bootstrap.servers": self._kafka}, RAW)]
        mine = [made for made in found if made.header.source_id == self.source]
        return sorted(mine, key=lambda made: made.header.published_at_ms)

    def claims(self) -> dict[str, SourceTotals]:
        """What heartbeats of replays say of the source, by boot id; every partition has heard it."""
        found: dict[str, dict[int, SourceTotals]] = {}
        for message in topic.read({"bootstrap.servers": self._kafka}, RAW):
            header = parse_batch(message.value()).header
            for totals in header.heartbeat.totals:
                if header.kind == BatchKind.BATCH_KIND_HEARTBEAT and totals.source_id == self.source:
                    found.setdefault(header.heartbeat.boot_id, {})[message.partition()] = totals
        assert all(set(beats) == {0, 1, 2, 3} for beats in found.values())
        return {boot: beats[0] for boot, beats in found.items()}

    def record(self, made: AccessLogBatch) -> None:
        """Put a batch into the ledger, as the media-usage job does."""
        header = made.header
        self.billing.ledger(
            header.batch_id, 0, hour=of_epoch_ms(header.hour_ms), records=len(made.records), source=self.source
        )
        self.billing.execute(
            "UPDATE batch_ledger SET received_at = %s, boot_id = %s WHERE batch_id = %s",
            *(of_epoch_ms(header.received_at_ms), header.collector_boot, header.batch_id),
        )

    def replay(self, *options: str) -> int:
        return dead_letters.main(["replay", "--source", self.source, *options])


def _source(name: str) -> Mapping[str, object]:
    fields = {"end_time": "time", "method": "method", "path": "path", "status": "status", "body_bytes": "bytes"}
    options = {"time_unit": "s", "fields": fields}
    return {"id": name, "cdn": "generic", "listener": {"type": "http"}, "options": options}


@pytest.fixture
def site(broker: Stack, billing: Billing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(broker, billing, tmp_path, monkeypatch)


class TestReplay:
    def test_three_letters_of_a_retried_line_become_one_batch(
        self, site: Site, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for attempt in range(3):
            site.reject(site.line(), received_at_ms=site.now_ms - attempt)
        assert site.replay("--yes") == 0
        [made] = site.raw()
        assert made.header.batch_id == batch_id(site.source, "dead-letter:d1", site.hour_ms, 0)
        assert [record.path for record in made.records] == ["/film"]
        assert made.header.published_at_ms >= site.now_ms
        hour = f"{of_epoch_ms(site.hour_ms):%Y-%m-%dT%H}"
        assert capsys.readouterr().out.splitlines() == [
            f"to be replayed: 1 of {site.source} bad-line (3 letters): 1 records, {hour} to {hour}",
            f"replayed 1 as {made.header.collector_boot}",
        ]

    def test_it_claims_what_it_has_sent_in_every_partition(self, site: Site) -> None:
        site.reject(site.line(), site.line())
        site.replay("--yes")
        boot = site.raw()[0].header.collector_boot
        assert boot.startswith(REPLAY_BOOT)
        assert site.claims() == {boot: SourceTotals(source_id=site.source, batches=2, records=2)}

    def test_a_line_of_long_ago_is_late(self, site: Site) -> None:
        site.reject(site.line(age_ms=60 * HOUR_MS))
        site.replay("--yes")
        [made] = site.raw()
        assert made.header.late
        assert is_late(made.header.hour_ms, made.header.published_at_ms)

    def test_a_second_run_sends_copies_while_the_ledger_does_not_know(self, site: Site) -> None:
        site.reject(site.line())
        site.replay("--yes")
        site.replay("--yes")
        one, other = (made.header for made in site.raw())
        assert one.batch_id == other.batch_id
        assert len(site.claims()) == 2

    def test_a_second_run_does_nothing_once_the_ledger_knows(
        self, site: Site, capsys: pytest.CaptureFixture[str]
    ) -> None:
        site.reject(site.line())
        site.replay("--yes")
        site.record(site.raw()[0])
        capsys.readouterr()
        assert site.replay("--yes") == 0
        assert capsys.readouterr().out.startswith("in the ledger already: 1 of ")
        assert len(site.raw()) == 1

    def test_what_is_still_rejected_is_told_and_not_buried_again(
        self, site: Site, capsys: pytest.CaptureFixture[str]
    ) -> None:
        site.reject(b"{}", site.line())
        assert site.replay("--yes") == 1
        told = capsys.readouterr().out.splitlines()
        assert told[-2].startswith(f"still rejected: 1 of {site.source} bad-line: ")
        assert told[-2].endswith(f"; such as {site.source}/d1/0")
        assert len(site.raw()) == 1
        assert list_(site, capsys)[0].startswith(f"{site.source} bad-line: 2 letters, 2 different")

    def test_one_is_chosen_by_its_provenance(self, site: Site) -> None:
        site.reject(site.line("/one"), site.line("/other"))
        assert dead_letters.main(["replay", "--provenance", f"{site.source}/d1/1", "--yes"]) == 0
        assert [made.records[0].path for made in site.raw()] == ["/other"]

    def test_letters_that_come_while_it_asks_are_left_for_the_next_run(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site.reject(site.line("/one"))

        def answer(prompt: str) -> str:
            site.reject(site.line("/other"), delivery_id="d2")
            return "y"

        monkeypatch.setattr("builtins.input", answer)
        site.replay()
        assert [made.records[0].path for made in site.raw()] == ["/one"]

    @pytest.mark.parametrize(("options", "status"), [(["--dry-run", "--yes"], 0), ([], 1)], ids=["dry run", "no"])
    def test_without_consent_nothing_is_sent(
        self, site: Site, monkeypatch: pytest.MonkeyPatch, options: list[str], status: int
    ) -> None:
        monkeypatch.setattr("builtins.input", lambda prompt: "n")
        site.reject(site.line())
        assert site.replay(*options) == status
        assert (site.raw(), site.claims()) == ([], {})


class TestMessages:
    def bury(self, site: Site, sent: AccessLogBatch) -> None:
        """What an enrichment job of a broken release leaves of a message."""
        letter = DeadLetter(
            stage="enrichment",
            reason="invalid-batch",
            payload=sent.SerializeToString(),
            topic=RAW,
            topic_timestamp_ms=kafka_timestamp(sent),
        )
        site.bury(letter)

    def test_a_message_that_can_be_read_now_is_sent_again_as_it_was(self, site: Site) -> None:
        """Under its own id, published now, and not claimed: the collector that wrote it has."""
        sent = batch([delivery("/film")], hour_ms=site.hour_ms, source_id=site.source, published_at_ms=site.now_ms)
        self.bury(site, sent)
        assert dead_letters.main(["replay", "--reason", "invalid-batch", "--yes"]) == 0
        [made] = site.raw()
        assert made.header.published_at_ms > sent.header.published_at_ms
        made.header.published_at_ms = sent.header.published_at_ms
        assert (made, site.claims()) == (sent, {})

    def test_one_whose_batch_the_ledger_has_is_left_alone(self, site: Site) -> None:
        sent = batch([delivery("/film")], hour_ms=site.hour_ms, source_id=site.source, published_at_ms=site.now_ms)
        self.bury(site, sent)
        site.record(sent)
        dead_letters.main(["replay", "--reason", "invalid-batch", "--yes"])
        assert site.raw() == []


class TestCountedOtherwise:
    """The delivery came again, to a collector that could read the line."""

    def again(self, site: Site, first_line: int = 0) -> AccessLogBatch:
        made = batch(
            [delivery("/film")],
            hour_ms=site.hour_ms,
            delivery_id="d1",
            source_id=site.source,
            first_line=first_line,
            published_at_ms=site.now_ms + 1,
        )
        site.record(made)
        return made

    def test_a_line_that_it_has_brought_is_not_replayed(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        site.reject(site.line())
        copy = site.publish(self.again(site))
        assert site.replay("--yes") == 0
        assert site.raw() == [copy]
        assert capsys.readouterr().out.startswith("counted by another copy of the delivery: 1 of ")

    def test_a_line_that_it_has_not_brought_is_replayed(self, site: Site) -> None:
        site.reject(b"{}", site.line())
        site.publish(self.again(site))
        site.replay("--yes")
        assert [made.header.delivery_id for made in site.raw()] == ["d1", "dead-letter:d1"]

    def test_where_raw_cannot_tell_any_more_it_is_not_replayed(
        self, site: Site, capsys: pytest.CaptureFixture[str]
    ) -> None:
        site.reject(site.line())
        self.again(site)
        assert site.replay("--yes") == 1
        assert capsys.readouterr().out.startswith("perhaps counted by another copy of the delivery: 1 of ")


def list_(site: Site, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    capsys.readouterr()
    assert dead_letters.main(["list", "--source", site.source, *options]) == 0
    return capsys.readouterr().out.splitlines()


class TestList:
    def test_it_counts_by_source_and_reason(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        site.reject(site.line(), site.line())
        site.reject(site.line(), site.line())
        [told] = list_(site, capsys)
        assert told.startswith(f"{site.source} bad-line: 4 letters, 2 different, ")
        assert told.endswith(f", such as {site.source}/d1/0")

    def test_it_shows_each_and_content_only_on_request(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        site.reject(b"secret")
        [told] = list_(site, capsys, "--each")
        assert told.endswith(f" {site.source}/d1/0 bad-line: this release reads nothing")
        assert list_(site, capsys, "--payload") == [told, "    secret"]

    def test_it_says_that_there_are_none(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        assert list_(site, capsys) == ["no dead letters"]


def killed_before_its_claim(source: str, environ: dict[str, str]) -> None:
    """Runs in a process of its own: all batches are in Kafka, no heartbeat is."""

    def die(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    os.environ.update(environ)
    pytest.MonkeyPatch().setattr(publication, "_claim", die)
    dead_letters.main(["replay", "--source", source, "--yes"])


def test_a_run_that_was_killed_is_run_again_and_makes_the_same_batches(site: Site) -> None:
    site.reject(site.line("/one"), site.line("/other"))
    child = multiprocessing.get_context("spawn").Process(
        target=killed_before_its_claim, args=(site.source, site.environ)
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    before = {made.header.batch_id for made in site.raw()}
    assert site.replay("--yes") == 0
    assert {made.header.batch_id for made in site.raw()} == before
    assert (len(before), len(site.raw()), len(site.claims())) == (2, 4, 1)


class TestWrongCalls:
    def test_everything_is_only_replayed_where_it_is_asked_for(self, site: Site) -> None:
        for arguments in (["replay"], ["replay", "--all", "--source", site.source]):
            with pytest.raises(SystemExit):
                dead_letters.main(arguments)

    def test_a_missing_setting_is_named(
        self, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("COLLECTOR_KAFKA_BOOTSTRAP")
        assert dead_letters.main(["list"]) == 2
        assert capsys.readouterr().err.startswith("dead_letters: COLLECTOR_KAFKA_BOOTSTRAP is not set")
