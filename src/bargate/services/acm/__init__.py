"""The AWS API `acm`: certificates of custom domain names, imported and imported anew.

    ImportCertificate ──► checked (`services.certificates`) ──► AcmCertificate ──► domain names ──► TLS

What ACM itself would issue or renew is refused as not implemented: there is no authority here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.acm import certificates, importing, tags
from bargate.services.operation import OperationCall, Params, Service, Target, collect

if TYPE_CHECKING:
    from collections.abc import Iterable

MODULES = (certificates, importing, tags)


def _targets(operation: str, call: OperationCall, request: Params) -> Iterable[Target]:
    arn = request.get("CertificateArn")
    context: dict[str, str | tuple[str, ...]] = {
        f"aws:RequestTag/{each['Key']}": each.get("Value", "")
        for each in request.get("Tags") or ()
        if "Key" in each
    }
    if operation == "ImportCertificate" and arn is None:
        arn = call.arn("acm", "certificate/*")
    yield Target(action=f"acm:{operation}", resource=arn or "*", context=context)


SERVICE = Service(
    name="acm",
    operations=collect(MODULES),
    targets=_targets,
    denied_code="AccessDeniedException",
)
