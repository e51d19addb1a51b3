"""The script's part of ACM: a certificate from elsewhere."""

from __future__ import annotations

from tests.objects import authority, server

from conformance.control.script import Step, steps_of

step = steps_of("acm")
TAGS = [{"Key": "team", "Value": "a"}]
_CA = authority()
_LEAF = server(_CA, "api.example.com")

BUILD: tuple[Step, ...] = (
    step(
        "ImportCertificate",
        lambda _: {
            "Certificate": _LEAF.pem,
            "CertificateChain": _CA.pem,
            "PrivateKey": _LEAF.key_pem,
        },
        certificate_arn="CertificateArn",
    ),
    step("GetCertificate", lambda k: {"CertificateArn": k.certificate_arn}),
    step("DescribeCertificate", lambda k: {"CertificateArn": k.certificate_arn}),
    step("ListCertificates"),
    step(
        "AddTagsToCertificate",
        lambda k: {"CertificateArn": k.certificate_arn, "Tags": TAGS},
    ),
    step("ListTagsForCertificate", lambda k: {"CertificateArn": k.certificate_arn}),
    step(
        "RemoveTagsFromCertificate",
        lambda k: {"CertificateArn": k.certificate_arn, "Tags": TAGS},
    ),
)

TEAR_DOWN: tuple[Step, ...] = (
    step("DeleteCertificate", lambda k: {"CertificateArn": k.certificate_arn}),
)
