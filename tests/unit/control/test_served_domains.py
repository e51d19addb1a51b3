"""Custom domain names as workers are sent them, whatever of theirs changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bargate.model.domain_name import DomainName, Mapping
from endpoint import Endpoint
from objects import Issued, authority, put, server

NAME = "api.example.com"
CA = authority()
ONE, TWO = server(CA, NAME), server(CA, NAME)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture
def v1(endpoint: Endpoint) -> Any:
    return endpoint.client("apigateway")


def served(endpoint: Endpoint) -> DomainName:
    (part,) = domains(endpoint)
    assert isinstance(part, DomainName)
    return part


def domains(endpoint: Endpoint) -> list[Any]:
    return [part for name, part in endpoint.published().items() if name.startswith("domain/")]


def shows(endpoint: Endpoint, leaf: Issued, *chain: Issued) -> bool:
    """Say whether the name is served with a certificate, its chain and its key."""
    part = served(endpoint)
    assert part.private_key is not None
    assert part.certificate is not None
    whole = (leaf.pem + b"".join(each.pem for each in chain)).decode().split()
    return (part.certificate.split(), part.private_key.reveal()) == (whole, leaf.key_pem.decode())


def imported(endpoint: Endpoint, leaf: Issued = ONE, **more: Any) -> str:
    acm = endpoint.client("acm")
    made = acm.import_certificate(Certificate=leaf.pem, PrivateKey=leaf.key_pem, **more)
    return str(made["CertificateArn"])


def regional(v1: Any, arn: str, **more: Any) -> None:
    types = {"types": ["REGIONAL"]}
    v1.create_domain_name(domainName=NAME, regionalCertificateArn=arn, endpointConfiguration=types, **more)  # fmt: skip


def deployed(v1: Any) -> str:
    made = v1.create_rest_api(name="pets")
    where = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    v1.put_method(**where, authorizationType="NONE")
    v1.put_integration(**where, type="MOCK")
    v1.create_deployment(restApiId=made["id"], stageName="prod")
    return str(made["id"])


def test_mappings_are_served_as_they_are_made_changed_and_removed(
    endpoint: Endpoint, v1: Any
) -> None:
    regional(v1, imported(endpoint))
    assert served(endpoint).mappings == ()
    api = deployed(v1)
    v1.create_base_path_mapping(domainName=NAME, basePath="v1", restApiId=api, stage="prod")
    v1.create_base_path_mapping(domainName=NAME, restApiId=api)
    one = Mapping(base_path="v1", api_id=api, stage="prod")
    assert set(served(endpoint).mappings) == {one, Mapping(base_path="", api_id=api)}
    moved = [{"op": "replace", "path": "/basePath", "value": "v2"}]
    v1.update_base_path_mapping(domainName=NAME, basePath="v1", patchOperations=moved)
    two = Mapping(base_path="v2", api_id=api, stage="prod")
    assert set(served(endpoint).mappings) == {two, Mapping(base_path="", api_id=api)}
    v1.delete_base_path_mapping(domainName=NAME, basePath="(none)")
    assert served(endpoint).mappings == (two,)
    v1.delete_base_path_mapping(domainName=NAME, basePath="v2")
    assert served(endpoint).mappings == ()


def test_a_certificate_imported_anew_is_served(endpoint: Endpoint, v1: Any) -> None:
    arn = imported(endpoint)
    regional(v1, arn)
    assert shows(endpoint, ONE)
    imported(endpoint, TWO, CertificateArn=arn, CertificateChain=CA.pem)
    assert shows(endpoint, TWO, CA)
    imported(endpoint, ONE)  # another, that nothing uses
    assert shows(endpoint, TWO, CA)


def test_an_unknown_arn_is_kept_and_has_no_certificate(endpoint: Endpoint, v1: Any) -> None:
    regional(v1, "arn:aws:acm:us-east-1:123456789012:certificate/none")
    part = served(endpoint)
    assert (part.certificate, part.private_key) == (None, None)


def test_a_server_certificate_of_iam_is_served(endpoint: Endpoint, v1: Any) -> None:
    iam = endpoint.client("iam")
    given = {"CertificateBody": ONE.pem.decode(), "PrivateKey": ONE.key_pem.decode()}
    made = iam.upload_server_certificate(ServerCertificateName="Mine", **given)
    arn = made["ServerCertificateMetadata"]["Arn"]
    v1.create_domain_name(domainName=NAME, certificateArn=arn)
    assert shows(endpoint, ONE)
    iam.delete_server_certificate(ServerCertificateName="Mine")
    assert served(endpoint).certificate is None
    again = given | {"CertificateBody": TWO.pem.decode(), "PrivateKey": TWO.key_pem.decode()}
    iam.upload_server_certificate(ServerCertificateName="Mine", **again)
    assert shows(endpoint, TWO)


def test_an_uploaded_certificate_is_served_with_its_chain(endpoint: Endpoint, v1: Any) -> None:
    v1.create_domain_name(
        domainName=NAME,
        certificateBody=ONE.pem.decode(),
        certificatePrivateKey=ONE.key_pem.decode(),
        certificateChain=CA.pem.decode(),
    )
    assert shows(endpoint, ONE, CA)


def test_mutual_tls_is_served_with_its_bundle_until_it_is_taken_away(
    endpoint: Endpoint, v1: Any
) -> None:
    put(endpoint.s3, "bucket", "ca.pem", CA.pem)
    uri = {"truststoreUri": "s3://bucket/ca.pem"}
    regional(v1, imported(endpoint), mutualTlsAuthentication=uri, securityPolicy="TLS_1_2")
    assert served(endpoint).truststore == CA.pem.decode()
    second = authority("second")
    put(endpoint.s3, "bucket", "ca.pem@2", second.pem)
    path = "/mutualTlsAuthentication/truststoreVersion"
    newer = [{"op": "replace", "path": path, "value": "2"}]
    v1.update_domain_name(domainName=NAME, patchOperations=newer)
    assert served(endpoint).truststore == second.pem.decode()
    path = "/mutualTlsAuthentication/truststoreUri"
    v1.update_domain_name(domainName=NAME, patchOperations=[{"op": "replace", "path": path, "value": ""}])  # fmt: skip
    assert served(endpoint).truststore is None


def test_a_name_of_routing_rules_alone_has_no_mappings(endpoint: Endpoint, v1: Any) -> None:
    regional(v1, imported(endpoint))
    api = deployed(v1)
    v1.create_base_path_mapping(domainName=NAME, basePath="v1", restApiId=api, stage="prod")
    for mode, count in (
        ("ROUTING_RULE_ONLY", 0),
        ("ROUTING_RULE_THEN_BASE_PATH_MAPPING", 1),
        ("BASE_PATH_MAPPING_ONLY", 1),
    ):
        patch = [{"op": "replace", "path": "/routingMode", "value": mode}]
        v1.update_domain_name(domainName=NAME, patchOperations=patch)
        assert len(served(endpoint).mappings) == count


def test_a_deleted_name_is_served_no_more(endpoint: Endpoint, v1: Any) -> None:
    regional(v1, imported(endpoint))
    api = deployed(v1)
    v1.create_base_path_mapping(domainName=NAME, basePath="v1", restApiId=api, stage="prod")
    assert served(endpoint).mappings
    v1.delete_domain_name(domainName=NAME)
    assert domains(endpoint) == []
