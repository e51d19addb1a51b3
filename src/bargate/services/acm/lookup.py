"""Finding a certificate by its ARN, and the domain names that use it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bargate.records.acm_certificate import ACM_CERTIFICATE, AcmCertificate
from bargate.records.domain_name import DOMAIN_NAME
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

_ARN: Final = re.compile(
    r"arn:[a-z-]{3,16}:acm:[a-z0-9-]{1,32}:\d{12}:certificate/(?P<id>[\w-]{1,64})", re.ASCII
)


def the_certificate(call: OperationCall, request: Params) -> AcmCertificate:
    """Give the certificate that a request names; raises AwsError."""
    arn: str = request["CertificateArn"]
    found = _ARN.fullmatch(arn)
    if found is None:
        raise AwsError("InvalidArnException", f"The ARN {arn[:256]} is not that of a certificate.")
    key = (call.account_id, call.region, found["id"])
    record = call.tx.find(ACM_CERTIFICATE, key)
    if record is None or record.arn != arn:
        message = f"Could not find certificate {arn} in account {call.account_id}."
        raise AwsError("ResourceNotFoundException", message)
    return record


def used_by(call: OperationCall, record: AcmCertificate) -> list[str]:
    """Give the ARNs of the domain names that use a certificate."""
    return [
        each.domain_name_arn
        for each in call.tx.list(DOMAIN_NAME, (record.account_id, record.region))
        if any(endpoint.certificate_arn == record.arn for endpoint in each.endpoints)
    ]
