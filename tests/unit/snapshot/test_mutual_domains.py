"""A custom domain name with mutual TLS answers those alone who showed a certificate for it."""

import pytest
from msgspec import structs

from bargate.access.arrival import DIRECT, Arrival, ClientCertificate
from bargate.gateway.client_proof import Proof
from bargate.model.domain_name import DomainName, Mapping
from bargate.snapshot.compiled import Unresolved
from bargate.snapshot.snapshot import Snapshot
from building import method, rest_api, snapshot

NAME = "b.example.com"
CERTIFICATE = ClientCertificate(
    pem="", subject_dn="CN=a", issuer_dn="CN=b", serial_number="01", not_before="", not_after=""
)


def served() -> Snapshot:
    plain = snapshot(rest_api(("/pets", method())))
    (api_id,) = plain.apis
    domain = DomainName(
        account_id="1",
        region="us-east-1",
        name=NAME,
        truststore="",
        mappings=(Mapping(base_path="", api_id=api_id, stage="prod"),),
    )
    return Snapshot(structs.replace(plain.installation, domains=(domain,)), plain.apis)


def test_a_certificate_shown_for_the_name_opens_it() -> None:
    found = served().resolve(NAME.encode(), "/pets", Proof(NAME, CERTIFICATE).of(DIRECT))
    assert not isinstance(found, Unresolved)


@pytest.mark.parametrize(
    "arrival",
    [
        DIRECT,
        Proof("a.example.com", CERTIFICATE).of(DIRECT),
        Proof("a.example.com", None).of(DIRECT),
        Proof(NAME, None).of(DIRECT),  # from before the name wanted mutual TLS
    ],
)
def test_nothing_else_does(arrival: Arrival) -> None:
    found = served().resolve(NAME.encode(), "/pets", arrival)
    assert isinstance(found, Unresolved)
    assert found.denial.reason == "host.mutual_tls"


def test_arrivals_with_and_without_certificate_have_other_names() -> None:
    """What is remembered of places is by this name."""
    names = {
        Proof(NAME, CERTIFICATE).of(DIRECT).name,
        Proof(NAME, None).of(DIRECT).name,
        DIRECT.name,
    }
    assert len(names) == 3
