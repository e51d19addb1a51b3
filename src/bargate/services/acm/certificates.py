"""Reading, listing and deleting certificates. INVARIANT: a private key is in no output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bargate.records.acm_certificate import ACM_CERTIFICATE, AcmCertificate
from bargate.services.acm.lookup import the_certificate, used_by
from bargate.services.certificates import check_server_certificate
from bargate.services.operation import operation
from bargate.services.paging import InvalidToken, key_of, token_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

_MOST: Final = 1_000
_ISSUED, _EXPIRED = "ISSUED", "EXPIRED"


@operation()
def get_certificate(call: OperationCall, request: Params) -> Params:
    """Give a certificate and its chain."""
    record = the_certificate(call, request)
    output: Params = {"Certificate": record.body}
    return output if record.chain is None else output | {"CertificateChain": record.chain}


@operation()
def describe_certificate(call: OperationCall, request: Params) -> Params:
    """Tell of a certificate."""
    record = the_certificate(call, request)
    read = check_server_certificate(
        record.body, record.chain, record.private_key.reveal(), record.not_before
    )
    detail: Params = _common(call, record) | {
        "SubjectAlternativeNames": list(record.names),
        "Serial": read.serial,
        "Subject": read.subject,
        "Issuer": read.issuer,
        "InUseBy": used_by(call, record),
        "KeyAlgorithm": read.key_algorithm,
        "Options": {"CertificateTransparencyLoggingPreference": "DISABLED"},
    }
    return {"Certificate": detail}


@operation()
def list_certificates(call: OperationCall, request: Params) -> Params:
    """List the certificates, of some statuses only if they are named."""
    prefix = (call.account_id, call.region)
    limit = request.get("MaxItems") or _MOST
    found = call.tx.list(ACM_CERTIFICATE, prefix, after=_after(call, request), limit=limit + 1)
    statuses = set(request.get("CertificateStatuses") or (_ISSUED, _EXPIRED))
    shown = [_summary(call, each) for each in found[:limit] if _status(call, each) in statuses]
    output: Params = {"CertificateSummaryList": shown}
    if len(found) > limit:
        output["NextToken"] = token_of(ACM_CERTIFICATE.key_of(found[limit - 1]))
    return output


@operation(writes=True)
def delete_certificate(call: OperationCall, request: Params) -> Params:
    """Take a certificate away that nothing uses."""
    record = the_certificate(call, request)
    if used_by(call, record):
        message = f"Certificate {record.arn} in account {call.account_id} is in use."
        raise AwsError("ResourceInUseException", message)
    call.tx.delete(ACM_CERTIFICATE, ACM_CERTIFICATE.key_of(record))
    return {}


def _after(call: OperationCall, request: Params) -> tuple[str, ...] | None:
    token = request.get("NextToken")
    if token is None:
        return None
    try:
        key = key_of(token)
    except InvalidToken as error:
        raise AwsError("ValidationException", "NextToken is not one that was given.") from error
    # INVARIANT: a token leads nowhere but into the caller's own certificates.
    if key[:2] != (call.account_id, call.region):
        raise AwsError("ValidationException", "NextToken is not one that was given.")
    return key


def _status(call: OperationCall, record: AcmCertificate) -> str:
    return _ISSUED if call.now < record.not_after else _EXPIRED


def _common(call: OperationCall, record: AcmCertificate) -> dict[str, Any]:
    return {
        "CertificateArn": record.arn,
        "DomainName": record.names[0] if record.names else "unknown",
        "Status": _status(call, record),
        "Type": "IMPORTED",
        "RenewalEligibility": "INELIGIBLE",
        "CreatedAt": record.created_at,
        "ImportedAt": record.imported_at,
        "NotBefore": record.not_before,
        "NotAfter": record.not_after,
    }


def _summary(call: OperationCall, record: AcmCertificate) -> dict[str, Any]:
    return _common(call, record) | {
        "SubjectAlternativeNameSummaries": list(record.names[:100]),
        "HasAdditionalSubjectAlternativeNames": len(record.names) > 100,  # noqa: PLR2004  AWS's
        "InUse": bool(used_by(call, record)),
    }
