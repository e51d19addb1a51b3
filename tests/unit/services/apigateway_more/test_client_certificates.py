from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bargate.records.client_certificate import CLIENT_CERTIFICATE
from bargate.services.apigateway import SERVICE, client_certificates
from calling import ACCOUNT, REGION, Calling, root
from unit.services.apigateway_more.building_apis import api_with_stages, patch


def test_a_certificate_is_self_signed_and_valid_for_a_year(api: Calling) -> None:
    made = api("GenerateClientCertificate", description="mine", tags={"a": "b"})
    found = x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode())
    found.verify_directly_issued_by(found)
    assert found.not_valid_after_utc - found.not_valid_before_utc == timedelta(days=365)
    assert made["expirationDate"] == found.not_valid_after_utc
    assert made["tags"] == {"a": "b"}
    assert api("GetClientCertificate", clientCertificateId=made["clientCertificateId"]) == made


def test_the_private_key_is_kept_and_never_shown(api: Calling) -> None:
    made = api("GenerateClientCertificate")
    key = (ACCOUNT, REGION, made["clientCertificateId"])
    record = api.store.read(lambda tx: tx.get(CLIENT_CERTIFICATE, key))
    private = load_pem_private_key(record.private_key.reveal().encode(), password=None)
    found = x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode())
    assert private.public_key() == found.public_key()
    operations = [patch("replace", "/description", "x")]
    outputs = (
        made,
        api("GetClientCertificate", clientCertificateId=key[2]),
        api("GetClientCertificates"),
        api("UpdateClientCertificate", clientCertificateId=key[2], patchOperations=operations),
        record,
    )
    assert "PRIVATE" not in repr(outputs)


def test_what_is_not_the_callers_is_not_there(api: Calling) -> None:
    made = api("GenerateClientCertificate")["clientCertificateId"]
    stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
    for operation in ("GetClientCertificate", "DeleteClientCertificate"):
        assert stranger.refused(operation, clientCertificateId=made).code == "NotFoundException"


def test_only_the_description_can_be_patched(api: Calling) -> None:
    made = api("GenerateClientCertificate")["clientCertificateId"]
    for path in ("/pemEncodedCertificate", "/private_key", "/privateKey", "/expirationDate"):
        operations = [patch("replace", path, "x")]
        refused = api.refused(
            "UpdateClientCertificate", clientCertificateId=made, patchOperations=operations
        )
        assert refused.code == "BadRequestException"


def test_a_certificate_in_use_is_not_deleted(api: Calling) -> None:
    made = api("GenerateClientCertificate")["clientCertificateId"]
    rest = api_with_stages(api, "prod")
    operations = [patch("replace", "/clientCertificateId", made)]
    api("UpdateStage", restApiId=rest, stageName="prod", patchOperations=operations)
    assert (
        api.refused("DeleteClientCertificate", clientCertificateId=made).code
        == "BadRequestException"
    )
    api("DeleteStage", restApiId=rest, stageName="prod")
    api("DeleteClientCertificate", clientCertificateId=made)
    assert api("GetClientCertificates")["items"] == []


def test_an_account_has_a_bounded_number(api: Calling, monkeypatch: object) -> None:
    monkeypatch.setattr(client_certificates, "MAX_CERTIFICATES", 1)  # type: ignore[attr-defined]
    api("GenerateClientCertificate")
    assert api.refused("GenerateClientCertificate").code == "LimitExceededException"
