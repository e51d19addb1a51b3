"""The AWS API `ec2`, as far as private APIs need it: networks, and interface endpoints in them.

    Vpc ◄── Subnet ◄──┐
     ▲                ├── VpcEndpoint ──► addresses of this machine, at which workers listen
     └── SecurityGroup┘

All other operations of EC2 are refused as not implemented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.services.ec2 import places, security_groups, subnets, tags, vpc_endpoints, vpcs
from bargate.services.ec2.targets import targets_of
from bargate.services.operation import Later, Operation, OperationCall, Params, Service, collect
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationFunction

MODULES = (places, security_groups, subnets, tags, vpc_endpoints, vpcs)


def _unless_dry(run: OperationFunction) -> OperationFunction:
    """Let an operation run; what it did is undone when the caller only asked whether it may."""

    def run_unless_dry(call: OperationCall, request: Params) -> Params | Later:
        output = run(call, request)
        if request.get("DryRun"):
            message = "Request would have succeeded, but DryRun flag is set."
            raise AwsError("DryRunOperation", message, 412)
        return output

    return run_unless_dry


def _with_dry_run(operation: Operation) -> Operation:
    return structs.replace(operation, run=_unless_dry(operation.run))


SERVICE = Service(
    name="ec2",
    operations={name: _with_dry_run(each) for name, each in collect(MODULES).items()},
    targets=targets_of,
    denied_code="UnauthorizedOperation",
)
