"""The host of a URL."""

from __future__ import annotations

import pytest

from collectors.parsers.urls import host_of


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://vod.example.com/a/b?c", "vod.example.com"),
        ("http://vod.example.com:8080/a", "vod.example.com"),
        ("https://vod.example.com", "vod.example.com"),
        ("https://vod.example.com?a/b", "vod.example.com"),
        ("https://user:word@vod.example.com/a", "vod.example.com"),
        ("https://[2001:db8::1]:443/a", "[2001:db8::1]"),
        ("https://[2001:db8::1]/a", "[2001:db8::1]"),
        ("/a/b@c", ""),
        ("", ""),
    ],
)
def test_a_host_has_no_port_and_no_credentials(url: str, host: str) -> None:
    assert host_of(url) == host
