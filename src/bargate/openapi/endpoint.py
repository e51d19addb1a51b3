"""`x-amazon-apigateway-endpoint-configuration`, at the root or at a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.openapi.extensions import PREFIX

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

_NAME = PREFIX + "endpoint-configuration"
_MEMBERS = {"types", "vpcEndpointIds", "disableExecuteApiEndpoint", "ipAddressType"}


def is_execute_api_disabled(root: Cursor) -> bool:
    """Say whether the API's own host name is off; private APIs are refused."""
    places = [root, *root.list("servers")]
    configured = [found for place in places if (found := place.object(_NAME)) is not None]
    return any([_is_disabled(each) for each in configured])  # noqa: C419 - check every one


def _is_disabled(configuration: Cursor) -> bool:
    configuration.refuse_unknown(_MEMBERS)
    configuration.choice("ipAddressType", ("ipv4", "dualstack"))
    for place in configuration.list("types"):
        kind = place.as_text()
        if kind == "PRIVATE":
            place.error("private APIs cannot be enforced yet", "write REGIONAL")
        elif kind not in {"EDGE", "REGIONAL", None}:
            place.error("this is no endpoint type", "write REGIONAL or EDGE")
    if configuration.texts("vpcEndpointIds"):
        configuration.error(
            "VPC endpoints belong to private APIs, which cannot be enforced yet",
            "remove them",
            "vpcEndpointIds",
        )
    return configuration.flag("disableExecuteApiEndpoint")
