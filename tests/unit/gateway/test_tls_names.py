"""Which TLS settings a name has, and what clients prove in handshakes over memory."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bargate.access.arrival import DIRECT
from bargate.gateway.client_proof import NotProven, read_proof
from bargate.gateway.tls_names import TlsName, TlsNames, base_context
from bargate.model.domain_name import DomainName, Mapping
from bargate.secret import Secret
from objects import Issued, authority, client, server

CA = authority()
CLIENTS = authority("Clients")
LEAF = server(CA, "api.example.com", "*.example.com")


def domain(name: str = "api.example.com", **fields: Any) -> DomainName:
    given = {"certificate": LEAF.pem.decode(), "private_key": Secret(LEAF.key_pem.decode())}
    return DomainName(account_id="1", region="us-east-1", name=name, **{**given, **fields})


MUTUAL = domain(truststore=CLIENTS.pem.decode())


class Transport:
    """A transport as far as a proof reads it: its connection's real TLS object."""

    def __init__(self, tls: Any) -> None:
        self._tls = tls

    def get_extra_info(self, name: str) -> Any:
        assert name == "ssl_object"
        return self._tls


def handshake(
    name: TlsName,
    files: tuple[Path, Path] | None = None,
    most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> Any:
    """Shake hands with a client that trusts CA; give the server's side, raises SSLError."""
    context = ssl.create_default_context(cadata=CA.pem.decode())
    context.maximum_version = most
    if files is not None:
        context.load_cert_chain(*files)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = name.context().wrap_bio(to_server, to_client, server_side=True)
    theirs = context.wrap_bio(to_client, to_server, server_hostname="api.example.com")
    waiting: list[Any] = [theirs, ours]
    for _ in range(10):
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
        if not waiting:
            return ours
    raise AssertionError("no end of the handshake")


def find(names: TlsNames, name: str) -> TlsName:
    found = names.find(name)
    assert found is not None
    return found


def test_unchanged_names_keep_their_contexts_and_changed_ones_do_not() -> None:
    names = TlsNames()
    names.take([MUTUAL, domain("other.example.com")])
    context, other = (find(names, n).context() for n in (MUTUAL.name, "other.example.com"))
    mapped = structs.replace(MUTUAL, mappings=(Mapping(base_path="", api_id="a"),))
    names.take([structs.replace(mapped, private_key=Secret(LEAF.key_pem.decode()))])
    assert find(names, MUTUAL.name).context() is context
    assert names.find("other.example.com") is None
    changes: list[dict[str, Any]] = [
        {"truststore": CA.pem.decode()},
        {"truststore": None},
        {"security_policy": "SecurityPolicy_TLS13_1_3_2025_09"},
    ]
    for change in changes:
        names.take([MUTUAL])
        context = find(names, MUTUAL.name).context()
        names.take([structs.replace(MUTUAL, **change)])
        assert find(names, MUTUAL.name).context() is not context
    assert other is not context


def test_names_without_certificate_and_private_ones_are_not_there() -> None:
    names = TlsNames()
    bare = domain("bare.example.com", certificate=None, private_key=None)
    names.take([bare, domain("private.example.com", is_private=True)])
    assert names.find("bare.example.com") is None
    assert names.find("private.example.com") is None


def test_a_wildcard_stands_for_one_label_and_all_else_is_the_gateways_own() -> None:
    names = TlsNames()
    names.take([domain("*.example.com"), domain("api.example.com")])
    assert find(names, "api.example.com").name == "api.example.com"
    assert find(names, "x.example.com").name == "*.example.com"
    others = ("", "example.com", "a.b.example.com", "com", "localhost", ".")
    assert all(names.find(each) is None for each in others)
    usual = base_context()
    names = TlsNames(usual)
    names.take([domain("*.example.com")])
    assert all(find(names, each).context() is usual for each in others)
    assert find(names, "").name == ""
    assert not find(names, "").is_mutual
    assert find(names, "x.example.com").context() is not usual


def test_a_policy_of_tls_1_3_admits_nothing_older() -> None:
    usual = TlsName(domain(security_policy="TLS_1_0"))
    assert handshake(usual, most=ssl.TLSVersion.TLSv1_2).version() == "TLSv1.2"
    assert usual.context().minimum_version is ssl.TLSVersion.TLSv1_2
    new = TlsName(domain(security_policy="SecurityPolicy_TLS13_1_3_2025_09"))
    assert handshake(new).version() == "TLSv1.3"
    with pytest.raises(ssl.SSLError):
        handshake(new, most=ssl.TLSVersion.TLSv1_2)


def test_an_empty_truststore_makes_handshakes_impossible() -> None:
    for truststore in ("", "x", CLIENTS.key_pem.decode()):
        name = TlsName(domain(truststore=truststore))
        assert name.is_mutual
        for _ in range(2):
            with pytest.raises((OSError, ValueError)):
                name.context()


def test_a_certificate_that_does_not_load_makes_handshakes_impossible() -> None:
    for fields in ({"certificate": "x"}, {"private_key": Secret(CA.key_pem.decode())}):
        with pytest.raises((OSError, ValueError)) as refused:
            TlsName(domain(**fields)).context()
        assert CA.key_pem.decode()[40:80] not in str(refused.value)


def test_without_mutual_tls_a_proof_is_the_name_alone(tmp_path: Path) -> None:
    name = TlsName(domain())
    files = client(CLIENTS).write(tmp_path, "c")
    proof = read_proof(Transport(handshake(name, files)), name)  # type: ignore[arg-type]
    assert proof is not None
    assert (proof.server_name, proof.certificate) == ("api.example.com", None)
    assert read_proof(Transport(None), TlsName(None, base_context())) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_is_told_as_aws_writes_it(tmp_path: Path, version: ssl.TLSVersion) -> None:
    begins, ends = datetime(2019, 5, 8, 2, 30, 2, tzinfo=UTC), datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)  # fmt: skip
    mine = client(CLIENTS, "alice, admin", begins=begins, ends=ends)
    name = TlsName(MUTUAL)
    ours = handshake(name, mine.write(tmp_path, "c"), version)
    proof = read_proof(Transport(ours), name)  # type: ignore[arg-type]
    assert proof is not None
    shown = proof.certificate
    assert shown is not None
    assert shown.pem == mine.pem.decode()
    assert shown.subject_dn == r"CN=alice\, admin"
    assert shown.issuer_dn == "CN=Clients"
    assert shown.not_before == "May  8 02:30:02 2019 GMT"
    assert shown.not_after == "Dec 31 23:59:59 2099 GMT"
    octets = shown.serial_number.split(":")
    assert all(len(each) == 2 for each in octets)
    assert int("".join(octets), 16) == mine.certificate.serial_number
    arrival = proof.of(DIRECT)
    assert (arrival.server_name, arrival.client_certificate) == ("api.example.com", shown)
    assert arrival.name != DIRECT.name
    assert ours.session_reused is False
    assert name.context().num_tickets == 0


