"""The expectation knows of sizes only what the line of that CDN tells."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from local.traffic.events import Cdn, Event, Kind, Viewer
from local.traffic.told import Told, told

SIZE = 1_000_000


def event(cdn: Cdn, protocol: str, **different: Any) -> Event:
    viewer = Viewer(address="192.0.2.1", user_agent="", cdn=cdn, host="", pop="FRA", protocol=protocol)
    whole = Event(
        viewer=viewer,
        end_ms=1,
        elapsed_ms=1,
        first_byte_ms=1,
        method="GET",
        path="/",
        status=200,
        kind=Kind.SEGMENT,
        object_bytes=SIZE,
        body_bytes=SIZE,
        request_id=0,
    )
    return replace(whole, **different)


WHOLE: dict[str, Any] = {}
HALF = {"body_bytes": 500_000, "completed": False}
RANGE = {"status": 206, "body_bytes": 200_000, "first": 0, "last": 199_999}
CUT_RANGE = {**RANGE, "body_bytes": 100_000, "completed": False}
#: So little is missing that the headers make up for it: CloudFront's total cannot show the abort.
NEARLY = {"body_bytes": SIZE - 100, "completed": False}
TINY = {"object_bytes": 90, "body_bytes": 40, "completed": False}


@pytest.mark.parametrize(
    ("cdn", "protocol", "different", "expected"),
    [
        pytest.param(Cdn.FASTLY, "2", WHOLE, Told(SIZE, SIZE), id="fastly-whole"),
        pytest.param(Cdn.FASTLY, "2", HALF, Told(500_000, SIZE), id="fastly-half"),
        pytest.param(Cdn.FASTLY, "2", RANGE, Told(200_000, SIZE), id="fastly-range"),
        pytest.param(Cdn.FASTLY, "2", {"status": 404}, Told(SIZE, None), id="fastly-error-has-no-size"),
        pytest.param(Cdn.CLOUDFLARE, "3", CUT_RANGE, Told(100_000, SIZE), id="cloudflare-cut-range"),
        pytest.param(Cdn.AKAMAI, "1.1", HALF, Told(500_000, SIZE), id="akamai-http1"),
        pytest.param(Cdn.AKAMAI, "2", WHOLE, Told(SIZE + 62 * 9, SIZE), id="akamai-http2-with-frames"),
        pytest.param(Cdn.AKAMAI, "2", RANGE, Told(200_000 + 13 * 9, SIZE), id="akamai-range"),
        pytest.param(Cdn.CLOUDFRONT, "2", WHOLE, Told(SIZE, SIZE), id="cloudfront-whole"),
        pytest.param(Cdn.CLOUDFRONT, "2", HALF, Told(500_210 - 300, SIZE), id="cloudfront-half-less-allowance"),
        pytest.param(Cdn.CLOUDFRONT, "1.1", HALF, Told(500_480 - 600, SIZE), id="cloudfront-http1-allowance"),
        pytest.param(Cdn.CLOUDFRONT, "2", NEARLY, Told(SIZE, SIZE), id="cloudfront-hides-a-late-abort"),
        pytest.param(Cdn.CLOUDFRONT, "2", TINY, Told(90, 90), id="cloudfront-headers-outweigh-a-tiny-object"),
        pytest.param(Cdn.CLOUDFRONT, "2", RANGE, Told(200_000, None), id="cloudfront-range-without-size"),
        pytest.param(Cdn.CLOUDFRONT, "2", {"status": 0, "body_bytes": 0}, Told(0, None), id="cloudfront-no-answer"),
    ],
)
def test_a_line_tells(cdn: Cdn, protocol: str, different: dict[str, Any], expected: Told) -> None:
    assert told(event(cdn, protocol, **different)) == expected
