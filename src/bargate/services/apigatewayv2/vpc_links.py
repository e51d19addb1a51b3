"""VPC links: recorded and listed; the gateway calls the URIs of their integrations directly."""

from __future__ import annotations

from msgspec import structs

from bargate.records.http_integration import HTTP_INTEGRATION
from bargate.records.http_vpc_link import HTTP_VPC_LINK, HttpVpcLink
from bargate.services.apigatewayv2.errors import bad_request, not_found, shown
from bargate.services.apigatewayv2.ids import new_id
from bargate.services.apigatewayv2.pages import page
from bargate.services.apigatewayv2.tags import checked_tags
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of


@operation(writes=True)
def create_vpc_link(call: OperationCall, request: Params) -> Params:
    """Record a VPC link; it is available at once."""
    if not request["SubnetIds"]:
        raise bad_request("SubnetIds must name at least one subnet")
    link = HttpVpcLink(
        account_id=call.account_id,
        region=call.region,
        id=new_id(),
        name=request["Name"],
        created=call.now,
        subnet_ids=tuple(request["SubnetIds"]),
        security_group_ids=tuple(request.get("SecurityGroupIds") or ()),
        tags=checked_tags(request.get("Tags")),
    )
    return show(call.tx.create(HTTP_VPC_LINK, link))


@operation()
def get_vpc_link(call: OperationCall, request: Params) -> Params:
    """Give one VPC link."""
    return show(_found(call, request))


@operation()
def get_vpc_links(call: OperationCall, request: Params) -> Params:
    """List the VPC links of the account in the region."""
    return page(call, request, HTTP_VPC_LINK, place_of(call).prefix, show)


@operation(writes=True)
def update_vpc_link(call: OperationCall, request: Params) -> Params:
    """Name a VPC link anew."""
    old = _found(call, request)
    name = old.name if request.get("Name") is None else request["Name"]
    if not name:
        raise bad_request("Name must be from 1 to 128 characters long")
    new = structs.replace(old, name=name)
    return show(call.tx.update(HTTP_VPC_LINK, old.key(), lambda _: new))


@operation(writes=True)
def delete_vpc_link(call: OperationCall, request: Params) -> Params:
    """Delete a VPC link that no integration uses."""
    link = _found(call, request)
    if call.tx.find_by(HTTP_INTEGRATION, "connection", link.key()) is not None:
        raise bad_request(f"Cannot delete VPC link {link.id}: an integration uses it")
    call.tx.delete(HTTP_VPC_LINK, link.key())
    return {}


def show(link: HttpVpcLink) -> Params:
    """Give a VPC link as the API shows it."""
    return {
        "CreatedDate": link.created,
        "Name": link.name,
        "SecurityGroupIds": list(link.security_group_ids),
        "SubnetIds": list(link.subnet_ids),
        "Tags": dict(link.tags),
        "VpcLinkId": link.id,
        "VpcLinkStatus": "AVAILABLE",
        "VpcLinkStatusMessage": "VPC link is ready to route traffic",  # AWS [O]
        "VpcLinkVersion": "V2",
    }


def _found(call: OperationCall, request: Params) -> HttpVpcLink:
    link = call.tx.find(HTTP_VPC_LINK, (*place_of(call).prefix, request["VpcLinkId"]))
    if link is None:
        raise not_found(f"Invalid VPC link identifier specified {shown(request['VpcLinkId'])}")
    return link
