"""Which hosts are this machine alone."""

from __future__ import annotations

import pytest

from collectors.trust.loopback import is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example.com", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_known_by_its_address_alone(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
