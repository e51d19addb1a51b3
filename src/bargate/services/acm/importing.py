"""ImportCertificate: a certificate from elsewhere, new or in place of one that is about to expire."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bargate.records.acm_certificate import ACM_CERTIFICATE, AcmCertificate
from bargate.records.domain_name import DOMAIN_NAME
from bargate.secret import Secret
from bargate.services.acm.lookup import the_certificate, used_by
from bargate.services.acm.tags import checked_tags
from bargate.services.certificates import UnusableCertificate, check_server_certificate, covers
from bargate.services.operation import operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MAX_CERTIFICATES = 2_500  # AWS [D] ACM quotas


@operation(writes=True)
def import_certificate(call: OperationCall, request: Params) -> Params:
    """Import a certificate, or import one anew under its ARN."""
    body, chain, key = (
        _text(request.get(name)) for name in ("Certificate", "CertificateChain", "PrivateKey")
    )
    try:
        read = check_server_certificate(body or "", chain, key or "", call.now)
    except UnusableCertificate as error:
        raise _invalid(str(error)) from error
    members: dict[str, Any] = {
        "body": body,
        "chain": chain,
        "private_key": Secret(key or ""),
        "names": read.names,
        "imported_at": call.now,
        "not_before": read.not_before,
        "not_after": read.not_after,
    }
    if request.get("CertificateArn") is None:
        return {"CertificateArn": _new(call, request, members).arn}
    if request.get("Tags"):
        raise _invalid("Tags cannot be set when a certificate is imported anew.")
    old = the_certificate(call, request)
    _check_names(call, old, read.names)
    new = replace(old, **members)
    call.tx.update(ACM_CERTIFICATE, ACM_CERTIFICATE.key_of(old), lambda _: new)
    return {"CertificateArn": new.arn}


def _new(call: OperationCall, request: Params, members: dict[str, Any]) -> AcmCertificate:
    if call.tx.count(ACM_CERTIFICATE, (call.account_id, call.region)) >= MAX_CERTIFICATES:
        raise AwsError(
            "LimitExceededException", f"There are {MAX_CERTIFICATES} certificates already."
        )
    certificate_id = str(uuid.uuid4())
    record = AcmCertificate(
        account_id=call.account_id,
        region=call.region,
        id=certificate_id,
        arn=call.arn("acm", f"certificate/{certificate_id}"),
        created_at=call.now,
        tags=checked_tags({}, request.get("Tags") or ()),
        **members,
    )
    return call.tx.create(ACM_CERTIFICATE, record)


def _check_names(call: OperationCall, old: AcmCertificate, names: tuple[str, ...]) -> None:
    """Refuse a certificate that is not good for the domain names which use the one before."""
    arns = set(used_by(call, old))
    for domain in call.tx.list(DOMAIN_NAME, (old.account_id, old.region)):
        if domain.domain_name_arn in arns and not covers(names, domain.domain_name):
            raise _invalid(f"The certificate is not good for {domain.domain_name}, which uses it.")


def _text(data: bytes | None) -> str | None:
    if not data:
        return None
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise _invalid("The certificate, its chain or its key is not in PEM format.") from None


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
