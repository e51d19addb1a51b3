"""Server certificates with their private keys."""

from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from msgspec import structs

from bargate.identity.unique_id import unique_id
from bargate.records.server_certificate import SERVER_CERTIFICATE, ServerCertificate
from bargate.secret import Secret
from bargate.services.iam.documents import tag_list
from bargate.services.iam.errors import already_exists, limit_exceeded, no_such
from bargate.services.iam.naming import checked_name, checked_path
from bargate.services.iam.pages import page, stored
from bargate.services.iam.tagging import new_tags
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    # Imported where it is used: 20 ms that a start need not wait for.
    from cryptography import x509

MAX_CERTIFICATES = 20
_NOUN = "Server Certificate"


@operation(writes=True)
def upload_server_certificate(call: OperationCall, request: Params) -> Params:
    """Take in a certificate, its key and chain."""
    certificate = _read_certificate(request["CertificateBody"])
    _check_key(certificate, request["PrivateKey"])
    chain = request.get("CertificateChain")
    if chain is not None:
        _check_chain(chain)
    record = ServerCertificate(
        account_id=call.account_id,
        id=unique_id("ASCA"),
        name=checked_name(request, "ServerCertificateName"),
        path=checked_path(request),
        body=request["CertificateBody"],
        private_key=Secret(request["PrivateKey"]),
        uploaded_at=call.now,
        expires_at=certificate.not_valid_after_utc,
        chain=chain,
        partition=call.partition,
        tags=new_tags(request),
    )
    _check_name_is_free(call, record.name)
    if call.tx.count(SERVER_CERTIFICATE, (call.account_id,)) >= MAX_CERTIFICATES:
        raise limit_exceeded("ServerCertificatesPerAccount", MAX_CERTIFICATES)
    call.tx.create(SERVER_CERTIFICATE, record)
    return {"ServerCertificateMetadata": _metadata(record), "Tags": tag_list(record.tags)}


@operation()
def get_server_certificate(call: OperationCall, request: Params) -> Params:
    """Give a certificate without its key."""
    record = the_certificate(call, request["ServerCertificateName"])
    shape: Params = {
        "ServerCertificateMetadata": _metadata(record),
        "CertificateBody": record.body,
        "Tags": tag_list(record.tags),
    }
    if record.chain is not None:
        shape["CertificateChain"] = record.chain
    return {"ServerCertificate": shape}


@operation()
def list_server_certificates(call: OperationCall, request: Params) -> Params:
    """List certificates by name."""
    prefix = request.get("PathPrefix") or "/"
    found = page(
        request,
        [stored(call.tx, SERVER_CERTIFICATE, (call.account_id,))],
        None if prefix == "/" else lambda record: record.path.startswith(prefix),
    )
    return {"ServerCertificateMetadataList": list(map(_metadata, found.items)), **found.tail}


@operation(writes=True)
def update_server_certificate(call: OperationCall, request: Params) -> Params:
    """Rename or move a certificate; its id stays."""
    record = the_certificate(call, request["ServerCertificateName"])
    changed = record
    if request.get("NewServerCertificateName") is not None:
        name = checked_name(request, "NewServerCertificateName")
        if name.lower() != record.name.lower():
            _check_name_is_free(call, name)
        changed = structs.replace(changed, name=name)
    if request.get("NewPath") is not None:
        changed = structs.replace(changed, path=checked_path(request, "NewPath"))
    call.tx.delete(SERVER_CERTIFICATE, SERVER_CERTIFICATE.key_of(record))
    call.tx.create(SERVER_CERTIFICATE, changed)
    return {}


@operation(writes=True)
def delete_server_certificate(call: OperationCall, request: Params) -> Params:
    """Delete a certificate."""
    record = the_certificate(call, request["ServerCertificateName"])
    call.tx.delete(SERVER_CERTIFICATE, SERVER_CERTIFICATE.key_of(record))
    return {}


def the_certificate(call: OperationCall, name: str) -> ServerCertificate:
    """Find a certificate by name. Raises AwsError."""
    key = (call.account_id, name.lower())
    record = None if "\0" in name else call.tx.find(SERVER_CERTIFICATE, key)
    if record is None or record.name != name:
        raise no_such(_NOUN, name)
    return record


def _check_name_is_free(call: OperationCall, name: str) -> None:
    if call.tx.find(SERVER_CERTIFICATE, (call.account_id, name.lower())) is not None:
        raise already_exists(f"The {_NOUN} with name {name} already exists.")


def _read_certificate(pem: str) -> "x509.Certificate":
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.load_pem_x509_certificate(pem.encode("utf-8"))
    except ValueError as error:
        raise _malformed(
            "Unable to parse certificate. Please ensure the certificate is in PEM format."
        ) from error


def _check_chain(pem: str) -> None:
    from cryptography import x509  # noqa: PLC0415

    try:
        x509.load_pem_x509_certificates(pem.encode("utf-8"))
    except ValueError as error:
        raise _malformed(
            "Unable to parse certificate chain. Please ensure the chain is in PEM format."
        ) from error


def _check_key(certificate: "x509.Certificate", pem: str) -> None:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    try:
        key = load_pem_private_key(pem.encode("utf-8"), None)
        own = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        theirs = certificate.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _malformed(
            "Unable to parse private key. Please ensure the key is in PEM format."
        ) from error
    if own != theirs:
        raise AwsError("KeyPairMismatch", "The certificate and the private key do not match.")


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedCertificate", message)


def _metadata(record: ServerCertificate) -> Params:
    return {
        "Path": record.path,
        "ServerCertificateName": record.name,
        "ServerCertificateId": record.id,
        "Arn": record.arn,
        "UploadDate": record.uploaded_at,
        "Expiration": record.expires_at,
    }
