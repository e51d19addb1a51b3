"""Security schemes and requirements, as both kinds of API read them.

AWS gives a method one authorizer and one switch for API keys. It therefore reads every scheme
that a method's requirements name as required at once, alternatives included (its own export
writes `security: [{api_key: []}, {authorizer: []}]` for "both"). So does this import: reading an
OpenAPI alternative as an alternative would open what AWS protects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from msgspec import Struct

from bargate.nearest import did_you_mean
from bargate.openapi.extensions import PREFIX
from bargate.openapi.findings import shown
from bargate.openapi.refs import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.openapi.cursor import Cursor
    from bargate.openapi.reading import Reading

AUTH = PREFIX + "auth"
AUTHTYPE = PREFIX + "authtype"
AUTHORIZER = PREFIX + "authorizer"

_SCHEME_MEMBERS = {
    "type", "description", "name", "in", "scheme", "bearerFormat", "flows", "flow",
    "openIdConnectUrl", "authorizationUrl", "tokenUrl", "scopes",
}  # fmt: skip
_SCHEME_TYPES = {"apiKey", "http", "basic", "oauth2", "openIdConnect", "mutualTLS"}
_LOCATIONS = ("header", "query", "cookie")

A = TypeVar("A")


class Scheme(Struct, Generic[A], frozen=True, eq=False):
    """A security scheme and what AWS makes of it; `unenforceable` says why that is nothing."""

    name: str
    cursor: Cursor
    authorizer: A | None = None
    api_key: bool = False
    aws_iam: bool = False
    unenforceable: str | None = None


class Demand(Struct, frozen=True, eq=False):
    """A scheme that a method asks for, with scopes; `cursor` is where it asks."""

    scheme: str
    scopes: tuple[str, ...]
    cursor: Cursor


def read_schemes(
    reading: Reading, read_authorizer: Callable[[str, Cursor, Cursor], A]
) -> dict[str, Scheme[A]]:
    """Read every scheme of the document; `read_authorizer` takes name, scheme and extension."""
    schemes = reading.components("securitySchemes")
    found = {}
    for name, place in schemes.members() if schemes else ():
        cursor = follow(place)
        if name.startswith("x-") and (cursor is None or not cursor.has("type")):
            continue  # an extension of the section; a scheme has a type, whatever its name
        if cursor is not None:
            found[name] = _scheme(name, cursor, read_authorizer)
    return found


def _scheme(
    name: str, cursor: Cursor, read_authorizer: Callable[[str, Cursor, Cursor], A]
) -> Scheme[A]:
    cursor.refuse_unknown(_SCHEME_MEMBERS, extensible=True)
    kind = cursor.choice("type", _SCHEME_TYPES)
    if not cursor.has("type"):
        cursor.error("type is missing", "write type: apiKey")
    if kind == "apiKey":
        cursor.text("name", required=True)
        if cursor.choice("in", _LOCATIONS) is None and not cursor.has("in"):
            cursor.error("in is missing", "write in: header")
    authtype = cursor.text(AUTHTYPE)
    extension = cursor.object(AUTHORIZER)
    if extension is not None:
        if _is_reserved(authtype):
            cursor.error("awsSigv4 has no authorizer", f"keep {AUTHTYPE} or {AUTHORIZER}", AUTHTYPE)
        return Scheme(name, cursor, authorizer=read_authorizer(name, cursor, extension))
    return _without_authorizer(name, cursor, kind, authtype)


def _without_authorizer(
    name: str, cursor: Cursor, kind: str | None, authtype: str | None
) -> Scheme[A]:
    if authtype is not None and authtype.lower() == "awssigv4":
        return Scheme(name, cursor, aws_iam=True)
    if _is_reserved(authtype):
        cursor.error(f"authtype {shown(str(authtype))!r} is not known", "write awsSigv4", AUTHTYPE)
    if authtype is None and _is_api_key(cursor, kind):
        return Scheme(name, cursor, api_key=True)
    where = f"{kind or 'this'} scheme without {AUTHORIZER}"
    return Scheme(name, cursor, unenforceable=f"API Gateway cannot enforce a {where}")


def _is_reserved(authtype: str | None) -> bool:
    # AWS [D] apigw-objects §10: `aws*` is reserved
    return authtype is not None and authtype.lower().startswith("aws")


def _is_api_key(cursor: Cursor, kind: str | None) -> bool:
    # AWS [O] apigw-objects §10: only the header x-api-key carries API keys
    name = cursor.text("name") or ""
    return kind == "apiKey" and name.lower() == "x-api-key" and cursor.text("in") == "header"


def demands_of(operation: Cursor, schemes: Mapping[str, Scheme[A]]) -> tuple[Demand, ...]:
    """Give every scheme that the operation asks for, or else the root (AWS [R])."""
    owner = operation if operation.has("security") else operation.root()
    alternatives = owner.list("security")
    demands = []
    for alternative in alternatives:
        if alternative.is_object():
            demands.extend(_demands(alternative, schemes))
    if len(alternatives) > 1 and demands:
        owner.warn(
            "alternatives are all required at once, as AWS reads them",
            "write them as one requirement to say so",
            "security",
        )
    return tuple(demands)


def _demands(alternative: Cursor, schemes: Mapping[str, Scheme[A]]) -> list[Demand]:
    demands = []
    for name, place in alternative.members():
        if name not in schemes:
            remedy = did_you_mean(name, schemes, "define it among the security schemes")
            place.error(f"no security scheme is named {shown(name)!r}", remedy)
            continue
        scopes = alternative.texts(name)
        demands.append(Demand(name, scopes, place))
        why = schemes[name].unenforceable
        if why is not None:
            place.error(
                f"{why}: the method would be open",
                f"give the scheme {shown(name)} an {AUTHORIZER}, or name another scheme",
            )
    return demands


def declared_auth(operation: Cursor) -> Literal["NONE", "AWS_IAM"] | None:
    """Read `x-amazon-apigateway-auth`."""
    auth = operation.object(AUTH)
    if auth is None:
        return None
    auth.refuse_unknown({"type"})
    if not auth.has("type"):
        auth.error("type is missing", "write type: AWS_IAM")
    found = auth.choice("type", ("NONE", "AWS_IAM"), folded=True)
    return "AWS_IAM" if found == "AWS_IAM" else "NONE" if found == "NONE" else None


def one_authorizer(demands: tuple[Demand, ...], schemes: Mapping[str, Scheme[A]]) -> A | None:
    """Give the only authorizer asked for; a second one is an error, for AWS has one a method."""
    first: Demand | None = None
    for demand in demands:
        if schemes[demand.scheme].authorizer is None:
            continue
        if first is not None and first.scheme != demand.scheme:
            demand.cursor.error(
                f"a method has one authorizer, and {shown(first.scheme)} is one already",
                "keep one of the two",
            )
        first = first or demand
    return None if first is None else schemes[first.scheme].authorizer


def asks_for_iam(
    operation: Cursor,
    demands: tuple[Demand, ...],
    schemes: Mapping[str, Scheme[A]],
) -> bool:
    """Say whether callers sign with IAM credentials; contradictions are errors."""
    declared = declared_auth(operation)
    signing = [demand for demand in demands if schemes[demand.scheme].aws_iam]
    guards = [
        demand
        for demand in demands
        if schemes[demand.scheme].aws_iam or schemes[demand.scheme].authorizer is not None
    ]
    if declared == "NONE" and guards:
        operation.error(
            "the method is declared open, but a security requirement protects it",
            "write security: [] as well, or remove the declaration",
            AUTH,
        )
    is_signed = declared == "AWS_IAM" or bool(signing)
    for demand in guards if is_signed else ():
        if schemes[demand.scheme].authorizer is not None:
            demand.cursor.error("a method has AWS_IAM or an authorizer, not both", "keep one")
    return is_signed
