"""Labels and samples."""

from __future__ import annotations

import pytest

from ops.exporter.reading import family, job_label
from schemas.metrics import exporter as defined


@pytest.mark.parametrize(
    ("name", "label"),
    [("enrichment", "enrichment"), ("media-usage", "media_usage"), ("Source: raw", "Source:_raw")],
)
def test_a_job_is_named_as_flinks_reporter_names_it(name: str, label: str) -> None:
    assert job_label(name) == label


def test_labels_come_in_the_order_of_the_registry() -> None:
    made = family(defined.REJECTED, [(("acme", "bad-json"), 3)])
    assert (made.name, made.type, made.documentation) == ("billing_rejected_lines", "gauge", defined.REJECTED.meaning)
    assert [(sample.labels, sample.value) for sample in made.samples] == [({"source": "acme", "reason": "bad-json"}, 3)]
