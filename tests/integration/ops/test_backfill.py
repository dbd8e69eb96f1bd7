"""Log files replayed on a real broker and a real Postgres, from this machine and from a bucket."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from local.stack import Stack
from ops import hours, topic
from ops.backfill.__main__ import BOOT, main
from schemas.batch import BLOCK_MAX_LINES, batch_id, delivery_id_of_body, hour_of, parse_batch
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchKind, DeadLetter, SourceTotals
from schemas.topics import DEAD_LETTER, RAW
from tests.integration.billing import Billing
from tests.support.batches import HOUR_MS

_numbers = count(1)


class Site:
    """A source of its own, its log files, and what ledger and Kafka have of it. The last closed hour is `hour_ms`."""

    def __init__(self, broker: Stack, billing: Billing, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.source, self.billing, self.logs = f"files-{next(_numbers)}", billing, folder / "logs"
        self.logs.mkdir()
        self._folder, self._kafka = folder, {"bootstrap.servers": broker.kafka_bootstrap}
        self.hour_ms = hour_of(time.time_ns() // 1_000_000) - 4 * HOUR_MS
        billing.watermark(hours.of_epoch_ms(self.hour_ms + HOUR_MS))
        self.configure()
        monkeypatch.setenv("COLLECTOR_KAFKA_BOOTSTRAP", broker.kafka_bootstrap)
        monkeypatch.setenv("COLLECTOR_SOURCES_FILE", str(folder / "sources.yaml"))
        monkeypatch.setenv("BILLING_DSN", billing.dsn)

    @property
    def hour(self) -> str:
        return hours.show(hours.of_epoch_ms(self.hour_ms))

    def configure(self, **fields: object) -> None:
        names = ("time", "method", "path", "status", "bytes", "id")
        known = dict(zip(("end_time", "method", "path", "status", "body_bytes", "request_id"), names, strict=True))
        source = {"id": self.source, "cdn": "generic", "listener": {"type": "http"}}
        options = {"options": {"time_unit": "ms", "fields": known}}
        (self._folder / "sources.yaml").write_text(yaml.safe_dump({"sources": [{**source, **options, **fields}]}))

    def line(self, path: str = "/film", ago_ms: int = 0, request_id: str = "r1") -> bytes:
        fields = {"time": self.hour_ms - ago_ms, "method": "GET", "path": path, "status": 200, "bytes": 1}
        return json.dumps({**fields, "id": request_id}).encode()

    def file(self, name: str, *lines: bytes) -> bytes:
        """Write a log file; returns its content before compression."""
        content = b"\n".join(lines) + b"\n"
        (self.logs / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return content

    def backfill(self, *options: str, place: str | None = None) -> int:
        return main([self.source, place or str(self.logs), *options])

    def raw(self) -> list[AccessLogBatch]:
        """Batches of the source, oldest hour first."""
        found = [parse_batch(message.value()) for message in topic.read(self._kafka, RAW)]
        mine = [made for made in found if made.header.source_id == self.source]
        return sorted(mine, key=lambda made: (made.header.hour_ms, made.header.first_line))

    def dead(self) -> list[DeadLetter]:
        letters = [DeadLetter.FromString(message.value()) for message in topic.read(self._kafka, DEAD_LETTER)]
        return [letter for letter in letters if letter.source_id == self.source]

    def claims(self, boot: str) -> list[SourceTotals]:
        """What a run's heartbeats say, one a partition."""
        found = (parse_batch(message.value()).header for message in topic.read(self._kafka, RAW))
        beats = [header.heartbeat for header in found if header.kind == BatchKind.BATCH_KIND_HEARTBEAT]
        return [totals for beat in beats if beat.boot_id == boot for totals in beat.totals]

    def record(self, *batches: AccessLogBatch) -> None:
        """Put batches into the ledger, as the media-usage job does."""
        for made in batches:
            hour = hours.of_epoch_ms(made.header.hour_ms)
            self.billing.ledger(made.header.batch_id, 0, hour=hour, records=len(made.records), source=self.source)

    def pushed(self, records: int = 7, hour_ms: int | None = None) -> None:
        """Something of the hour came another way."""
        hour = hours.of_epoch_ms(self.hour_ms if hour_ms is None else hour_ms)
        self.billing.ledger(f"pushed-{next(_numbers)}", 0, hour=hour, records=records, source=self.source)


