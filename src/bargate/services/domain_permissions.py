"""What changing a custom domain name needs besides the operation itself (AWS [D]).

Mutual TLS and the policy of a name decide who reaches what is behind it, so each has an action.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.further_permissions import require

if TYPE_CHECKING:
    from bargate.records.domain_name import DomainName
    from bargate.services.operation import OperationCall


def require_domain_change(call: OperationCall, old: DomainName | None, new: DomainName) -> None:
    """Raise AccessDenied unless the caller may make of `old` (None before it exists) the new."""
    tags = new.tags if old is None else old.tags
    was_tls, was_policy = (None, None) if old is None else (old.mutual_tls, old.policy)
    if new.mutual_tls != was_tls:
        verb = "RemoveCertificateFromDomain" if new.mutual_tls is None else "AddCertificateToDomain"
        require(call, f"apigateway:{verb}", new.domain_name_arn, tags)
    if new.policy != was_policy:
        require(call, "apigateway:UpdateDomainNamePolicy", new.domain_name_arn, tags)
