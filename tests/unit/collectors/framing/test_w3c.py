"""CloudFront's files to lines that its JSON parser reads."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.framing.errors import InvalidBody
from collectors.framing.w3c import split_w3c
from collectors.parsers.registry import FORMATS
from schemas.cdn_logs_pb2 import CacheStatus, Method

#: As the developer guide shows a standard log; made-up values.
FILE = b"""#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) \
cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken \
x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status \
fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len \
sc-range-start sc-range-end
2026-09-01\t10:00:01\tFRA56-P4\t1048976\t203.0.113.24\tGET\td111.cloudfront.net\t/film/720p/segment-42.m4s\t200\t-\t\
ExamplePlayer/3.1%20(iOS)\ttoken=x\t-\tHit\tid1==\tvod.example.com\thttps\t412\t0.268\t-\tTLSv1.3\tAES128\tHit\t\
HTTP/2.0\t-\t-\t51522\t0.004\tHit\tvideo/mp4\t1048576\t-\t-
"""


def test_a_standard_log_is_read_by_the_parser_of_its_json_form() -> None:
    known = FORMATS["cloudfront", "json"]
    [line] = split_w3c(FILE)
    record = known.parser(known.options())(line)
    assert (record.event_time_ms, record.status, record.path) == (1_788_256_801_000, 200, "/film/720p/segment-42.m4s")
    assert (record.host, record.method, record.body_bytes) == ("vod.example.com", Method.METHOD_GET, 1_048_576)
    assert (record.user_agent, record.request_id) == ("ExamplePlayer/3.1 (iOS)", "id1==")
    assert (record.cache_status, record.elapsed_ms) == (CacheStatus.CACHE_STATUS_HIT, 268)


def test_files_behind_each_other_have_columns_of_their_own() -> None:
    body = b"#Version: 1.0\n#Fields: a b\n1\t2\n#Version: 1.0\n#Fields: b\n3\n"
    assert [json.loads(line) for line in split_w3c(body)] == [{"a": "1", "b": "2"}, {"b": "3"}]


@pytest.mark.parametrize(
    "line",
    [pytest.param(b"1\t2\t3", id="too many"), pytest.param(b"1", id="too few"), pytest.param(b"\xff\t2", id="text")],
)
def test_a_line_of_other_columns_stays_for_the_parser_to_reject(line: bytes) -> None:
    assert split_w3c(b"#Fields: a b\n" + line) == [line]


def test_columns_without_names_are_refused() -> None:
    with pytest.raises(InvalidBody, match="no line `#Fields:`"):
        split_w3c(b"#Version: 1.0\n1\t2\n")


@given(st.lists(st.tuples(*[st.text(st.characters(exclude_characters="\t\r\n", exclude_categories=["Cs"]))] * 2)))
def test_every_line_comes_out_in_its_place(rows: list[tuple[str, str]]) -> None:
    lines = ["x" + "\t".join(row) for row in rows]
    found = split_w3c("\n".join(["#Fields: a b", *lines]).encode())
    assert [json.loads(line) for line in found] == [{"a": f"x{one}", "b": other} for one, other in rows]
