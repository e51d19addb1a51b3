"""Relying parties: their names, and whose pages may use their passkeys."""

from __future__ import annotations

import pytest

from bargate.userpool.relying_party import check_relying_party_id, is_origin_of
from bargate.wire.error import AwsError


@pytest.mark.parametrize(
    "name", ["example.org", "auth.example.org", "localhost", "xn--bcher-kva.ch"]
)
def test_names_of_hosts_are_taken(name: str) -> None:
    check_relying_party_id(name)


@pytest.mark.parametrize(
    "name",
    [
        "https://example.org",
        "example.org:443",
        "example.org/",
        "example.org\n",
        "Example.org",
        "127.0.0.1",
        "[::1]",
        "org",
        "a..b",
        ".example.org",
        "example.org.",
        "*.example.org",
        "-a.example.org",
        f"{'a' * 64}.org",
    ],
)
def test_a_relying_party_is_the_name_of_a_host(name: str) -> None:
    with pytest.raises(AwsError) as refused:
        check_relying_party_id(name)
    assert refused.value.code == "InvalidParameterException"


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.org",
        "https://auth.example.org",
        "https://a.b.example.org:8443",
    ],
)
def test_origins_of_the_relying_party_are_taken(origin: str) -> None:
    assert is_origin_of("example.org", origin)


@pytest.mark.parametrize(
    "origin",
    [
        "http://auth.example.org",
        "https://evil.org",
        "https://example.org.evil.org",
        "https://evilexample.org",
        "https://auth.example.org/",
        "https://auth.example.org\n",
        "https://auth.example.org@evil.org",
        "https://evil.org#.example.org",
        "https://evil.org\\.example.org",
        "https://.example.org",
        "HTTPS://auth.example.org",
        "https://auth.example.org:",
        "https://auth.example.org:999999",
        "wss://auth.example.org",
        "http://localhost:3000",
        "android:apk-key-hash:abc",
        "null",
        "",
    ],
)
def test_other_origins_are_refused(origin: str) -> None:
    assert not is_origin_of("example.org", origin)


def test_on_localhost_http_will_do() -> None:
    assert is_origin_of("localhost", "http://localhost")
    assert is_origin_of("localhost", "http://localhost:5173")
    assert is_origin_of("localhost", "https://localhost:5173")
    assert not is_origin_of("localhost", "http://evil.localhost:5173")
    assert not is_origin_of("localhost", "http://127.0.0.1:5173")
    assert not is_origin_of("localhost", "http://localhost.evil.org")
