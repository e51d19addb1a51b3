from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bargate.control.parts import Subject, all_subjects, part_of
from bargate.model.client_certificate import ClientCertificate as ClientCertificatePart
from bargate.records.client_certificate import CLIENT_CERTIFICATE
from bargate.services.apigateway import SERVICE, client_certificates
from bargate.services.apigateway.served import served_stage
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


def served_certificate(api: Calling, rest: str) -> str | None:
    stage = api.store.read(lambda tx: served_stage(tx, (ACCOUNT, REGION, rest, "prod")))
    assert stage is not None
    return stage.stage.client_certificate_id


def test_a_stage_shows_what_it_had_when_it_was_deployed_to(api: Calling) -> None:
    """AWS [D] apigw-evaluation §1: a redeploy is needed, and until then the old one is in use."""
    one, two = (api("GenerateClientCertificate")["clientCertificateId"] for _ in range(2))
    rest = api_with_stages(api, "prod")

    def show(certificate: str | None) -> None:
        step = (
            patch("replace", "/clientCertificateId", certificate)
            if certificate
            else patch("remove", "/clientCertificateId")
        )
        api("UpdateStage", restApiId=rest, stageName="prod", patchOperations=[step])

    show(one)
    assert served_certificate(api, rest) is None
    api("CreateDeployment", restApiId=rest, stageName="prod")
    assert served_certificate(api, rest) == one
    show(two)
    assert served_certificate(api, rest) == one
    refused = api.refused("DeleteClientCertificate", clientCertificateId=one)
    assert "until the API is deployed to it again" in refused.message
    other = api("CreateDeployment", restApiId=rest)["id"]
    steps = [patch("replace", "/deploymentId", other)]
    api("UpdateStage", restApiId=rest, stageName="prod", patchOperations=steps)
    assert served_certificate(api, rest) == two
    api("DeleteClientCertificate", clientCertificateId=one)
    show(None)
    assert served_certificate(api, rest) == two
    api("CreateDeployment", restApiId=rest, stageName="prod")
    assert served_certificate(api, rest) is None


def test_workers_are_sent_the_key_and_told_when_it_is_gone(api: Calling) -> None:
    made = api("GenerateClientCertificate")
    subject = Subject("client_certificate", (ACCOUNT, REGION, made["clientCertificateId"]))
    assert subject in api.store.read(lambda tx: list(all_subjects(tx)))
    part = api.store.read(lambda tx: part_of(tx, subject))
    assert isinstance(part, ClientCertificatePart)
    assert part.certificate == made["pemEncodedCertificate"]
    assert part.private_key.reveal().startswith("-----BEGIN PRIVATE KEY-----")
    api("DeleteClientCertificate", clientCertificateId=made["clientCertificateId"])
    assert api.store.read(lambda tx: part_of(tx, subject)) is None


def test_an_account_has_a_bounded_number(api: Calling, monkeypatch: object) -> None:
    monkeypatch.setattr(client_certificates, "MAX_CERTIFICATES", 1)  # type: ignore[attr-defined]
    api("GenerateClientCertificate")
    assert api.refused("GenerateClientCertificate").code == "LimitExceededException"
