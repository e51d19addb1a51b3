"""What protects a method of a REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from bargate.openapi.security import Scheme, asks_for_iam, demands_of, one_authorizer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.rest_api import AuthorizationType, Authorizer
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.security import Demand

_TYPE_OF: dict[str, Literal["CUSTOM", "COGNITO_USER_POOLS"]] = {
    "TOKEN": "CUSTOM",
    "REQUEST": "CUSTOM",
    "COGNITO_USER_POOLS": "COGNITO_USER_POOLS",
}


class MethodAccess(Struct, frozen=True):
    """The access settings of a method."""

    authorization_type: AuthorizationType = "NONE"
    authorizer_id: str | None = None
    scopes: tuple[str, ...] = ()
    api_key_required: bool = False


def method_access(operation: Cursor, schemes: Mapping[str, Scheme[Authorizer]]) -> MethodAccess:
    """Read who may call the operation."""
    demands = demands_of(operation, schemes)
    authorizer = one_authorizer(demands, schemes)
    is_signed = asks_for_iam(operation, demands, schemes)
    return MethodAccess(
        authorization_type=_authorization_type(authorizer, is_signed=is_signed),
        authorizer_id=None if authorizer is None else authorizer.id,
        scopes=_scopes(demands, schemes),
        api_key_required=any(schemes[demand.scheme].api_key for demand in demands),
    )


def _authorization_type(authorizer: Authorizer | None, *, is_signed: bool) -> AuthorizationType:
    if is_signed:
        return "AWS_IAM"
    return "NONE" if authorizer is None else _TYPE_OF[authorizer.type]


def _scopes(
    demands: tuple[Demand, ...], schemes: Mapping[str, Scheme[Authorizer]]
) -> tuple[str, ...]:
    scopes: dict[str, None] = {}
    for demand in demands:
        authorizer = schemes[demand.scheme].authorizer
        if authorizer is not None and authorizer.type == "COGNITO_USER_POOLS":
            scopes.update(dict.fromkeys(demand.scopes))
        elif demand.scopes:
            demand.cursor.error(
                "scopes are enforced only by cognito_user_pools authorizers", "write []"
            )
    return tuple(scopes)
