"""Interface endpoints of VPCs, as workers need them."""

from msgspec import Struct


class VpcEndpoint(Struct, frozen=True, kw_only=True, tag="vpc_endpoint"):
    """An interface endpoint for `execute-api`: addresses of this machine that it answers at.

    `policy` is the endpoint policy as JSON text.
    """

    account_id: str
    region: str
    id: str
    vpc_id: str
    addresses: tuple[str, ...] = ()
    policy: str
