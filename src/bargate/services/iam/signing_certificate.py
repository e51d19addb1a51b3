"""X.509 signing certificates: two for each user."""

from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import structs

from bargate.identity.unique_id import random_id
from bargate.records.signing_certificate import SIGNING_CERTIFICATE, SigningCertificate
from bargate.services.iam.credentials import checked_status
from bargate.services.iam.errors import limit_exceeded, no_such_entity
from bargate.services.iam.lookup import user_or_caller
from bargate.services.iam.pages import page, stored
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

MAX_CERTIFICATES = 2
_ID_CHARACTERS = 32


@operation(writes=True)
def upload_signing_certificate(call: OperationCall, request: Params) -> Params:
    """Take in a certificate."""
    from cryptography import x509  # noqa: PLC0415  20 ms that a start need not wait for

    user = user_or_caller(call, request)
    body: str = request["CertificateBody"]
    try:
        certificate = x509.load_pem_x509_certificate(body.encode("utf-8"))
    except ValueError as error:
        raise AwsError("MalformedCertificate", "The certificate is not valid.") from error
    fingerprint = certificate.fingerprint(SHA256()).hex()
    own = call.tx.list(SIGNING_CERTIFICATE, (call.account_id, user.id))
    if any(each.fingerprint == fingerprint for each in own):
        raise AwsError("DuplicateCertificate", "The certificate was uploaded before.")
    if len(own) >= MAX_CERTIFICATES:
        raise limit_exceeded("CertificatesPerUser", MAX_CERTIFICATES)
    record = call.tx.create(
        SIGNING_CERTIFICATE,
        SigningCertificate(
            account_id=call.account_id,
            user_id=user.id,
            id=random_id(_ID_CHARACTERS),
            body=body,
            fingerprint=fingerprint,
            uploaded_at=call.now,
        ),
    )
    return {"Certificate": _shape(record, user.name)}


@operation()
def list_signing_certificates(call: OperationCall, request: Params) -> Params:
    """List a user's certificates."""
    user = user_or_caller(call, request)
    found = page(request, [stored(call.tx, SIGNING_CERTIFICATE, (call.account_id, user.id))])
    shapes = [_shape(record, user.name) for record in found.items]
    return {"Certificates": shapes, **found.tail}


@operation(writes=True)
def update_signing_certificate(call: OperationCall, request: Params) -> Params:
    """Switch a certificate on or off."""
    record = _found(call, request)
    status = checked_status(request)
    call.tx.update(
        SIGNING_CERTIFICATE,
        SIGNING_CERTIFICATE.key_of(record),
        lambda record: structs.replace(record, status=status),
    )
    return {}


@operation(writes=True)
def delete_signing_certificate(call: OperationCall, request: Params) -> Params:
    """Delete a certificate."""
    call.tx.delete(SIGNING_CERTIFICATE, SIGNING_CERTIFICATE.key_of(_found(call, request)))
    return {}


def _found(call: OperationCall, request: Params) -> SigningCertificate:
    user = user_or_caller(call, request)
    certificate_id: str = request["CertificateId"]
    record = None
    if "\0" not in certificate_id:
        record = call.tx.find(SIGNING_CERTIFICATE, (call.account_id, user.id, certificate_id))
    if record is None:
        raise no_such_entity(f"The Certificate with id {certificate_id} cannot be found.")
    return record


def _shape(record: SigningCertificate, user_name: str) -> Params:
    return {
        "UserName": user_name,
        "CertificateId": record.id,
        "CertificateBody": record.body,
        "Status": record.status,
        "UploadDate": record.uploaded_at,
    }
