"""Server certificates: what is refused before it is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bargate.services.certificates import (
    MAX_PEM_BYTES,
    UnusableCertificate,
    check_server_certificate,
    covers,
)
from objects import Issued, authority, server

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
CA = authority()
LOWER = authority("Lower CA", CA)
LEAF = server(LOWER, "api.example.com", "*.example.org")


def check(leaf: Issued = LEAF, *chain: Issued, key: bytes | None = None) -> object:
    text = "".join(each.pem.decode() for each in chain)
    return check_server_certificate(
        leaf.pem.decode(), text or None, (key or leaf.key_pem).decode(), NOW
    )


def refusal(work: Callable[[], object], key: bytes = LEAF.key_pem) -> str:
    """Give what a refusal says, which holds no line of the key, nor does its cause."""
    with pytest.raises(UnusableCertificate) as refused:
        work()
    error: BaseException | None = refused.value
    while error is not None:
        assert not any(line in str(error) for line in key.decode().splitlines()[1:-1] if line)
        error = error.__cause__
    return str(refused.value)


def test_what_can_be_served_is_read() -> None:
    read = check_server_certificate(
        LEAF.pem.decode(), (LOWER.pem + CA.pem).decode(), LEAF.key_pem.decode(), NOW
    )
    assert read.names == ("api.example.com", "*.example.org")
    assert read.key_algorithm == "EC_prime256v1"
    assert (read.subject, read.issuer) == ("CN=api.example.com", "CN=Lower CA")
    assert int(read.serial.replace(":", ""), 16) == LEAF.certificate.serial_number
    assert read.not_before < NOW < read.not_after


def test_a_chain_may_be_short_or_follow_in_the_body() -> None:
    check(LEAF)
    check(LEAF, LOWER)
    body = (LEAF.pem + LOWER.pem).decode()
    check_server_certificate(body, CA.pem.decode(), LEAF.key_pem.decode(), NOW)


def test_rsa_of_2048_bits_passes_and_less_does_not() -> None:
    good = server(CA, "a.b", key=rsa.generate_private_key(65_537, 2_048))
    assert check(good).key_algorithm == "RSA_2048"  # type: ignore[attr-defined]
    small = server(CA, "a.b", key=rsa.generate_private_key(65_537, 1_024))
    assert "2,048" in refusal(lambda: check(small), small.key_pem)


def test_small_curves_are_refused() -> None:
    small = server(CA, "a.b", key=ec.generate_private_key(ec.SECP192R1()))
    assert "256" in refusal(lambda: check(small), small.key_pem)


def test_a_broken_chain_is_refused() -> None:
    stranger = authority("Lower CA")
    wrong = [(CA,), (LOWER, LEAF), (stranger,), (LOWER, stranger), (LOWER, LOWER)]
    for chain in wrong:
        assert "did not sign" in refusal(lambda chain=chain: check(LEAF, *chain))  # type: ignore[misc]
    body = (LEAF.pem + CA.pem).decode()
    key = LEAF.key_pem.decode()
    assert "did not sign" in refusal(lambda: check_server_certificate(body, None, key, NOW))


def test_a_chain_has_an_end() -> None:
    assert "more than 10" in refusal(lambda: check(LEAF, *(LOWER,) * 11))


def test_times_are_kept() -> None:
    expired = server(CA, "a.b", begins=NOW - 2 * DAY, ends=NOW - DAY)
    assert "expired" in refusal(lambda: check(expired))
    early = server(CA, "a.b", begins=NOW + DAY, ends=NOW + 2 * DAY)
    assert "not valid yet" in refusal(lambda: check(early))


def test_the_key_must_be_the_certificates_and_open() -> None:
    assert "not that of" in refusal(lambda: check(LEAF, key=CA.key_pem), CA.key_pem)
    encrypted = LEAF.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
    assert "unencrypted" in refusal(lambda: check(LEAF, key=encrypted), encrypted)
    cut = LEAF.key_pem[:100] + b"\n-----END PRIVATE KEY-----\n"
    for key in (cut, LEAF.pem, b"x", "\u00e9".encode()):
        assert "unencrypted" in refusal(lambda key=key: check(LEAF, key=key))  # type: ignore[misc]


def test_what_is_not_pem_is_refused() -> None:
    key = LEAF.key_pem.decode()
    pem = LEAF.pem.decode()
    for body, chain in (("", None), ("x", None), (pem[:90], None), (pem, "x")):
        text = refusal(lambda b=body, c=chain: check_server_certificate(b, c, key, NOW))  # type: ignore[misc]
        assert "PEM" in text


def test_a_key_is_not_taken_for_a_certificate() -> None:
    pem, key = LEAF.pem.decode(), LEAF.key_pem.decode()
    for body, chain in ((pem + key, None), (key + pem, None), (pem, LOWER.pem.decode() + key)):
        text = refusal(lambda b=body, c=chain: check_server_certificate(b, c, key, NOW))  # type: ignore[misc]
        assert "holds a private key" in text


def test_what_is_too_large_is_refused() -> None:
    pem, key, long = LEAF.pem.decode(), LEAF.key_pem.decode(), "x" * (MAX_PEM_BYTES + 1)
    for body, chain, secret in ((long, None, key), (pem, long, key), (pem, None, long)):
        text = refusal(lambda b=body, c=chain, s=secret: check_server_certificate(b, c, s, NOW))  # type: ignore[misc]
        assert f"over {MAX_PEM_BYTES} bytes" in text


@pytest.mark.parametrize(
    ("names", "name", "expected"),
    [
        (("api.example.com",), "api.example.com", True),
        (("API.Example.com",), "api.example.com", True),
        (("*.example.com",), "api.example.com", True),
        (("*.example.com",), "*.example.com", True),
        (("*.example.com",), "a.b.example.com", False),
        (("*.example.com",), "example.com", False),
        (("api.example.com",), "*.example.com", False),
        (("*.com",), "api.example.com", False),
        ((), "api.example.com", False),
        (("a", "b", "api.example.com"), "api.example.com", True),
    ],
)
def test_a_certificate_covers_its_names_alone(
    names: tuple[str, ...], name: str, expected: bool
) -> None:
    assert covers(names, name) is expected
