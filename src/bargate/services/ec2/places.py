"""What there is without anybody having made it: regions, zones, and the one endpoint service."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from bargate.services.ec2.errors import invalid
from bargate.services.ec2.listing import listed
from bargate.services.ec2.subnets import zones
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError


class _Named(Struct, frozen=True):
    id: str
    tags: dict[str, str] = {}


@operation()
def describe_regions(call: OperationCall, request: Params) -> Params:
    """Give the region that was asked: any name is one here."""
    names = request.get("RegionNames") or [call.region]
    filters: dict[str, Any] = {
        "region-name": lambda region: (region.id,),
        "endpoint": lambda region: (_host(call, region.id),),
        "opt-in-status": lambda _: ("opt-in-not-required",),
    }
    page, _ = listed(request, [_Named(name) for name in names], filters)
    regions = [
        {
            "RegionName": each.id,
            "Endpoint": _host(call, each.id),
            "OptInStatus": "opt-in-not-required",
        }
        for each in page
    ]
    return {"Regions": regions}


def _host(call: OperationCall, region: str) -> str:
    return f"ec2.{region}.{call.environment.installation.domain}"


@operation()
def describe_availability_zones(call: OperationCall, request: Params) -> Params:
    """Give the zones of the region."""
    names = request.get("ZoneNames") or zones(call.region)
    for name in names:
        if name not in zones(call.region):
            raise invalid(f"Invalid availability zone: [{name[:64]}]")
    filters: dict[str, Any] = {
        "zone-name": lambda zone: (zone.id,),
        "region-name": lambda _: (call.region,),
        "state": lambda _: ("available",),
        "zone-type": lambda _: ("availability-zone",),
        "opt-in-status": lambda _: ("opt-in-not-required",),
    }
    page, _ = listed(request, [_Named(name) for name in names], filters)
    shapes = [
        {
            "ZoneName": zone.id,
            "RegionName": call.region,
            "State": "available",
            "ZoneType": "availability-zone",
            "OptInStatus": "opt-in-not-required",
            "GroupName": call.region,
        }
        for zone in page
    ]
    return {"AvailabilityZones": shapes}


@operation()
def describe_vpc_endpoint_services(call: OperationCall, request: Params) -> Params:
    """Give the one service that endpoints can be made for."""
    service = f"com.amazonaws.{call.region}.execute-api"
    for name in request.get("ServiceNames") or ():
        if name != service:
            message = f"The Vpc Endpoint Service '{name[:128]}' does not exist"
            raise AwsError("InvalidServiceName", message)
    filters: dict[str, Any] = {
        "service-name": lambda each: (each.id,),
        "service-type": lambda _: ("Interface",),
        "owner": lambda _: ("amazon",),
    }
    page, tail = listed(request, [_Named(service)], filters)
    domain = call.environment.installation.domain
    details = [
        {
            "ServiceName": each.id,
            "ServiceType": [{"ServiceType": "Interface"}],
            "AvailabilityZones": list(zones(call.region)),
            "Owner": "amazon",
            "BaseEndpointDnsNames": [f"execute-api.{call.region}.vpce.{domain}"],
            "PrivateDnsName": f"execute-api.{call.region}.{domain}",
            "VpcEndpointPolicySupported": True,
            "AcceptanceRequired": False,
            "SupportedIpAddressTypes": ["ipv4"],
        }
        for each in page
    ]
    return {"ServiceNames": [each.id for each in page], "ServiceDetails": details, **tail}
