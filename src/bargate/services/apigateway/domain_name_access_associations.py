"""Which interface endpoints reach which private custom domain names.

The owner of the endpoint makes an association; the owner of the name may reject it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bargate.records.domain_name import DOMAIN_NAME, DomainName
from bargate.records.domain_name_access_association import (
    DOMAIN_NAME_ACCESS_ASSOCIATION,
    DomainNameAccessAssociation,
)
from bargate.services.apigateway.errors import bad_request, conflict, not_found
from bargate.services.apigateway.more_listing import Listing, page
from bargate.services.apigateway.more_values import is_storable, tags_of
from bargate.services.apigateway.shape import present
from bargate.services.further_permissions import require
from bargate.services.operation import operation
from bargate.store.interface import AlreadyExists

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MISSING: Final = "Invalid domain name access association identifier specified"
_DOMAIN_ARN: Final = re.compile(
    r"arn:[a-z-]{3,16}:apigateway:(?P<region>[a-z0-9-]{1,32}):(?P<account>\d{12})"
    r":/domainnames/(?P<name>[a-z0-9.*-]{1,253})\+(?P<id>[a-z0-9]{1,32})",
    re.ASCII,
)
_ENDPOINT: Final = re.compile(r"vpce-[a-z0-9-]{1,64}", re.ASCII)


@operation(writes=True)
def create_domain_name_access_association(call: OperationCall, request: Params) -> Params:
    """Let an endpoint of the caller's reach a private name of the caller's.

    A name of another account is refused: its management policy would have to allow it, and no
    operation sets one here yet [I].
    """
    source = request["accessAssociationSource"]
    if request["accessAssociationSourceType"] != "VPCE" or _ENDPOINT.fullmatch(source) is None:
        raise bad_request("Invalid access association source specified")
    domain = _own_domain(call, request["domainNameArn"])
    if domain is None:
        raise bad_request("Invalid domain name ARN specified")
    require(call, "apigateway:CreateAccessAssociation", domain.domain_name_arn, domain.tags)
    association = DomainNameAccessAssociation(
        account_id=call.account_id,
        region=call.region,
        arn=_arn(call, domain, source),
        domain_name_arn=domain.domain_name_arn,
        source=source,
        created_date=call.now,
        tags=tags_of(request),
    )
    try:
        return _show(call.tx.create(DOMAIN_NAME_ACCESS_ASSOCIATION, association))
    except AlreadyExists as error:
        raise conflict("The domain name access association already exists") from error


def _arn(call: OperationCall, domain: DomainName, source: str) -> str:
    """Write the ARN (AWS [D] private custom domain names)."""
    place = f"domainname/{domain.domain_name}+{domain.domain_name_id}/vpcesource/{source}"
    return call.arn("apigateway", f"/domainnameaccessassociations/{place}")


def _own_domain(call: OperationCall, arn: str) -> DomainName | None:
    """Give the caller's private name of an ARN; that of anyone else is as one that is not there."""
    parts = _DOMAIN_ARN.fullmatch(arn)
    if parts is None or (parts["account"], parts["region"]) != (call.account_id, call.region):
        return None
    found = call.tx.find(DOMAIN_NAME, (call.account_id, call.region, parts["name"]))
    return found if found is not None and found.domain_name_arn == arn else None


@operation()
def get_domain_name_access_associations(call: OperationCall, request: Params) -> Params:
    """List the caller's associations."""
    if request.get("resourceOwner") == "OTHER_ACCOUNTS":
        return {"items": []}  # see create: only an account's own names can be associated
    prefix = (call.account_id, call.region)
    return page(call, request, Listing(kind=DOMAIN_NAME_ACCESS_ASSOCIATION, prefix=prefix), _show)


@operation(writes=True)
def delete_domain_name_access_association(call: OperationCall, request: Params) -> Params:
    """Take an association of the caller's away."""
    return _delete(call, request["domainNameAccessAssociationArn"], None)


@operation(writes=True)
def reject_domain_name_access_association(call: OperationCall, request: Params) -> Params:
    """Take away an association with a name of the caller's."""
    domain = _own_domain(call, request["domainNameArn"])
    if domain is None:
        raise not_found("Invalid domain name ARN specified")
    require(call, "apigateway:RejectAccessAssociation", domain.domain_name_arn, domain.tags)
    return _delete(call, request["domainNameAccessAssociationArn"], domain.domain_name_arn)


def _delete(call: OperationCall, arn: str, domain_name_arn: str | None) -> Params:
    key = (call.account_id, call.region, arn)
    found = None
    if is_storable(arn):
        found = call.tx.find(DOMAIN_NAME_ACCESS_ASSOCIATION, key)
    if found is None or domain_name_arn not in {None, found.domain_name_arn}:
        raise not_found(MISSING)
    call.tx.delete(DOMAIN_NAME_ACCESS_ASSOCIATION, key)
    return {}


def _show(found: DomainNameAccessAssociation) -> Params:
    return present(
        domainNameAccessAssociationArn=found.arn,
        domainNameArn=found.domain_name_arn,
        accessAssociationSourceType=found.source_type,
        accessAssociationSource=found.source,
        tags=found.tags or None,
    )
