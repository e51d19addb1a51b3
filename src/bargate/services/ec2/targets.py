"""What an operation of EC2 needs: `ec2:Action` on the ARNs that it is about.

What is made has no id yet and is asked for as `vpc/*`; making it with tags needs `ec2:CreateTags`
besides (AWS [D] service authorization reference of EC2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bargate.services.ec2.tags import TAGGABLE
from bargate.services.operation import OperationCall, Params, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Context = dict[str, str | tuple[str, ...]]

_MADE: Final = {
    "CreateVpc": "vpc",
    "CreateSubnet": "subnet",
    "CreateSecurityGroup": "security-group",
    "CreateVpcEndpoint": "vpc-endpoint",
}
_SINGLE: Final = ("VpcId", "SubnetId", "GroupId", "VpcEndpointId")
_MANY: Final = (
    "AddSecurityGroupIds", "AddSubnetIds", "RemoveSecurityGroupIds", "RemoveSubnetIds",
    "Resources", "SecurityGroupIds", "SubnetIds", "VpcEndpointIds",
)  # fmt: skip


def targets_of(name: str, call: OperationCall, request: Params) -> Iterable[Target]:
    """Give the permissions that a call of an operation needs."""
    action = f"ec2:{name}"
    if name.startswith("Describe"):
        yield Target(action=action, resource="*", context={"ec2:region": call.region})
        return
    asked = _asked(name, request)
    made = _MADE.get(name)
    if made is not None:
        resource = call.arn("ec2", f"{made}/*")
        yield Target(action=action, resource=resource, context=asked)
        if any(each.get("Tags") for each in request.get("TagSpecifications") or ()):
            context = {**asked, "ec2:createaction": name}
            yield Target(action="ec2:CreateTags", resource=resource, context=context)
    for each in dict.fromkeys(_ids(request)):
        yield _on(call, action, each, asked)


def _ids(request: Params) -> Iterator[str]:
    yield from (request[name] for name in _SINGLE if request.get(name) is not None)
    for name in _MANY:
        yield from request.get(name) or ()
    for each in request.get("SubnetConfigurations") or ():
        if each.get("SubnetId") is not None:
            yield each["SubnetId"]


def _asked(name: str, request: Params) -> Context:
    """Give the condition keys of the tags that a request names, and of the service."""
    given = [
        tag for each in request.get("TagSpecifications") or () for tag in each.get("Tags") or ()
    ]
    if name in {"CreateTags", "DeleteTags"}:
        given += request.get("Tags") or ()
    context: Context = {}
    for tag in given:
        context[f"aws:requesttag/{tag.get('Key') or ''}".lower()] = tag.get("Value") or ""
    if given:
        context["aws:tagkeys"] = tuple(dict.fromkeys(tag.get("Key") or "" for tag in given))
    if request.get("ServiceName") is not None:
        context["ec2:vpceservicename"] = request["ServiceName"]
    return context


def _on(call: OperationCall, action: str, name: str, asked: Context) -> Target:
    taggable = TAGGABLE.get(name.partition("-")[0])
    if taggable is None or "\0" in name:
        return Target(action=action, resource=call.arn("ec2", f"*/{name}"), context=asked)
    record: Any = call.tx.find(taggable.kind, (call.account_id, call.region, name))
    context = dict(asked)
    for key, value in ({} if record is None else record.tags).items():
        context[f"aws:resourcetag/{key}".lower()] = value
        context[f"ec2:resourcetag/{key}".lower()] = value
    resource = call.arn("ec2", f"{taggable.resource_type}/{name}")
    return Target(action=action, resource=resource, context=context)
