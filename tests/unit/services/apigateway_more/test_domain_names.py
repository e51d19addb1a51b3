from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import objects
from bargate.records.domain_name import DOMAIN_NAME
from bargate.services.apigateway import SERVICE
from bargate.services.apigateway.client_certificates import _self_signed
from calling import ACCOUNT, REGION, Calling, root
from unit.services.apigateway_more.building_apis import api_with_stages, patch

ARN = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/c"
REGIONAL = {"endpointConfiguration": {"types": ["REGIONAL"]}, "regionalCertificateArn": ARN}
PRIVATE = {"endpointConfiguration": {"types": ["PRIVATE"]}, "certificateArn": ARN}


@pytest.fixture
def stranger(api: Calling) -> Calling:
    return Calling(SERVICE, api.store, caller=root("210987654321"))


def test_a_regional_name_is_given_back(api: Calling) -> None:
    made = api("CreateDomainName", domainName="API.Example.com", **REGIONAL, tags={"a": "b"})
    assert made["domainName"] == "api.example.com"
    assert made["domainNameArn"] == f"arn:aws:apigateway:{REGION}::/domainnames/api.example.com"
    assert made["regionalCertificateArn"] == ARN
    assert made["regionalDomainName"].endswith(f".execute-api.{REGION}.amazonaws.com")
    assert made["domainNameStatus"] == "AVAILABLE"
    assert made["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
    assert api("GetDomainName", domainName="api.example.com") == made
    assert api("GetDomainNames")["items"] == [made]


def test_an_edge_name_keeps_its_uploaded_key_to_itself(api: Calling) -> None:
    certificate, key = _self_signed(api.now)
    made = api(
        "CreateDomainName",
        domainName="api.example.com",
        certificateBody=certificate,
        certificateChain=certificate,
        certificatePrivateKey=key.reveal(),
    )
    assert made["distributionHostedZoneId"] == "Z2FDTNDATAQYW2"
    outputs = (made, api("GetDomainName", domainName="api.example.com"), api("GetDomainNames"))
    assert "PRIVATE KEY" not in repr(outputs)
    record = api.store.read(lambda tx: tx.get(DOMAIN_NAME, (ACCOUNT, REGION, "api.example.com")))
    assert "PRIVATE KEY" not in repr(record)


def test_an_uploaded_certificate_must_fit_its_key(api: Calling) -> None:
    certificate, key = _self_signed(api.now)
    other = _self_signed(api.now)[1]
    for body, private_key in (
        (certificate, other.reveal()),
        (certificate, "x"),
        ("x", key.reveal()),
        (certificate, None),
        (None, key.reveal()),
        (key.reveal(), certificate),
    ):
        given = {"certificateBody": body, "certificatePrivateKey": private_key}
        members = {name: text for name, text in given.items() if text is not None}
        refused = api.refused("CreateDomainName", domainName="api.example.com", **members)
        assert refused.code == "BadRequestException"
        assert key.reveal()[40:80] not in refused.message


@pytest.mark.parametrize(
    "name",
    ["", "localhost", "a..b", "-a.b", "a.b.", "*.", "a.*.b", "a b.c", "a\0.b", "é.com", "a/b.c", "x" * 64 + ".com", "a." * 130 + "b", "127.0.0.1:80"],
)  # fmt: skip
def test_names_that_no_host_has_are_refused(api: Calling, name: str) -> None:
    assert api.refused("CreateDomainName", domainName=name).code == "BadRequestException"


def test_a_public_name_has_one_owner(api: Calling, stranger: Calling) -> None:
    api("CreateDomainName", domainName="api.example.com", **REGIONAL)
    assert (
        stranger.refused("CreateDomainName", domainName="api.example.com").code
        == "ConflictException"
    )
    assert (
        stranger.refused("CreateDomainName", domainName="API.EXAMPLE.COM").code
        == "ConflictException"
    )
    assert api.refused("CreateDomainName", domainName="api.example.com").code == "ConflictException"
    elsewhere = Calling(SERVICE, api.store, region="eu-west-1")
    assert (
        elsewhere.refused("CreateDomainName", domainName="api.example.com").code
        == "ConflictException"
    )


def test_no_wildcard_takes_the_names_of_another_account(api: Calling, stranger: Calling) -> None:
    api("CreateDomainName", domainName="api.example.com")
    assert (
        stranger.refused("CreateDomainName", domainName="*.example.com").code == "ConflictException"
    )
    stranger("CreateDomainName", domainName="www.example.com")
    api("CreateDomainName", domainName="*.example.org")
    assert (
        stranger.refused("CreateDomainName", domainName="a.example.org").code == "ConflictException"
    )
    api("CreateDomainName", domainName="a.example.org")


def test_names_of_others_are_not_there(api: Calling, stranger: Calling) -> None:
    api("CreateDomainName", domainName="api.example.com")
    assert stranger("GetDomainNames")["items"] == []
    for operation in ("GetDomainName", "DeleteDomainName", "GetBasePathMappings"):
        assert stranger.refused(operation, domainName="api.example.com").code == "NotFoundException"
    assert api.refused("GetDomainName", domainName="a\0b").code == "NotFoundException"


@pytest.mark.parametrize(
    "members",
    [
        {"certificateArn": "nonsense"},
        {"regionalCertificateArn": ARN},
        REGIONAL | {"certificateArn": ARN},
        {"endpointConfiguration": {"types": ["REGIONAL", "EDGE"]}},
        {"mutualTlsAuthentication": {"truststoreUri": "s3://bucket/key"}},
        REGIONAL
        | {
            "securityPolicy": "TLS_1_0",
            "mutualTlsAuthentication": {"truststoreUri": "s3://bucket/key"},
        },
        REGIONAL | {"mutualTlsAuthentication": {"truststoreUri": "file:///etc/passwd"}},
        REGIONAL | {"policy": "{}"},
        PRIVATE | {"policy": "{"},
        REGIONAL | {"endpointConfiguration": {"types": ["REGIONAL"], "vpcEndpointIds": ["vpce-1"]}},
        {"tags": {"aws:x": "y"}},
    ],
)
def test_what_does_not_go_together_is_refused(api: Calling, members: dict[str, Any]) -> None:
    refused = api.refused("CreateDomainName", domainName="api.example.com", **members)
    assert refused.code == "BadRequestException"


def test_mutual_tls_comes_and_goes_by_patches(api: Calling, tmp_path: Path) -> None:
    api.environment = objects.environment(tmp_path)
    for key in ("a.pem", "a.pem@v1"):
        objects.put(tmp_path, "bucket", key, objects.authority().pem)
    api("CreateDomainName", domainName="api.example.com", **REGIONAL)

    def update(*operations: dict[str, str]) -> Any:
        return api(
            "UpdateDomainName", domainName="api.example.com", patchOperations=list(operations)
        )

    made = update(
        patch("replace", "/mutualTlsAuthentication/truststoreUri", "s3://bucket/a.pem"),
        patch("replace", "/mutualTlsAuthentication/truststoreVersion", "v1"),
    )
    assert made["mutualTlsAuthentication"] == {
        "truststoreUri": "s3://bucket/a.pem",
        "truststoreVersion": "v1",
    }
    for operation in (
        patch("replace", "/securityPolicy", "TLS_1_0"),
        patch("replace", "/endpointConfiguration/types/REGIONAL", "EDGE"),
        patch("add", "/endpointConfiguration/types", "EDGE"),
        patch("replace", "/certificateArn", ARN),
        patch("replace", "/regionalCertificateArn", "x"),
        patch("replace", "/endpointConfiguration/types/0", "PRIVATE"),
        patch("replace", "/endpointConfiguration/types/7", "EDGE"),
        patch("remove", "/endpointConfiguration/types", "REGIONAL"),
        patch("replace", "/policy", "{}"),
        patch("replace", "/domainName", "other.example.com"),
        patch("replace", "/certificatePrivateKey", "x"),
    ):
        refused = api.refused(
            "UpdateDomainName", domainName="api.example.com", patchOperations=[operation]
        )
        assert refused.code == "BadRequestException", operation
    assert "mutualTlsAuthentication" not in update(
        patch("replace", "/mutualTlsAuthentication/truststoreUri", "")
    )


def test_a_name_moves_from_edge_to_regional(api: Calling) -> None:
    api("CreateDomainName", domainName="api.example.com", certificateArn=ARN)

    def update(*operations: dict[str, str]) -> Any:
        return api(
            "UpdateDomainName", domainName="api.example.com", patchOperations=list(operations)
        )

    made = update(
        patch("add", "/endpointConfiguration/types", "REGIONAL"),
        patch("replace", "/regionalCertificateArn", ARN),
    )
    assert made["endpointConfiguration"]["types"] == ["EDGE", "REGIONAL"]
    assert {"regionalDomainName", "distributionDomainName"} <= set(made)
    made = update(patch("remove", "/endpointConfiguration/types", "EDGE"))
    assert made["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert "distributionDomainName" not in made


class TestPrivateNames:
    def test_they_need_their_id(self, api: Calling) -> None:
        made = api("CreateDomainName", domainName="in.example.com", **PRIVATE)
        name = {"domainName": "in.example.com"}
        assert api.refused("GetDomainName", **name).code == "BadRequestException"
        assert api.refused("GetDomainName", **name, domainNameId="x").code == "NotFoundException"
        assert api("GetDomainName", **name, domainNameId=made["domainNameId"]) == made
        assert made["domainNameArn"].endswith(
            f":{ACCOUNT}:/domainnames/in.example.com+{made['domainNameId']}"
        )

    def test_endpoints_are_let_in_and_turned_away(self, api: Calling, stranger: Calling) -> None:
        domain = api("CreateDomainName", domainName="in.example.com", **PRIVATE)["domainNameArn"]
        source = {"accessAssociationSourceType": "VPCE", "accessAssociationSource": "vpce-1"}
        made = api("CreateDomainNameAccessAssociation", domainNameArn=domain, **source)
        arn = made["domainNameAccessAssociationArn"]
        assert arn.endswith("/vpcesource/vpce-1")
        assert api("GetDomainNameAccessAssociations")["items"] == [made]
        assert (
            api.refused("CreateDomainNameAccessAssociation", domainNameArn=domain, **source).code
            == "ConflictException"
        )
        assert stranger("GetDomainNameAccessAssociations")["items"] == []
        refused = stranger.refused(
            "CreateDomainNameAccessAssociation", domainNameArn=domain, **source
        )
        assert refused.code == "BadRequestException"
        rejection = {"domainNameArn": domain, "domainNameAccessAssociationArn": arn}
        assert (
            stranger.refused("RejectDomainNameAccessAssociation", **rejection).code
            == "NotFoundException"
        )
        assert (
            stranger.refused(
                "DeleteDomainNameAccessAssociation", domainNameAccessAssociationArn=arn
            ).code
            == "NotFoundException"
        )
        api("RejectDomainNameAccessAssociation", **rejection)
        assert api("GetDomainNameAccessAssociations")["items"] == []
        assert (
            api.refused("RejectDomainNameAccessAssociation", **rejection).code
            == "NotFoundException"
        )

    @pytest.mark.parametrize(
        "arn",
        [
            "",
            "x",
            "a:b:c:d:e:f",
            f"arn:aws:apigateway:{REGION}:{ACCOUNT}:/domainnames/x.y+\0",
            "é" * 9999,
        ],
    )
    def test_arns_of_nothing_are_refused(self, api: Calling, arn: str) -> None:
        source = {"accessAssociationSourceType": "VPCE", "accessAssociationSource": "vpce-1"}
        assert (
            api.refused("CreateDomainNameAccessAssociation", domainNameArn=arn, **source).code
            == "BadRequestException"
        )
        assert (
            api.refused(
                "DeleteDomainNameAccessAssociation", domainNameAccessAssociationArn=arn
            ).code
            == "NotFoundException"
        )


class TestMappings:
    @pytest.fixture
    def rest(self, api: Calling) -> str:
        api("CreateDomainName", domainName="api.example.com", **REGIONAL)
        return api_with_stages(api, "prod", "test")

    def make(self, api: Calling, rest: str, **more: Any) -> Any:
        return api("CreateBasePathMapping", domainName="api.example.com", restApiId=rest, **more)

    def test_they_are_made_and_found(self, api: Calling, rest: str) -> None:
        assert self.make(api, rest) == {"basePath": "(none)", "restApiId": rest}
        made = self.make(api, rest, basePath="v1", stage="prod")
        assert made == {"basePath": "v1", "restApiId": rest, "stage": "prod"}
        name = {"domainName": "api.example.com"}
        assert api("GetBasePathMapping", **name, basePath="v1") == made
        assert api("GetBasePathMapping", **name, basePath="(none)")["basePath"] == "(none)"
        assert len(api("GetBasePathMappings", **name)["items"]) == 2
        for path in ("(none)", "", None):
            more = {} if path is None else {"basePath": path}
            refused = api.refused("CreateBasePathMapping", **name, restApiId=rest, **more)
            assert refused.code == "ConflictException"
        api("DeleteBasePathMapping", **name, basePath="v1")
        assert api.refused("GetBasePathMapping", **name, basePath="v1").code == "NotFoundException"

    def test_they_lead_to_what_is_the_callers(
        self, api: Calling, rest: str, stranger: Calling
    ) -> None:
        stranger("CreateDomainName", domainName="evil.example.net")
        refused = stranger.refused(
            "CreateBasePathMapping", domainName="evil.example.net", restApiId=rest
        )
        assert refused.code == "BadRequestException"
        for more in (
            {"stage": "nope"},
            {"basePath": "a/b"},
            {"basePath": "a b"},
            {"basePath": "\0"},
            {"basePath": "x" * 301},
        ):
            refused = api.refused(
                "CreateBasePathMapping", domainName="api.example.com", restApiId=rest, **more
            )
            assert refused.code == "BadRequestException"

    def test_they_are_patched(self, api: Calling, rest: str) -> None:
        self.make(api, rest, basePath="v1", stage="prod")
        other = api_with_stages(api, "prod", name="other")
        name = {"domainName": "api.example.com"}

        def operations(*each: dict[str, str]) -> dict[str, Any]:
            return name | {"basePath": "v1", "patchOperations": list(each)}

        refused = api.refused(
            "UpdateBasePathMapping", **operations(patch("replace", "/restapiId", "nope"))
        )
        assert refused.code == "BadRequestException"
        made = api(
            "UpdateBasePathMapping",
            **operations(
                patch("replace", "/restapiId", other),
                patch("replace", "/basePath", "v2"),
                patch("replace", "/stage", ""),
            ),
        )
        assert made == {"basePath": "v2", "restApiId": other}
        self.make(api, rest, basePath="v1")
        refused = api.refused(
            "UpdateBasePathMapping", **operations(patch("replace", "/basePath", "v2"))
        )
        assert refused.code == "ConflictException"
        assert len(api("GetBasePathMappings", **name)["items"]) == 2

    def test_they_go_with_their_domain_name(self, api: Calling, rest: str) -> None:
        self.make(api, rest)
        api("DeleteDomainName", domainName="api.example.com")
        api("CreateDomainName", domainName="api.example.com", **REGIONAL)
        assert api("GetBasePathMappings", domainName="api.example.com")["items"] == []
