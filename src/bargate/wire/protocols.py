"""The protocols by their names in botocore's models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.wire import ec2, json_rpc, query, rest_json
from bargate.wire.find import protocol_of

if TYPE_CHECKING:
    from botocore.model import ServiceModel

    from bargate.wire.protocol import AwsProtocol

# How many operations stay compiled: more than the services served here have together.
MAX_COMPILED = 2_048

_PROTOCOLS: dict[str, AwsProtocol] = {
    "query": query,
    "ec2": ec2,
    "json": json_rpc,
    "rest-json": rest_json,
}


def of(service: ServiceModel | None) -> AwsProtocol:
    """Give a service's protocol; rest-json for a request that named no service."""
    return rest_json if service is None else _PROTOCOLS[protocol_of(service)]
