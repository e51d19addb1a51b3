"""Where an API can be reached from: the checks on `endpointConfiguration`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.records.rest_api import EndpointConfiguration
from bargate.services.apigateway.errors import bad_request, one_of

if TYPE_CHECKING:
    from bargate.services.operation import Params

TYPES = ("REGIONAL", "EDGE", "PRIVATE")
ADDRESS_TYPES = ("ipv4", "dualstack")
_MAX_ENDPOINTS = 100


def endpoint_configuration(written: Params | None) -> EndpointConfiguration:
    """Read the member of CreateRestApi."""
    written = written or {}
    types = tuple(written.get("types") or ("EDGE",))
    default = "dualstack" if types == ("PRIVATE",) else "ipv4"
    return checked(
        EndpointConfiguration(
            types=types,
            ip_address_type=written.get("ipAddressType") or default,
            vpc_endpoint_ids=tuple(dict.fromkeys(written.get("vpcEndpointIds") or ())),
        )
    )


def checked(configuration: EndpointConfiguration) -> EndpointConfiguration:
    """Refuse what AWS refuses."""
    if len(configuration.types) != 1:
        # AWS [R] apigw-errors §5
        raise bad_request("Cannot create an api with multiple Endpoint Types.")
    (kind,) = configuration.types
    one_of(kind, "endpointConfiguration.types.1.member", TYPES)
    one_of(configuration.ip_address_type, "endpointConfiguration.ipAddressType", ADDRESS_TYPES)
    if kind == "PRIVATE" and configuration.ip_address_type != "dualstack":
        # AWS [R] apigw-evaluation §4
        raise bad_request("Only dualstack ipAddressType is supported for Private APIs.")
    if configuration.vpc_endpoint_ids and kind != "PRIVATE":
        raise bad_request("VPCEndpoints can only be specified with PRIVATE apis")  # [I]
    if len(configuration.vpc_endpoint_ids) > _MAX_ENDPOINTS:
        raise bad_request(f"At most {_MAX_ENDPOINTS} VPC endpoints can be specified")  # [I]
    return configuration


def of_type(configuration: EndpointConfiguration, kind: str) -> EndpointConfiguration:
    """Give the configuration after a change of its type; a PRIVATE one is dualstack."""
    one_of(kind, "endpointConfiguration.types.1.member", TYPES)
    if kind == "PRIVATE":
        return structs.replace(configuration, types=(kind,), ip_address_type="dualstack")
    return structs.replace(configuration, types=(kind,), vpc_endpoint_ids=())


def endpoint_output(configuration: EndpointConfiguration) -> Params:
    """Give `endpointConfiguration`."""
    output: Params = {
        "types": list(configuration.types),
        "ipAddressType": configuration.ip_address_type,
    }
    if configuration.vpc_endpoint_ids:
        output["vpcEndpointIds"] = list(configuration.vpc_endpoint_ids)
    return output
