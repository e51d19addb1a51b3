"""What protects a route of an HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from bargate.openapi.security import Scheme, asks_for_iam, demands_of, one_authorizer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.http_api import HttpAuthorizer
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.security import Demand

_MAX_SCOPES = 10  # AWS [D] apigw-evaluation §7.1


class RouteAccess(Struct, frozen=True):
    """The access settings of a route."""

    authorization_type: Literal["NONE", "AWS_IAM", "CUSTOM", "JWT"] = "NONE"
    authorizer_id: str | None = None
    scopes: tuple[str, ...] = ()


def route_access(operation: Cursor, schemes: Mapping[str, Scheme[HttpAuthorizer]]) -> RouteAccess:
    """Read who may call the operation."""
    demands = demands_of(operation, schemes)
    _refuse_api_keys(demands, schemes)
    authorizer = one_authorizer(demands, schemes)
    is_signed = asks_for_iam(operation, demands, schemes)
    scopes = _scopes(operation, demands, schemes)
    if authorizer is not None and authorizer.type == "JWT":
        return RouteAccess("JWT", authorizer.id, scopes)
    if authorizer is None and not is_signed:
        return RouteAccess()
    return RouteAccess("AWS_IAM") if authorizer is None else RouteAccess("CUSTOM", authorizer.id)


def _refuse_api_keys(
    demands: tuple[Demand, ...], schemes: Mapping[str, Scheme[HttpAuthorizer]]
) -> None:
    for demand in demands:
        if schemes[demand.scheme].api_key:
            # AWS [D] apigw-evaluation §7
            demand.cursor.error(
                "an HTTP API has no API keys: the route would be open",
                "import as a REST API, or name a jwt scheme",
            )


def _scopes(
    operation: Cursor,
    demands: tuple[Demand, ...],
    schemes: Mapping[str, Scheme[HttpAuthorizer]],
) -> tuple[str, ...]:
    scopes: dict[str, None] = {}
    for demand in demands:
        authorizer = schemes[demand.scheme].authorizer
        if authorizer is not None and authorizer.type == "JWT":
            scopes.update(dict.fromkeys(demand.scopes))
        elif demand.scopes:
            demand.cursor.error("scopes are enforced only by jwt authorizers", "write []")
    if len(scopes) > _MAX_SCOPES:
        operation.error(f"a route has at most {_MAX_SCOPES} scopes", "name fewer", "security")
    return tuple(scopes)
