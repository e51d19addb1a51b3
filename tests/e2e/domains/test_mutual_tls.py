"""Mutual TLS: who gets in, who is refused in the handshake, and what the backend is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from e2e.control.installation import Api, until
from e2e.domains.place import FORBIDDEN, OK, REFUSED, Files, Place
from objects import Issued, authority, client

NAME = "mutual.example.com"
ONE_DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def api(place: Place) -> Api:
    return place.api()


@pytest.fixture(scope="module", autouse=True)
def domain(place: Place, api: Api) -> None:
    place.domain(NAME, api, place.truststore(place.clients))
    good = place.files(client(place.clients))
    place.everywhere(lambda: place.get(NAME, files=good) == OK)


def chained(place: Place, length: int) -> Files:
    """Make a client whose chain, root included, has a length; it sends what lies between."""
    signers = [place.clients]
    for number in range(length - 2):
        signers.append(authority(f"Between {number}", signers[-1]))
    return place.files(client(signers[-1]), *reversed(signers[1:]))


def test_curl_gets_in_with_a_certificate(place: Place) -> None:
    assert place.curl(NAME, "/", place.files(client(place.clients))) == OK
    assert place.curl(NAME, "/") == REFUSED


def test_tls_1_2_clients_need_one_too(place: Place) -> None:
    only = ("--tls-max", "1.2")
    assert place.curl(NAME, "/", place.files(client(place.clients)), *only) == OK
    assert place.curl(NAME, "/", None, *only) == REFUSED


def test_the_backend_is_told_who_called(place: Place) -> None:
    shown = client(place.clients, "who calls")
    made = place.client()
    api_id = made.create_rest_api(name="told")["id"]
    root = made.get_resources(restApiId=api_id)["items"][0]["id"]
    where = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    made.put_method(**where, authorizationType="NONE")
    members = ("subjectDN", "issuerDN", "serialNumber")
    made.put_integration(
        **where,
        type="HTTP",
        integrationHttpMethod="GET",
        uri=f"http://127.0.0.1:{place.origin.port}/told",
        requestParameters={
            f"integration.request.header.x-{each}": f"context.identity.clientCert.{each}"
            for each in members
        },
    )
    made.put_method_response(**where, statusCode="200")
    made.put_integration_response(**where, statusCode="200")
    made.create_deployment(restApiId=api_id, stageName="prod")
    made.create_base_path_mapping(domainName=NAME, basePath="told", restApiId=api_id, stage="prod")
    files = place.files(shown)
    place.everywhere(lambda: place.get(NAME, "/told", files) == OK)
    received = place.origin.received[-1]
    serial = f"{shown.certificate.serial_number:x}"
    serial = serial.zfill(len(serial) + len(serial) % 2)
    assert received.header("x-subjectDN") == "CN=who calls"
    assert received.header("x-issuerDN") == "CN=Clients"
    assert (received.header("x-serialNumber") or "").replace(":", "") == serial


BAD = ("none", "expired", "not yet", "self-signed", "another", "purpose", "chain of 5")
WHY = {
    "none": "peer did not return a certificate",
    "expired": "certificate has expired",
    "not yet": "certificate is not yet valid",
    "self-signed": "self.signed certificate",
    "another": "unable to get local issuer certificate",
    "purpose": "unsuitable certificate purpose|unsupported certificate purpose",
    "chain of 5": "the chain has 5 certificates",
}


def bad(place: Place, kind: str) -> Files | None:
    now, ca = datetime.now(UTC), place.clients
    # Of the same name as the one that is trusted, so that names alone do not tell them apart.
    impostor = authority("Clients")
    made = {
        "none": lambda: None,
        "expired": lambda: client(ca, begins=now - 2 * ONE_DAY, ends=now - ONE_DAY),
        "not yet": lambda: client(ca, begins=now + ONE_DAY, ends=now + 2 * ONE_DAY),
        "self-signed": lambda: client(None),
        "another": lambda: client(authority("Others")),
        "impostor": lambda: client(impostor),
        "purpose": lambda: client(ca, purpose=ExtendedKeyUsageOID.SERVER_AUTH),
    }
    if kind == "chain of 5":
        return chained(place, 5)
    shown: Issued | None = made[kind]()
    return None if shown is None else place.files(shown)


@pytest.mark.parametrize("kind", BAD)
def test_who_is_not_vouched_for_is_refused_and_the_log_says_why(place: Place, kind: str) -> None:
    assert place.get(NAME, files=bad(place, kind)) == REFUSED
    place.refusal(NAME, WHY[kind])


def test_an_authority_of_the_trusted_name_with_another_key_vouches_for_nobody(
    place: Place,
) -> None:
    assert place.get(NAME, files=bad(place, "impostor")) == REFUSED


@pytest.mark.parametrize("length", [2, 3, 4])
def test_intermediates_that_the_client_sends_are_followed(place: Place, length: int) -> None:
    assert place.get(NAME, files=chained(place, length)) == OK


def test_a_leaf_signs_no_other(place: Place) -> None:
    leaf = client(place.clients)
    assert place.get(NAME, files=place.files(client(leaf), leaf)) == REFUSED


def test_another_truststore_refuses_old_clients_in_new_handshakes(place: Place, api: Api) -> None:
    name, others = "renewed.example.com", authority("Others")
    uri = place.truststore(place.clients, key="renewed.pem")
    place.domain(name, api, uri)
    old, new = place.files(client(place.clients)), place.files(client(others))
    place.everywhere(lambda: place.get(name, files=old) == OK)
    assert place.get(name, files=new) == REFUSED
    place.truststore(others, key="renewed.pem@v2")
    change = {
        "op": "replace",
        "path": "/mutualTlsAuthentication/truststoreVersion",
        "value": "v2",
    }
    place.client().update_domain_name(domainName=name, patchOperations=[change])
    place.everywhere(lambda: place.get(name, files=new) == OK)
    assert all(place.get(name, files=old) == REFUSED for _ in range(8))


def test_connections_from_before_mutual_tls_do_not_outlive_it(place: Place, api: Api) -> None:
    name = "later.example.com"
    place.domain(name, api)
    with place.open(name) as call:
        assert call() == OK
        change = {
            "op": "add",
            "path": "/mutualTlsAuthentication/truststoreUri",
            "value": place.truststore(place.clients),
        }
        place.client().update_domain_name(domainName=name, patchOperations=[change])
        until(lambda: call() == FORBIDDEN, 5)
    assert place.get(name) == REFUSED
