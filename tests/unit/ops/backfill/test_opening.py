"""A file is the delivery that a POST of it is."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
import zstandard

from collectors.batches.blocks import Delivery
from collectors.parsers.registry import FORMATS
from collectors.settings import Limits
from collectors.sources import Source
from collectors.trust.credentials import Credentials
from ops.backfill.log_file import LogFile
from ops.backfill.opening import Opener, Unusable
from schemas.batch import delivery_id_of_body

BODY = b'{"a":1}\r\n\n{"a":2}'
LIMITS = Limits(max_body_bytes=2_000, max_decompressed_bytes=800_000)


def source(framing: str = "json", cdn: str = "generic", **fields: object) -> Source:
    return Source(
        id="edge",
        cdn=cdn,
        parse=lambda line: pytest.fail(f"{line!r} was parsed"),
        framing=framing,  # type: ignore[arg-type]
        format=FORMATS[cdn, "json"],
        credentials=Credentials(),
        **fields,  # type: ignore[arg-type]
    )


def file(body: bytes) -> LogFile:
    return LogFile(name="a.log", size=len(body), read=lambda: body)


def opener(of: Source, framing: str | None = None) -> Opener:
    return Opener(source=of, limits=LIMITS, received_at_ms=7, framing=framing)


@pytest.mark.parametrize("pack", [pytest.param(bytes, id="plain"), gzip.compress, zstandard.compress])
def test_its_identity_is_that_of_its_content_however_it_is_packed(pack: Callable[[bytes], bytes]) -> None:
    assert opener(source(deduplicate_records=True)).open(file(pack(BODY))) == Delivery(
        source_id="edge",
        cdn="generic",
        delivery_id=delivery_id_of_body(BODY),
        received_at_ms=7,
        lines=[b'{"a":1}', b'{"a":2}'],
        deduplicate_records=True,
    )


@pytest.mark.parametrize(
    ("declared", "given", "lines"),
    [
        pytest.param("json", None, [b"1", b"2"], id="as declared"),
        pytest.param("firehose-json", None, [b"1", b"2"], id="without Firehose's envelope"),
        pytest.param("firehose-lines", None, [b"[1,2]"], id="lines without Firehose's envelope"),
        pytest.param("pubsub-json", None, [b"1", b"2"], id="without Pub/Sub's envelope"),
        pytest.param("json", "lines", [b"[1,2]"], id="as the operator says"),
    ],
)
def test_lines_stand_in_it_as_in_a_post(declared: str, given: str | None, lines: list[bytes]) -> None:
    delivery = opener(source(declared), given).open(file(b"[1,2]"))
    assert delivery is not None
    assert delivery.lines == lines


def test_a_line_of_column_names_is_taken_off() -> None:
    with_header = source("lines", is_header=lambda line: line == b"name")
    delivery = opener(with_header).open(file(b"name\n1\n"))
    assert delivery is not None
    assert delivery.lines == [b"1"]
    with pytest.raises(Unusable, match="the first line does not name the columns"):
        opener(with_header).open(file(b"1\n"))


@pytest.mark.parametrize(
    "body", [pytest.param(b"", id="empty"), pytest.param(b'{"content":"tests"}', id="a test upload")]
)
def test_what_a_collector_takes_for_nothing_is_nothing(body: bytes) -> None:
    assert opener(source(cdn="cloudflare")).open(file(body)) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"x" * 2_001, r"larger than 2000 bytes \(COLLECTOR_MAX_BODY_BYTES\)", id="large"),
        pytest.param(gzip.compress(bytes(60_000)) * 15, r"larger than .* \(COLLECTOR_MAX_DEC", id="large once opened"),
        pytest.param(gzip.compress(BODY)[:-1], "the compressed body is truncated", id="truncated"),
        pytest.param(gzip.compress(gzip.compress(BODY)), "compressed twice", id="twice"),
    ],
)
def test_what_a_collector_refuses_is_unusable(body: bytes, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        opener(source()).open(file(body))


@pytest.mark.parametrize(
    ("asks", "declared", "given", "knows"),
    [
        pytest.param(True, "firehose-json", None, True, id="bare lines of the same format"),
        pytest.param(True, "firehose-json", "failed-firehose", True, id="failed records"),
        pytest.param(True, "firehose-json", "w3c", False, id="lines of another format"),
        pytest.param(True, "w3c", None, True, id="which is the one that is pushed"),
        pytest.param(False, "json", None, False, id="a source that does not ask for it"),
    ],
)
def test_lines_are_known_where_they_are_the_pushed_ones(
    asks: bool, declared: str, given: str | None, knows: bool
) -> None:
    assert opener(source(declared, deduplicate_records=asks), given).deduplicates is knows
