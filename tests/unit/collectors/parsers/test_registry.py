"""Every format has what a source needs of it."""

from __future__ import annotations

import pytest

from collectors.framing.unwrap import SPLITTERS
from collectors.parsers.registry import FORMATS


def test_the_formats_that_are_read() -> None:
    assert {f"{cdn} {name}": known.framing for (cdn, name), known in FORMATS.items()} == {
        "fastly json": "json",
        "cloudflare json": "json",
        "akamai json": "json",
        "akamai structured": "lines",
        "cloudfront json": "firehose-json",
        "cloudfront tab": "firehose-lines",
        "generic json": "json",
        "google_cloud_cdn json": "pubsub-json",
        "google_media_cdn json": "pubsub-json",
        "azure_front_door json": "azure-records",
        "bunny plain": "lines",
        "keycdn pipe": "lines",
        "cdn77 json": "json",
        "cdn77 tsv": "lines",
        "cdn77 csv": "lines",
        "gcore json": "json",
        "gcore text": "lines",
        "nginx json": "json",
        "nginx combined": "lines",
        "varnish json": "json",
        "varnish combined": "lines",
    }


@pytest.mark.parametrize("known", FORMATS.values(), ids=[" ".join(key) for key in FORMATS])
def test_every_framing_can_be_split(known: object) -> None:
    assert known.framing in SPLITTERS  # type: ignore[attr-defined]  # a Format


def test_a_body_is_no_probe_unless_its_cdn_says_so() -> None:
    probes = {cdn for (cdn, _), known in FORMATS.items() if known.is_probe(b'{"content":"tests"}')}
    assert probes == {"cloudflare", "akamai", "gcore"}
