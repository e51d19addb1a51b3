"""Who may call a route: authorization type, authorizer and scopes, checked together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from bargate.access.bearer_token import is_scope
from bargate.records.http_authorizer import HTTP_AUTHORIZER
from bargate.services.apigatewayv2.errors import bad_request, shown

if TYPE_CHECKING:
    from bargate.records.http_api import HttpApiRecord
    from bargate.services.operation import OperationCall, Params

AuthorizationType = Literal["NONE", "AWS_IAM", "CUSTOM", "JWT"]

_TYPES: dict[str, AuthorizationType] = {
    "NONE": "NONE", "AWS_IAM": "AWS_IAM", "CUSTOM": "CUSTOM", "JWT": "JWT",
}  # fmt: skip
_AUTHORIZER_TYPE = {"CUSTOM": "REQUEST", "JWT": "JWT"}
_MAX_SCOPES = 10  # AWS [D] apigw-evaluation §7.1


class RouteAccess(Struct, frozen=True, kw_only=True):
    """The access settings of a route."""

    authorization_type: AuthorizationType = "NONE"
    authorizer_id: str | None = None
    authorization_scopes: tuple[str, ...] = ()


def read_access(
    call: OperationCall, api: HttpApiRecord, request: Params, old: RouteAccess
) -> RouteAccess:
    """Read what a request says over what was; raises BadRequestException.

    A new type leaves the old type's authorizer and scopes behind.
    """
    kind = _type(request.get("AuthorizationType") or old.authorization_type)
    base = old if kind == old.authorization_type else RouteAccess(authorization_type=kind)
    given_id: str | None = request.get("AuthorizerId")
    given_scopes: list[str] | None = request.get("AuthorizationScopes")
    access = RouteAccess(
        authorization_type=kind,
        authorizer_id=base.authorizer_id if given_id is None else given_id or None,
        authorization_scopes=(
            base.authorization_scopes
            if given_scopes is None
            else tuple(dict.fromkeys(given_scopes))
        ),
    )
    _check_authorizer(call, api, access)
    _check_scopes(access)
    return access


def _type(written: str) -> AuthorizationType:
    if written not in _TYPES:
        raise bad_request(f"Invalid authorization type specified: {shown(written)}")
    return _TYPES[written]


def _check_authorizer(call: OperationCall, api: HttpApiRecord, access: RouteAccess) -> None:
    wanted = _AUTHORIZER_TYPE.get(access.authorization_type)
    if wanted is None:
        if access.authorizer_id is not None:
            # [I] a route that names an authorizer and does not ask it would be open unnoticed
            raise bad_request(
                "An authorizer ID needs the authorization type JWT or CUSTOM,"
                f" not {access.authorization_type}"
            )
        return
    key = (*api.key(), access.authorizer_id or "")
    found = call.tx.find(HTTP_AUTHORIZER, key)
    if found is None or found.settings.type != wanted:
        # AWS [O] for JWT
        raise bad_request(
            "Invalid authorizer ID specified. Setting the authorization type to"
            f" {access.authorization_type} requires a valid {wanted} authorizer."
        )


def _check_scopes(access: RouteAccess) -> None:
    scopes = access.authorization_scopes
    if scopes and access.authorization_type != "JWT":
        raise bad_request("Authorization scopes need the authorization type JWT")
    if len(scopes) > _MAX_SCOPES:
        raise bad_request(f"A route can have at most {_MAX_SCOPES} authorization scopes")
    for scope in scopes:
        if not is_scope(scope):
            raise bad_request(f"Invalid authorization scope specified: {shown(scope)}")
