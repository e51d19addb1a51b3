"""VPC links: named ways to load balancers. Here they are kept, and available at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.rest_resource import REST_RESOURCE
from bargate.records.vpc_link import VPC_LINK, VpcLink
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.more_listing import Listing, need, page
from bargate.services.apigateway.more_values import is_storable, tags_of
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import every, new_id, present
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MISSING: Final = "Invalid Vpc Link identifier specified"
_MAX_TEXT: Final = 1024
_LOAD_BALANCER: Final = re.compile(
    r"arn:[a-z-]{3,16}:elasticloadbalancing:[a-z0-9-]{1,32}:\d{12}:loadbalancer/net/[\w./-]{1,256}",
    re.ASCII,
)


@operation(writes=True)
def create_vpc_link(call: OperationCall, request: Params) -> Params:
    """Make a link to one network load balancer."""
    link = VpcLink(
        account_id=call.account_id,
        region=call.region,
        id=new_id(),
        name=_text(request["name"]),
        description=_optional_text(request.get("description")),
        target_arns=_targets(call, request["targetArns"]),
        created_date=call.now,
        tags=tags_of(request),
    )
    return show_vpc_link(call.tx.create(VPC_LINK, link))


def _text(text: str) -> str:
    if not text.strip() or len(text) > _MAX_TEXT or not is_storable(text):
        raise bad_request("Invalid Vpc Link name specified")
    return text


def _optional_text(text: str | None) -> str | None:
    if text is not None and (len(text) > _MAX_TEXT or not is_storable(text)):
        raise bad_request("Invalid Vpc Link description specified")
    return text


def _targets(call: OperationCall, arns: list[str]) -> tuple[str, ...]:
    """Check the targets: AWS takes one, of the caller's account [M]."""
    if len(arns) != 1:
        raise bad_request("Exactly one target ARN must be specified")
    for arn in arns:
        if _LOAD_BALANCER.fullmatch(arn) is None or arn.split(":")[4] != call.account_id:
            raise bad_request("Invalid target ARN specified: it must be a network load balancer")
    return tuple(arns)


@operation()
def get_vpc_link(call: OperationCall, request: Params) -> Params:
    """Give a link."""
    return show_vpc_link(need(call, VPC_LINK, (request["vpcLinkId"],), MISSING))


@operation()
def get_vpc_links(call: OperationCall, request: Params) -> Params:
    """List the links."""
    listing = Listing(kind=VPC_LINK, prefix=(call.account_id, call.region))
    return page(call, request, listing, show_vpc_link)


@operation(writes=True)
def update_vpc_link(call: OperationCall, request: Params) -> Params:
    """Change name or description."""
    link = need(call, VPC_LINK, (request["vpcLinkId"],), MISSING)
    changed = patched(link, request, _PATCHES)
    return show_vpc_link(call.tx.update(VPC_LINK, VPC_LINK.key_of(link), lambda _: changed))


def _name(link: VpcLink, step: Step) -> VpcLink:
    return replace(link, name=_text(step.text()))


def _description(link: VpcLink, step: Step) -> VpcLink:
    return replace(link, description=_optional_text(step.value))


_PATCHES: Final = Table(
    (Rule("/name", ("replace",), _name), Rule("/description", ("replace",), _description))
)


@operation(writes=True)
def delete_vpc_link(call: OperationCall, request: Params) -> Params:
    """Take a link away that no integration goes through."""
    link = need(call, VPC_LINK, (request["vpcLinkId"],), MISSING)
    for resource in every(call.tx, REST_RESOURCE, (call.account_id, call.region)):
        for method in resource.methods.values():
            if method.connection is not None and method.connection.connection_id == link.id:
                # AWS [O]: named by API and resource
                text = f"Cannot delete vpc link. Vpc link '{link.id}', is referenced in [Method:{method.method.http_method}:{resource.api_id}:{resource.id}]"
                raise bad_request(text)
    call.tx.delete(VPC_LINK, VPC_LINK.key_of(link))
    return {}


def show_vpc_link(link: VpcLink) -> Params:
    """Write a link as AWS does."""
    return present(
        id=link.id,
        name=link.name,
        description=link.description,
        targetArns=list(link.target_arns),
        status=link.status,
        statusMessage=link.status_message,
        tags=link.tags or None,
    )
