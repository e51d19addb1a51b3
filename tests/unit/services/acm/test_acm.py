"""Every operation of `acm`: imported, told, listed, tagged, imported anew, deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bargate.records.acm_certificate import ACM_CERTIFICATE
from bargate.services.acm import SERVICE
from bargate.services.apigatewayv2 import SERVICE as APIS
from bargate.services.paging import token_of
from calling import ACCOUNT, NOW, REGION, Calling, root
from objects import Issued, authority, server

CA = authority()
BEGINS, ENDS = NOW - timedelta(days=1), NOW + timedelta(days=30)


def leaf(*names: str, **more: Any) -> Issued:
    return server(CA, *names, **{"begins": BEGINS, "ends": ENDS, **more})


LEAF = leaf("api.example.com", "*.example.org")
UNKNOWN = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/none"


@pytest.fixture
def acm() -> Calling:
    return Calling(SERVICE)


def pem(issued: Issued = LEAF, **more: Any) -> dict[str, Any]:
    return {"Certificate": issued.pem, "PrivateKey": issued.key_pem, **more}


def imported(acm: Calling, issued: Issued = LEAF, **more: Any) -> str:
    return str(acm("ImportCertificate", **pem(issued, **more))["CertificateArn"])


def used(acm: Calling, arn: str, name: str = "api.example.com") -> Calling:
    apis = Calling(APIS, acm.store)
    apis("CreateDomainName", DomainName=name, DomainNameConfigurations=[{"CertificateArn": arn}])
    return apis


def test_a_certificate_is_given_back_without_its_key(acm: Calling) -> None:
    arn = imported(acm, CertificateChain=CA.pem)
    assert arn.startswith(f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/")
    given = acm("GetCertificate", CertificateArn=arn)
    assert given == {"Certificate": LEAF.pem.decode(), "CertificateChain": CA.pem.decode()}
    assert acm("GetCertificate", CertificateArn=imported(acm)).keys() == {"Certificate"}
    told = acm("DescribeCertificate", CertificateArn=arn)["Certificate"]
    assert (told["DomainName"], told["Status"], told["Type"]) == ("api.example.com", "ISSUED", "IMPORTED")  # fmt: skip
    assert told["SubjectAlternativeNames"] == ["api.example.com", "*.example.org"]
    assert told["InUseBy"] == []
    assert told["NotAfter"] == datetime.fromtimestamp(int(ENDS.timestamp()), UTC)
    outputs = (given, told, acm("ListCertificates"))
    assert not any(line in repr(outputs) for line in LEAF.key_pem.decode().splitlines()[1:-1])
    key = (ACCOUNT, REGION, arn.rpartition("/")[2])
    assert "PRIVATE" not in repr(acm.store.read(lambda tx: tx.get(ACM_CERTIFICATE, key)))


def test_what_cannot_be_served_is_not_imported(acm: Calling) -> None:
    expired = leaf("a.b", begins=NOW - timedelta(days=9), ends=NOW - timedelta(days=8))
    for request in (
        pem(expired),
        pem() | {"PrivateKey": CA.key_pem},
        pem(CertificateChain=authority().pem),
        pem() | {"Certificate": LEAF.pem + LEAF.key_pem},
        pem() | {"Certificate": b"\xff"},
        pem() | {"PrivateKey": b"\xff"},
    ):
        refused = acm.refused("ImportCertificate", **request)
        assert refused.code == "InvalidParameterException"
        assert LEAF.key_pem.decode()[40:80] not in refused.message
    assert acm("ListCertificates")["CertificateSummaryList"] == []


def test_certificates_are_listed_by_pages_and_status(acm: Calling) -> None:
    short = leaf("b.c", ends=NOW + timedelta(minutes=1))
    arns = {imported(acm), imported(acm, short), imported(acm, leaf("c.d"))}
    listed, token = set(), {}
    for _ in range(3):
        page = acm("ListCertificates", MaxItems=1, **token)
        listed |= {each["CertificateArn"] for each in page["CertificateSummaryList"]}
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    assert listed == arns
    assert token == {}
    acm.now += timedelta(minutes=2)
    for status, count in (("ISSUED", 2), ("EXPIRED", 1), ("REVOKED", 0)):
        found = acm("ListCertificates", CertificateStatuses=[status])["CertificateSummaryList"]
        assert [each["Status"] for each in found] == [status] * count


def test_a_token_leads_to_nobody_elses_certificates(acm: Calling) -> None:
    imported(acm)
    imported(acm)
    token = acm("ListCertificates", MaxItems=1)["NextToken"]
    other = Calling(SERVICE, acm.store, caller=root("2" * 12))
    elsewhere = Calling(SERVICE, acm.store, region="eu-west-1")
    tokens = (token, token_of((ACCOUNT, REGION)), token_of((ACCOUNT,)), token_of(()), "x", "é", "=" * 9)  # fmt: skip
    for each in tokens:
        for stranger in (other, elsewhere):
            refused = stranger.refused("ListCertificates", NextToken=each)
            assert refused.code == "ValidationException"
    assert other("ListCertificates")["CertificateSummaryList"] == []
    assert elsewhere("ListCertificates")["CertificateSummaryList"] == []


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("GetCertificate", {}),
        ("DescribeCertificate", {}),
        ("DeleteCertificate", {}),
        ("ListTagsForCertificate", {}),
        ("AddTagsToCertificate", {"Tags": [{"Key": "a"}]}),
        ("RemoveTagsFromCertificate", {"Tags": [{"Key": "a"}]}),
        ("ImportCertificate", pem()),
    ],
)
def test_certificates_of_others_are_not_found(
    acm: Calling, operation: str, more: dict[str, Any]
) -> None:
    arn = imported(acm)
    other = Calling(SERVICE, acm.store, caller=root("2" * 12))
    for stranger, named in (
        (other, arn),
        (other, arn.replace(ACCOUNT, "2" * 12)),
        (Calling(SERVICE, acm.store, region="eu-west-1"), arn),
        (acm, UNKNOWN),
        (acm, arn.replace("arn:aws:", "arn:aws-cn:")),
    ):
        refused = stranger.refused(operation, CertificateArn=named, **more)
        assert refused.code == "ResourceNotFoundException"
    for wrong in (arn + "/x", "x" * 20, arn.replace("acm", "iam", 1), arn + "\n"):
        refused = acm.refused(operation, CertificateArn=wrong, **more)
        assert refused.code == "InvalidArnException"
    assert acm("GetCertificate", CertificateArn=arn)["Certificate"] == LEAF.pem.decode()
    assert acm("ListTagsForCertificate", CertificateArn=arn)["Tags"] == []


def test_a_certificate_in_use_is_not_deleted(acm: Calling) -> None:
    arn, spare = imported(acm), imported(acm)
    apis = used(acm, arn)
    told = acm("DescribeCertificate", CertificateArn=arn)["Certificate"]
    assert told["InUseBy"] == [f"arn:aws:apigateway:{REGION}::/domainnames/api.example.com"]
    in_use = {each["CertificateArn"]: each["InUse"] for each in acm("ListCertificates")["CertificateSummaryList"]}  # fmt: skip
    assert in_use == {arn: True, spare: False}
    refused = acm.refused("DeleteCertificate", CertificateArn=arn)
    assert refused.code == "ResourceInUseException"
    acm("DeleteCertificate", CertificateArn=spare)
    apis("DeleteDomainName", DomainName="api.example.com")
    acm("DeleteCertificate", CertificateArn=arn)
    assert acm("ListCertificates")["CertificateSummaryList"] == []


def test_a_certificate_must_be_good_for_the_names_that_use_it(acm: Calling) -> None:
    arn = imported(acm)
    apis = Calling(APIS, acm.store)
    refused = apis.refused(
        "CreateDomainName",
        DomainName="other.example.com",
        DomainNameConfigurations=[{"CertificateArn": arn}],
    )
    assert "not for other.example.com" in refused.message
    used(acm, arn, "x.example.org")
    used(acm, arn)
    for names in (("other.com",), ("api.example.com",), ("x.example.org",), ("*.com", "*.org")):
        refused = acm.refused("ImportCertificate", **pem(leaf(*names), CertificateArn=arn))
        assert refused.code == "InvalidParameterException"
        assert "which uses it" in refused.message
    assert acm("GetCertificate", CertificateArn=arn)["Certificate"] == LEAF.pem.decode()
    new = leaf("*.example.com", "x.example.org")
    assert imported(acm, new, CertificateArn=arn) == arn
    assert acm("GetCertificate", CertificateArn=arn)["Certificate"] == new.pem.decode()


def test_imported_anew_a_certificate_keeps_its_tags_and_its_age(acm: Calling) -> None:
    arn = imported(acm, Tags=[{"Key": "a", "Value": "1"}], CertificateChain=CA.pem)
    before = acm("DescribeCertificate", CertificateArn=arn)["Certificate"]
    refused = acm.refused("ImportCertificate", **pem(CertificateArn=arn, Tags=[{"Key": "b"}]))
    assert refused.code == "InvalidParameterException"
    imported(acm, leaf("new.example.com"), CertificateArn=arn)
    after = acm("DescribeCertificate", CertificateArn=arn)["Certificate"]
    assert after["CreatedAt"] == before["CreatedAt"]
    assert after["ImportedAt"] > before["ImportedAt"]
    assert "CertificateChain" not in acm("GetCertificate", CertificateArn=arn)
    tags = acm("ListTagsForCertificate", CertificateArn=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "1"}]


def test_tags_are_added_and_taken_away(acm: Calling) -> None:
    arn = imported(acm)
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b"}, {"Key": "c", "Value": "3"}]
    acm("AddTagsToCertificate", CertificateArn=arn, Tags=tags)
    gone = [{"Key": "a", "Value": "other"}, {"Key": "b"}, {"Key": "c", "Value": "3"}]
    acm("RemoveTagsFromCertificate", CertificateArn=arn, Tags=gone)
    left = acm("ListTagsForCertificate", CertificateArn=arn)["Tags"]
    assert left == [{"Key": "a", "Value": "1"}]
    refused = acm.refused("AddTagsToCertificate", CertificateArn=arn, Tags=[{"Key": "AWS:x"}])
    assert refused.code == "InvalidTagException"
    many = [{"Key": f"k{number}"} for number in range(50)]
    refused = acm.refused("AddTagsToCertificate", CertificateArn=arn, Tags=many)
    assert refused.code == "TooManyTagsException"
    assert acm("ListTagsForCertificate", CertificateArn=arn)["Tags"] == left
