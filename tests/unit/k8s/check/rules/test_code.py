"""Which modules can be run."""

from __future__ import annotations

import pytest

from k8s.check.rules.code import is_program


@pytest.mark.parametrize("module", ["collectors", "console", "jobs.enrichment", "ops.audit", "schemas.migrations"])
def test_a_program_can_be_run(module: str) -> None:
    assert is_program(module)


@pytest.mark.parametrize("module", ["collector", "jobs", "jobs.enrichment.job", "schemas.topics", "ops.settings"])
def test_what_is_not_there_or_does_nothing_cannot(module: str) -> None:
    assert not is_program(module)