@pytest.fixture
def site(broker: Stack, billing: Billing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(broker, billing, tmp_path, monkeypatch)


class TestOneFile:
    def test_it_becomes_the_batches_that_a_post_of_it_makes(
        self, site: Site, capsys: pytest.CaptureFixture[str]
    ) -> None:
        content = site.file("a.log.gz", site.line("/one"), b"no json", site.line("/two"))
        assert site.backfill("--yes") == 0
        [made] = site.raw()
        header = made.header
        assert header.batch_id == batch_id(site.source, delivery_id_of_body(content), site.hour_ms, 0)
        assert [(record.line, record.path) for record in made.records] == [(0, "/one"), (2, "/two")]
        assert {reason.reason: reason.count for reason in header.rejected} == {"bad-json": 1}
        assert not header.late
        assert header.published_at_ms >= header.received_at_ms > site.hour_ms
        [letter] = site.dead()
        assert (letter.delivery_id, letter.line, letter.payload) == (header.delivery_id, 1, b"no json")
        assert header.collector_boot.startswith(BOOT)
        totals = SourceTotals(source_id=site.source, batches=1, records=2, rejected=1)
        assert site.claims(header.collector_boot) == [totals] * 4
        assert capsys.readouterr().out.splitlines() == [
            "1 files (0 refused, 0 with the content of another): 3 lines, 2 records, 1 rejected: bad-json 1",
            f"{site.hour}: missing; 2 records in 1 batches to publish",
            f"published 2 records in 1 batches and 1 dead letters as {header.collector_boot}",
        ]

    def test_what_is_beyond_the_horizon_becomes_a_correction(
        self, site: Site, capsys: pytest.CaptureFixture[str]
    ) -> None:
        site.file("a.log", site.line(ago_ms=60 * HOUR_MS))
        assert site.backfill("--yes") == 0
        [made] = site.raw()
        assert made.header.late
        assert "to publish as corrections" in capsys.readouterr().out

    def test_what_is_too_old_to_be_billed_is_told(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        site.file("a.log", site.line(), site.line(ago_ms=46 * 24 * HOUR_MS))
        assert site.backfill("--dry-run") == 0
        assert "2 lines, 1 records, 1 rejected: too-old 1" in capsys.readouterr().out
        assert site.raw() == []


class TestRunAgain:
    def test_it_sends_nothing_once_the_ledger_knows(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        site.file("a.log", site.line(), b"no json")
        site.backfill("--yes")
        site.record(*site.raw())
        capsys.readouterr()
        assert site.backfill("--yes") == 0
        assert capsys.readouterr().out.splitlines()[1:] == [
            f"{site.hour}: in the ledger already; 1 records in 1 batches recorded",
            "nothing to publish",
        ]
        assert (len(site.raw()), len(site.dead())) == (1, 1)

    def test_it_sends_copies_while_the_ledger_does_not(self, site: Site) -> None:
        site.file("a.log", site.line())
        site.backfill("--yes")
        site.backfill("--yes")
        one, other = site.raw()
        assert one.header.batch_id == other.header.batch_id

    def test_it_goes_on_where_a_killed_run_ended(self, site: Site) -> None:
        site.file("a.log", *[site.line(request_id=str(number)) for number in range(BLOCK_MAX_LINES + 1)])
        site.backfill("--yes")
        first, second = site.raw()
        site.record(first)
        assert site.backfill("--yes") == 0
        again = [
            made.header.batch_id for made in site.raw() if made.header.collector_boot != first.header.collector_boot
        ]
        assert again == [second.header.batch_id]

    def test_a_copy_under_another_name_is_read_once(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        site.file("a.log", site.line())
        site.file("b.log.gz", site.line())
        assert site.backfill("--yes") == 0
        assert len(site.raw()) == 1
        assert "2 files (0 refused, 1 with the content of another)" in capsys.readouterr().out


class TestWhatCameAnotherWay:
    def test_an_hour_with_other_deliveries_is_refused(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        site.file("a.log", site.line())
        site.pushed(records=7)
        assert site.backfill("--yes") == 1
        told = capsys.readouterr()
        assert told.out.splitlines()[1] == (
            f"{site.hour}: DOUBTFUL, other deliveries are billed; 1 records in 1 batches to publish;"
            " 7 records in 1 batches of other deliveries"
        )
        assert told.err.startswith(f"refused: what these files hold of 1 hours, {site.hour} to {site.hour}, may have")
        assert site.raw() == []

    def test_it_is_published_by_force(self, site: Site) -> None:
        site.file("a.log", site.line())
        site.pushed()
        assert site.backfill("--yes", "--force") == 0
        assert len(site.raw()) == 1

    def test_only_hours_without_others_are_published_where_asked_for(self, site: Site) -> None:
        site.file("a.log", site.line("/there"), site.line("/missing", ago_ms=HOUR_MS), b"no json")
        site.pushed()
        assert site.backfill("--yes", "--only-missing") == 0
        [made] = site.raw()
        assert [record.path for record in made.records] == ["/missing"]
        assert len(site.dead()) == 1

    def test_files_that_were_posted_themselves_are_no_others(self, site: Site) -> None:
        site.file("a.log", site.line("/posted"))
        site.backfill("--yes")
        site.record(*site.raw())
        site.file("b.log", site.line("/lost"))
        assert site.backfill("--yes") == 0
        assert sorted(made.records[0].path for made in site.raw()) == ["/lost", "/posted"]

    def test_a_source_whose_lines_are_recognised_is_not_refused(
        self, site: Site, capsys: pytest.CaptureFixture[str]
    ) -> None:
        site.configure(deduplicate_records=True)
        site.file("a.log", site.line())
        site.pushed()
        assert site.backfill("--yes") == 0
        assert f"{site.hour}: repeated lines are recognised; " in capsys.readouterr().out
        assert site.raw()[0].header.deduplicate_records

    @pytest.mark.parametrize(
        ("ago_ms", "request_id"),
        [pytest.param(62 * HOUR_MS, "r1", id="too long ago"), pytest.param(0, "", id="a line without request id")],
    )
    def test_it_is_where_they_are_not(self, site: Site, ago_ms: int, request_id: str) -> None:
        site.configure(deduplicate_records=True)
        site.file("a.log", site.line(ago_ms=ago_ms, request_id=request_id))
        site.pushed(hour_ms=site.hour_ms - ago_ms)
        assert site.backfill("--yes") == 1
        assert site.raw() == []

    def test_what_the_audit_misses_comes_first(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        site.file("a.log", site.line())
        site.billing.totals(2, 20, source=site.source)
        site.billing.totals(1, 10, source="another")
        assert site.backfill("--dry-run") == 0
        [told] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
        assert told.startswith(f"warning: {site.source}: 2 batches, 20 records lost of collector boot-1 (")
        assert told.endswith(
            "What raw has must come from `ops.reprocess`, which would bill it beside the same lines of these files"
        )

    def test_an_hour_that_is_not_closed_is_refused(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        site.file("a.log", site.line(ago_ms=-HOUR_MS))
        assert site.backfill("--yes") == 1
        assert "DOUBTFUL, the hour is not closed" in capsys.readouterr().out


class TestWhatIsRefused:
    def test_a_file_that_no_collector_would_take_costs_no_other(
        self, site: Site, capsys: pytest.CaptureFixture[str]
    ) -> None:
        site.file("a.log", site.line())
        (site.logs / "b.log.gz").write_bytes(gzip.compress(site.line())[:-9])
        (site.logs / "c.parquet").write_bytes(b"PAR1")
        assert site.backfill("--yes") == 1
        assert len(site.raw()) == 1
        assert site.dead() == []
        assert capsys.readouterr().out.splitlines()[:2] == [
            f"refused: {site.logs}/b.log.gz: the compressed body is truncated",
            f"refused: {site.logs}/c.parquet: none of its 1 lines can be read (bad-json): not of this source's format?",
        ]

    def test_an_unknown_source(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["nobody", str(site.logs)]) == 2
        assert "has no source 'nobody': add it, or name one that it has" in capsys.readouterr().err

    def test_a_folder_without_files(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        assert site.backfill() == 2
        assert capsys.readouterr().err == f"backfill: there is no file at {site.logs}\n"

    def test_who_is_not_asked_has_not_agreed(
        self, site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def answer(prompt: str) -> str:
            asked.append(prompt)
            return "n"

        monkeypatch.setattr("builtins.input", answer)
        site.file("a.log", site.line())
        assert site.backfill() == 1
        assert asked == ["Publish 1 records? [y/N] "]
        assert capsys.readouterr().err == "refused: the backfill was not confirmed\n"
        assert site.raw() == []

    def test_a_file_that_grows_meanwhile(
        self, site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site.file("a.log", site.line())

        def answer(prompt: str) -> str:
            del prompt
            site.file("a.log", site.line(), site.line())
            return "y"

        monkeypatch.setattr("builtins.input", answer)
        assert site.backfill() == 1
        assert f"failed: {site.logs}/a.log has changed since it was examined" in capsys.readouterr().err
        assert site.raw() == []


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, bytes], None]]:
    """The bucket `logs` of a server that speaks S3, with the client's settings in the environment; puts objects."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    for name, value in {"ENDPOINT": endpoint, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "s"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="a", aws_secret_access_key="s", region_name="us-east-1"
    )
    client.create_bucket(Bucket="logs")
    yield lambda key, body: client.put_object(Bucket="logs", Key=key, Body=body)
    server.stop()


class TestBucket:
    def test_objects_whose_names_begin_like_the_url(
        self, site: Site, bucket: Callable[[str, bytes], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in (
            "E0.2026-09-01-10",
            "E1.2026-09-01-10",
            "E1.2026-09-01-11",
            "E1.2026-09-02-00",
            "E2.2026-09-01-10",
        ):
            bucket(f"cdn/{name}.gz", gzip.compress(site.line(f"/{name}")))
        assert site.backfill("--yes", place="s3://logs/cdn/E1.2026-09-01") == 0
        assert sorted(made.records[0].path for made in site.raw()) == ["/E1.2026-09-01-10", "/E1.2026-09-01-11"]
        assert capsys.readouterr().out.startswith("2 files ")

    def test_an_object_makes_the_ids_of_the_file(self, site: Site, bucket: Callable[[str, bytes], None]) -> None:
        content = site.file("a.log", site.line())
        bucket("a.log.gz", gzip.compress(content))
        site.backfill("--yes")
        site.record(*site.raw())
        assert site.backfill("--yes", place="s3://logs/a.log.gz") == 0
        assert len(site.raw()) == 1

    @pytest.mark.parametrize(
        ("place", "status", "told"),
        [
            pytest.param("s3://logs/nothing", 2, "backfill: there is no file at s3://logs/nothing", id="no object"),
            pytest.param("s3://absent/a", 1, "failed: s3://absent/a: ", id="no bucket"),
            pytest.param("ftp://logs/a", 2, "backfill: ftp://logs/a is no bucket: give s3://", id="no bucket's url"),
        ],
    )
    def test_a_url_of_nothing(
        self,
        site: Site,
        bucket: Callable[[str, bytes], None],
        capsys: pytest.CaptureFixture[str],
        place: str,
        status: int,
        told: str,
    ) -> None:
        bucket("a", b"")
        assert site.backfill(place=place) == status
        assert capsys.readouterr().err.startswith(told)


def test_a_file_of_cloudfronts_in_the_form_that_it_has_in_buckets(
    site: Site, bucket: Callable[[str, bytes], None]
) -> None:
    site.configure(cdn="cloudfront", options={})
    date, time_of_day = f"{hours.of_epoch_ms(site.hour_ms):%Y-%m-%d\t%H:%M:%S}".split("\t")
    content = (
        "#Version: 1.0\n#Fields: date time sc-bytes cs-method cs-uri-stem sc-status x-edge-request-id\n"
        f"{date}\t{time_of_day}\t1048976\tGET\t/film/1.m4s\t200\tid1==\n"
    )
    bucket("cf/E1.2026-09-01-10.ab12.gz", gzip.compress(content.encode()))
    assert site.backfill("--yes", "--framing", "w3c", place="s3://logs/cf/E1.") == 0
    [made] = site.raw()
    assert [(record.path, record.request_id) for record in made.records] == [("/film/1.m4s", "id1==")]