def test_clients_that_the_truststore_does_not_vouch_for_are_refused(tmp_path: Path) -> None:
    past = datetime(2019, 5, 8, tzinfo=UTC), datetime(2020, 5, 8, tzinfo=UTC)
    strangers: list[Issued | None] = [
        None,
        client(CA),
        client(authority("Clients")),
        client(None),
        client(CLIENTS, begins=past[0], ends=past[1]),
        server(CLIENTS, "a.b"),  # not for clients
        client(client(CLIENTS, "leaf"), "below a leaf"),
    ]
    for at, each in enumerate(strangers):
        files = None if each is None else each.write(tmp_path, f"{at}")
        with pytest.raises(ssl.SSLError):
            handshake(TlsName(MUTUAL), files)


def test_a_chain_of_four_passes_and_of_five_does_not(tmp_path: Path) -> None:
    one = authority("One", CLIENTS)
    two = authority("Two", one)
    three = authority("Three", two)
    name = TlsName(MUTUAL)
    four = client(two).write(tmp_path, "four", two, one)
    assert read_proof(Transport(handshake(name, four)), name)  # type: ignore[arg-type]
    five = client(three).write(tmp_path, "five", three, two, one)
    with pytest.raises(NotProven, match="5 certificates, at most 4"):
        read_proof(Transport(handshake(name, five)), name)  # type: ignore[arg-type]


def test_mutual_tls_without_a_certificate_proves_nothing() -> None:
    name = TlsName(MUTUAL)
    plain = handshake(TlsName(domain()))
    for tls in (None, plain):
        with pytest.raises(NotProven, match="no certificate"):
            read_proof(Transport(tls), name)  # type: ignore[arg-type]
