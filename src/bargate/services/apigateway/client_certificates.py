"""Client certificates: by them the gateway shows HTTP backends that it is the gateway.

Self-signed, valid for 365 days; the private key never leaves (AWS [D] apigw-objects §6).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.client_certificate import CLIENT_CERTIFICATE, ClientCertificate
from bargate.records.rest_stage import REST_STAGE
from bargate.secret import Secret
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.more_listing import Listing, need, page
from bargate.services.apigateway.more_values import is_storable, tags_of
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import new_id, present
from bargate.services.operation import operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.services.operation import OperationCall, Params

MISSING: Final = "Invalid Client Certificate identifier specified"
MAX_CERTIFICATES: Final = 60  # AWS [D] apigw-objects §6
VALIDITY: Final = timedelta(days=365)
_KEY_BITS: Final = 2048
_MAX_DESCRIPTION: Final = 1024


@operation(writes=True)
def generate_client_certificate(call: OperationCall, request: Params) -> Params:
    """Make a key pair and a certificate of it."""
    description, tags = check_description(request.get("description")), tags_of(request)
    if call.tx.count(CLIENT_CERTIFICATE, (call.account_id, call.region)) >= MAX_CERTIFICATES:
        text = f"Maximum number of client certificates reached: {MAX_CERTIFICATES}"
        raise AwsError("LimitExceededException", text)
    created = call.now.replace(microsecond=0)
    certificate, private_key = _self_signed(created)
    record = ClientCertificate(
        account_id=call.account_id,
        region=call.region,
        id=new_id(),
        description=description,
        pem_encoded_certificate=certificate,
        private_key=private_key,
        created_date=created,
        expiration_date=created + VALIDITY,
        tags=tags,
    )
    return show_client_certificate(call.tx.create(CLIENT_CERTIFICATE, record))


def _self_signed(created: datetime) -> tuple[str, Secret]:
    """Give a certificate and its private key, both PEM."""
    # Imported here: 20 ms that a start need not wait for.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ApiGateway")])
    # All have one name: by its key's identifier a backend that trusts two, as while they are
    # rotated, tells which of them it is shown.
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(created)
        .not_valid_after(created + VALIDITY)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(issuer, critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    private_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return pem.decode("ascii"), Secret(private_key.decode("ascii"))


def check_description(text: str | None) -> str | None:
    """Hold a description within its bound."""
    if text is not None and (len(text) > _MAX_DESCRIPTION or not is_storable(text)):
        raise bad_request("Invalid description specified")
    return text


@operation()
def get_client_certificate(call: OperationCall, request: Params) -> Params:
    """Give a certificate."""
    found = need(call, CLIENT_CERTIFICATE, (request["clientCertificateId"],), MISSING)
    return show_client_certificate(found)


@operation()
def get_client_certificates(call: OperationCall, request: Params) -> Params:
    """List the certificates."""
    listing = Listing(kind=CLIENT_CERTIFICATE, prefix=(call.account_id, call.region))
    return page(call, request, listing, show_client_certificate)


@operation(writes=True)
def update_client_certificate(call: OperationCall, request: Params) -> Params:
    """Change the description."""
    found = need(call, CLIENT_CERTIFICATE, (request["clientCertificateId"],), MISSING)
    changed = patched(found, request, _PATCHES)
    key = CLIENT_CERTIFICATE.key_of(found)
    return show_client_certificate(call.tx.update(CLIENT_CERTIFICATE, key, lambda _: changed))


def _description(found: ClientCertificate, step: Step) -> ClientCertificate:
    return replace(found, description=check_description(step.value))


_PATCHES: Final = Table((Rule("/description", ("replace",), _description),))


@operation(writes=True)
def delete_client_certificate(call: OperationCall, request: Params) -> Params:
    """Take a certificate away that no stage shows, or will show (AWS [O] apigw-objects §6)."""
    found = need(call, CLIENT_CERTIFICATE, (request["clientCertificateId"],), MISSING)
    key = CLIENT_CERTIFICATE.key_of(found)
    stage = call.tx.find_by(REST_STAGE, "client_certificate", key)
    until_deployed = ""
    if stage is None:
        stage = call.tx.find_by(REST_STAGE, "deployed_client_certificate", key)
        until_deployed = " until the API is deployed to it again"
    if stage is not None:
        text = (
            f"Cannot delete Client Certificate {found.id} because it is used by stage"
            f" {stage.name} of API {stage.api_id}{until_deployed}"
        )
        raise bad_request(text)
    call.tx.delete(CLIENT_CERTIFICATE, key)
    return {}


def show_client_certificate(found: ClientCertificate) -> Params:
    """Write a certificate as AWS does. INVARIANT: its private key is in no output."""
    return present(
        clientCertificateId=found.id,
        description=found.description,
        pemEncodedCertificate=found.pem_encoded_certificate,
        createdDate=found.created_date,
        expirationDate=found.expiration_date,
        tags=found.tags or None,
    )
