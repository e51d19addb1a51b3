"""What TLS needs of a custom domain name, checked and read before the name is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.records.acm_certificate import ACM_CERTIFICATE
from bargate.services.certificates import covers
from bargate.services.truststore import UnusableTruststore, with_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.records.domain_name import DomainName
    from bargate.services.operation import OperationCall
    from bargate.wire.error import AwsError


def with_tls(
    call: OperationCall, old: DomainName | None, new: DomainName, refuse: Callable[[str], AwsError]
) -> DomainName:
    """Give a domain name with what its truststore holds; `old` is what it was before, if it was.

    A certificate that ACM has must be good for the name. One that it has not is kept, as the name may
    be served without TLS; handshakes for it are refused.
    """
    for endpoint in new.endpoints:
        names = _names(call, endpoint.certificate_arn or "")
        if names is not None and not covers(names, new.domain_name):
            raise refuse(
                f"The certificate {endpoint.certificate_arn} is good for {', '.join(names) or 'no name'}"
                f" and not for {new.domain_name}"
            )
    if old is not None and new.mutual_tls == old.mutual_tls:
        return new
    try:
        return replace(new, mutual_tls=with_bundle(call, new.mutual_tls))
    except UnusableTruststore as error:
        raise refuse(str(error)) from error


def _names(call: OperationCall, arn: str) -> tuple[str, ...] | None:
    if ":acm:" not in arn:
        return None
    key = (call.account_id, call.region, arn.rpartition("/")[2])
    record = call.tx.find(ACM_CERTIFICATE, key)
    return None if record is None or record.arn != arn else record.names
