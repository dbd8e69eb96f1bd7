"""A bad line never costs the good ones of its delivery, however bad it is and however the delivery is wrapped."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import cramjam
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.batches.blocks import Delivery, cut_blocks, parse_block
from collectors.origin import Origin
from collectors.parsers import cloudflare
from schemas.batch import LINE_MAX_BYTES

BEARER = {"Authorization": "Bearer a-secret-of-acme-1234"}


def good(number: int) -> bytes:
    fields = {
        "ClientRequestMethod": "GET",
        "ClientRequestPath": f"/vod/a/{number}.ts",
        "EdgeEndTimestamp": 1_795_417_200_000_000_000,
        "EdgeResponseBodyBytes": 1_000,
        "EdgeResponseStatus": 200,
    }
    return json.dumps(fields).encode()


BAD = {
    "no JSON": b"no JSON",
    "half a line": good(1)[:40],
    "another type": b"[1, 2]",
    "no field": b"{}",
    "a number": b"42",
    "not UTF-8": b'{"ClientRequestPath":"\xff\xfe"}',
    "NUL": b"\0" * 20,
    "deep": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "a huge number": good(1).replace(b"1000", b"9" * 400),
    "a negative number": good(1).replace(b"1000", b"-1"),
    "a far future": good(1).replace(b"1795417200000000000", b"4102444800000000000"),
    "a far past": good(1).replace(b"1795417200000000000", b"946684800000000000"),
    "time that is no time": good(1).replace(b"1795417200000000000", b'"yesterday"'),
    "too long": b'{"x":"' + b"x" * LINE_MAX_BYTES + b'"}',
    "surrogates": good(1).replace(b"/vod", b"\\ud800"),
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "snappy": lambda body: bytes(cramjam.snappy.compress(body)),
}


@pytest.mark.parametrize("pack", PACKINGS.values(), ids=PACKINGS)
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_between_good_lines_it_is_a_reject_and_nothing_more(
    collector: Any, bad: bytes, pack: Callable[[bytes], bytes]
) -> None:
    body = b"\n".join([good(0), bad, good(1), bad, good(2)])
    answer = await collector.client.post("/v1/logs/cloudflare", data=pack(body), headers=BEARER)
    assert answer.status == 200
    paths = [record.path for batch in collector.producer.batches() for record in batch.records]
    rejected = sum(reason.count for batch in collector.producer.batches() for reason in batch.header.rejected)
    letters = [(letter.line, letter.payload) for letter in collector.producer.dead_letters()]
    assert paths == ["/vod/a/0.ts", "/vod/a/1.ts", "/vod/a/2.ts"]
    assert (rejected, letters) == (2, [(1, bad[:LINE_MAX_BYTES]), (3, bad[:LINE_MAX_BYTES])])


RECORD = {
    "date": "2026-11-23",
    "time": "07:00:00",
    "cs-method": "GET",
    "cs-uri-stem": "/vod/a/1.ts",
    "sc-status": "200",
    "sc-bytes": "1184010",
    "time-taken": "0.268",
    "x-edge-result-type": "Hit",
    "x-edge-request-id": "EXAMPLEp7Zl9Qm2uV0yYJmXo1dWm8h3w==",
}


@pytest.mark.parametrize(
    "record",
    ["!!! no base64", "", base64.b64encode(b"no JSON").decode(), base64.b64encode(gzip.compress(b"{}")).decode()],
    ids=["no base64", "empty", "no JSON", "compressed"],
)
async def test_a_bad_record_of_an_envelope_costs_no_other(collector: Any, record: str) -> None:
    fine = base64.b64encode(json.dumps(RECORD).encode() + b"\n").decode()
    envelope = {"requestId": "r-1", "timestamp": 1, "records": [{"data": each} for each in (fine, record, fine)]}
    answer = await collector.client.post("/v1/logs/cloudfront", data=json.dumps(envelope).encode(), headers=BEARER)
    assert answer.status == 200
    assert [len(batch.records) for batch in collector.producer.batches()] == [2]


LINES = st.lists(
    st.sampled_from(["good", *BAD]).map(lambda name: (name == "good", BAD.get(name, good(7))))
    | st.binary(max_size=30).filter(lambda line: b"\n" not in line).map(lambda line: (False, b"\xff" + line)),
    max_size=40,
)


@settings(max_examples=30, deadline=None)
@given(LINES)
def test_every_line_of_any_mixture_is_in_exactly_one_place(lines: list[tuple[bool, bytes]]) -> None:
    delivery = Delivery(
        source_id="acme",
        cdn="cloudflare",
        delivery_id="d-1",
        received_at_ms=1_795_417_260_000,
        lines=[line for _, line in lines],
    )
    parse = cloudflare.parser(cloudflare.Options())
    origin = Origin(build="0123456789ab", boot_id="b007")
    results = [parse_block(delivery, block, parse, origin) for block in cut_blocks(delivery.lines)]
    records = sum(len(batch.records) for result in results for batch in result.batches)
    letters = [letter.line for result in results for letter in result.dead_letters]
    assert records == sum(is_good for is_good, _ in lines)
    assert letters == [number for number, (is_good, _) in enumerate(lines) if not is_good]
