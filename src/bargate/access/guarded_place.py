"""Where a method or route stands, as `$context` tells it to authorizers and integrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.access.context import Place, place_of

if TYPE_CHECKING:
    from bargate.access.control import GuardedMethod, GuardedRoute


def rest_place(guarded: GuardedMethod) -> Place:
    """Give the `$context` place of a REST method."""
    stage = place_of("REST", guarded.installation, guarded.api.id, guarded.stage)
    return Place(
        kind="REST",
        account_id=stage.account_id,
        api_id=stage.api_id,
        stage=stage.stage,
        stage_variables=stage.stage_variables,
        domain_name=stage.domain_name,
        resource_id=guarded.resource.id,
        resource_path=guarded.resource.path,
        route_key=f"{guarded.method.http_method} {guarded.resource.path}",
        is_canary=stage.is_canary,
    )


def route_place(guarded: GuardedRoute) -> Place:
    """Give the `$context` place of a route."""
    stage = place_of("HTTP", guarded.installation, guarded.api.id, guarded.stage)
    key = guarded.route.route_key
    return Place(
        kind="HTTP",
        account_id=stage.account_id,
        api_id=stage.api_id,
        stage=stage.stage,
        stage_variables=stage.stage_variables,
        domain_name=stage.domain_name,
        resource_path=key.partition(" ")[2] or key,
        route_key=key,
    )
