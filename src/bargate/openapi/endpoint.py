"""`x-amazon-apigateway-endpoint-configuration`, at the root or at a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from bargate.openapi.extensions import PREFIX

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

_NAME = PREFIX + "endpoint-configuration"
_MEMBERS = {"types", "vpcEndpointIds", "disableExecuteApiEndpoint", "ipAddressType"}


class EndpointSettings(Struct, frozen=True):
    """Where an API can be reached from; `disabled` says that its own host name is off."""

    type: Literal["REGIONAL", "PRIVATE"] = "REGIONAL"
    vpc_endpoint_ids: tuple[str, ...] = ()
    disabled: bool = False


def endpoint_settings(root: Cursor) -> EndpointSettings:
    """Read the extension at all its places; what one of them says holds."""
    places = [root, *root.list("servers")]
    configured = [found for place in places if (found := place.object(_NAME)) is not None]
    read = [_read(each) for each in configured]
    return EndpointSettings(
        "PRIVATE" if any(each.type == "PRIVATE" for each in read) else "REGIONAL",
        tuple(dict.fromkeys(name for each in read for name in each.vpc_endpoint_ids)),
        any(each.disabled for each in read),
    )


def _read(configuration: Cursor) -> EndpointSettings:
    configuration.refuse_unknown(_MEMBERS)
    configuration.choice("ipAddressType", ("ipv4", "dualstack"))
    private = False
    for place in configuration.list("types"):
        kind = place.as_text()
        private = private or kind == "PRIVATE"
        if kind not in {"EDGE", "REGIONAL", "PRIVATE", None}:
            place.error("this is no endpoint type", "write REGIONAL, EDGE or PRIVATE")
    ids = configuration.texts("vpcEndpointIds")
    if ids and configuration.list("types") and not private:
        configuration.error(
            "VPC endpoints belong to private APIs", "write the type PRIVATE", "vpcEndpointIds"
        )
    disabled = configuration.flag("disableExecuteApiEndpoint")
    # AWS [D]: the extension of a private API names its VPC endpoints, and often no type.
    return EndpointSettings("PRIVATE" if private or ids else "REGIONAL", ids, disabled)
