"""Custom domain names with boto3: mappings, certificates and what a change does at once."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509

from e2e.control.installation import Api, until
from e2e.domains.place import FORBIDDEN, OK, REFUSED, Place, Told, ask
from objects import server

AT_ONCE_S = 0.1


@pytest.fixture(scope="module")
def api(place: Place) -> Api:
    return place.api()


@pytest.fixture(scope="module")
def other(place: Place) -> Api:
    return place.api('{"other":true}')


OTHER = Told(200, b'{"other":true}')


def map_to(place: Place, name: str, api: Api, base_path: str, **stage: str) -> None:
    place.client().create_base_path_mapping(
        domainName=name, basePath=base_path, restApiId=api.id, **stage
    )


def http_api(place: Place, **more: Any) -> str:
    """Make an HTTP API that passes everything to the backend."""
    made = place.client("apigatewayv2").create_api(
        Name="plain",
        ProtocolType="HTTP",
        Target=f"http://127.0.0.1:{place.origin.port}/http-api",
        **more,
    )
    api_id: str = made["ApiId"]
    return api_id


def test_the_root_mapping_serves_the_whole_api(place: Place, api: Api) -> None:
    name = "root.example.com"
    place.domain(name, api)
    assert place.curl(name, "/") == OK
    assert place.curl(name, "/pets") == OK
    assert place.curl(name, "/pets/") == OK
    assert place.get(name, "/none").status == 403


def test_base_paths_are_whole_segments_and_the_rest_is_forbidden(place: Place, api: Api) -> None:
    name = "paths.example.com"
    place.domain(name)
    assert place.curl(name, "/") == FORBIDDEN
    map_to(place, name, api, "v1", stage="prod")
    place.everywhere(lambda: place.get(name, "/v1") == OK)
    assert place.curl(name, "/v1/pets") == OK
    for path in ("/", "/v", "/v10", "/V1", "/v1pets", "/pets", "//", "/prod"):
        told = place.get(name, path)
        assert told == FORBIDDEN, path
        assert told.error_type == "ForbiddenException"
    for path in ("/v2/../v1", "/v1/../v1", "/./v1"):
        assert place.get(name, path).status == 400, path


def test_a_mapping_without_stage_takes_it_from_the_path(place: Place, api: Api) -> None:
    name = "stages.example.com"
    place.domain(name)
    map_to(place, name, api, "any")
    place.everywhere(lambda: place.get(name, "/any/prod") == OK)
    assert place.get(name, "/any/prod/pets") == OK
    for path in ("/any", "/any/", "/any/test", "/any/pets", "/prod"):
        assert place.get(name, path) == FORBIDDEN, path


def test_of_several_mappings_the_longest_wins(place: Place, api: Api, other: Api) -> None:
    name = "levels.example.com"
    place.domain(name, api)
    mapping = {"DomainName": name, "ApiId": other.id, "Stage": "prod"}
    place.client("apigatewayv2").create_api_mapping(**mapping, ApiMappingKey="a/b")
    place.client("apigatewayv2").create_api_mapping(
        **{**mapping, "ApiId": http_api(place), "Stage": "$default"}, ApiMappingKey="a"
    )
    place.everywhere(lambda: place.get(name, "/a/b") == OTHER and place.get(name, "/a/c") == OK)
    assert place.origin.received[-1].target.startswith("/http-api")
    assert place.get(name, "/a/b/pets") == OTHER
    assert place.get(name, "/a/bc").status == 200  # the HTTP API's
    assert place.get(name, "/pets") == OK
    assert place.get(name, "/ab").status == 403  # the root's, that has no such method


def test_a_wildcard_stands_for_one_label_and_an_exact_name_comes_first(
    place: Place, api: Api, other: Api
) -> None:
    place.domain("*.wild.example.com", api)
    place.domain("exact.wild.example.com", other)
    assert place.curl("any.wild.example.com") == OK
    assert place.curl("exact.wild.example.com") == OTHER
    for name in ("a.b.wild.example.com", "wild.example.com"):
        assert place.curl(name) == REFUSED, name
        assert place.get("any.wild.example.com", host=name) != OK, name


def test_a_disabled_default_endpoint_leaves_the_domain(place: Place) -> None:
    name, api = "only.example.com", place.api()
    place.domain(name, api)
    client = place.client()
    change = {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}
    client.update_rest_api(restApiId=api.id, patchOperations=[change])
    client.create_deployment(restApiId=api.id, stageName="prod")
    default = f"{api.id}.execute-api.us-east-1.amazonaws.com"
    place.everywhere(lambda: place.running.call(api.path).status == 403)
    assert place.plain(default, "/prod").status == 403
    assert place.get(name) == OK
    assert place.curl(name, "/pets") == OK
    assert place.get(name, "/prod", host=default).status == 403


def test_an_http_api_with_a_disabled_default_endpoint(place: Place) -> None:
    name = "http.example.com"
    api_id = http_api(place, DisableExecuteApiEndpoint=True)
    place.domain(name)
    place.client("apigatewayv2").create_api_mapping(DomainName=name, ApiId=api_id, Stage="$default")
    place.everywhere(lambda: place.get(name, "/x") == OK)
    assert place.running.call(f"/_api/{api_id}/x").status in {403, 404}


def serial(connection: ssl.SSLSocket) -> int:
    shown = connection.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def shown(place: Place, name: str) -> int:
    with place.raw(name) as connection:
        return serial(connection)


def test_a_renewed_certificate_is_shown_and_open_connections_go_on(place: Place, api: Api) -> None:
    name = "renewal.example.com"
    arn = place.domain(name, api)
    with place.raw(name) as old:
        assert ask(old, name, "/") == OK
        renewed = server(place.servers, name)
        place.imported(renewed, CertificateArn=arn)
        wanted = renewed.certificate.serial_number
        place.everywhere(lambda: shown(place, name) == wanted)
        assert ask(old, name, "/") == OK
        assert serial(old) != wanted


def seconds_until(is_so: Callable[[], bool]) -> float:
    begun_s = time.monotonic()
    until(is_so, 5)
    return time.monotonic() - begun_s


def test_a_deleted_mapping_and_a_deleted_name_stop_at_once(place: Place, api: Api) -> None:
    name = "gone.example.com"
    place.domain(name, api)
    with place.open(name) as call:
        assert call() == OK
        place.client().delete_base_path_mapping(domainName=name, basePath="(none)")
        assert seconds_until(lambda: call() == FORBIDDEN) < AT_ONCE_S
        place.client().create_base_path_mapping(domainName=name, restApiId=api.id, stage="prod")
        until(lambda: call() == OK)
        place.client().delete_domain_name(domainName=name)
        assert seconds_until(lambda: call() == FORBIDDEN) < AT_ONCE_S
    place.everywhere(lambda: place.get(name) == REFUSED)
    assert place.plain(name) == FORBIDDEN


def test_a_policy_of_tls_1_3_alone_refuses_tls_1_2(place: Place, api: Api) -> None:
    name = "modern.example.com"
    policy = {"securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09", "endpointAccessMode": "STRICT"}
    place.domain(name, api, **policy)
    assert place.curl(name, "/", None, "--tls-max", "1.2") == REFUSED
    assert place.curl(name, "/", None, "--tlsv1.3") == OK


def test_the_usual_policy_refuses_what_is_older_than_tls_1_2(place: Place, api: Api) -> None:
    name = "usual.example.com"
    place.domain(name, api)
    assert place.curl(name, "/", None, "--tls-max", "1.2") == OK
    weak = ("--ciphers", "DEFAULT@SECLEVEL=0", "--tlsv1.0", "--tls-max", "1.1")
    assert place.curl(name, "/", None, *weak) == REFUSED


def test_a_certificate_that_is_in_use_stays_and_fits(place: Place, api: Api) -> None:
    name = "fits.example.com"
    arn = place.domain(name, api)
    acm = place.client("acm")
    wrong = server(place.servers, "elsewhere.example.com")
    with pytest.raises(acm.exceptions.ResourceInUseException):
        acm.delete_certificate(CertificateArn=arn)
    with pytest.raises(acm.exceptions.InvalidParameterException):
        place.imported(wrong, CertificateArn=arn)
    client = place.client()
    with pytest.raises(client.exceptions.BadRequestException, match="not for"):
        client.create_domain_name(
            domainName="nofit.example.com",
            regionalCertificateArn=place.imported(wrong),
            endpointConfiguration={"types": ["REGIONAL"]},
        )
    assert place.get(name) == OK
