"""The whole of this API: its operations, each held to the model's lengths, and what they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.services.apigatewayv2 import (
    api_mappings,
    apis,
    authorizers,
    deployments,
    domain_names,
    export_api,
    import_api,
    integrations,
    routes,
    stages,
    tags,
    vpc_links,
    websocket_only,
)
from bargate.services.apigatewayv2.bounds import bounded
from bargate.services.apigatewayv2.targets import targets
from bargate.services.operation import Operation, Service, collect

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODULES = (
    api_mappings,
    apis,
    authorizers,
    deployments,
    domain_names,
    export_api,
    import_api,
    integrations,
    routes,
    stages,
    tags,
    vpc_links,
    websocket_only,
)


def _operations() -> Mapping[str, Operation]:
    return {
        name: structs.replace(each, run=bounded(name, each.run))
        for name, each in collect(_MODULES).items()
    }


SERVICE = Service(
    name="apigatewayv2",
    operations=_operations(),
    targets=targets,
    denied_code="AccessDeniedException",
)
