"""Authorizers: who decides on the calls of routes of type JWT and CUSTOM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.model.http_api import HttpAuthorizer
from bargate.records.http_authorizer import HTTP_AUTHORIZER, HttpAuthorizerRecord
from bargate.records.http_route import HTTP_ROUTE
from bargate.services.apigatewayv2.authorizer_settings import read_authorizer
from bargate.services.apigatewayv2.deploying import redeploy
from bargate.services.apigatewayv2.errors import conflict, shown
from bargate.services.apigatewayv2.find import api_of, part_of
from bargate.services.apigatewayv2.ids import new_id
from bargate.services.apigatewayv2.pages import page
from bargate.services.further_permissions import require_pass_role
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of

if TYPE_CHECKING:
    from bargate.records.http_api import HttpApiRecord

_UNUSED_EXPRESSION = "IdentityValidationExpression"  # AWS [M] "This parameter is not used."


@operation(writes=True)
def create_authorizer(call: OperationCall, request: Params) -> Params:
    """Add an authorizer to an API."""
    api = api_of(call, request)
    is_jwt = request["AuthorizerType"] == "JWT"
    blank = HttpAuthorizer(id=new_id(), name="", type="JWT" if is_jwt else "REQUEST")
    record = HttpAuthorizerRecord(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        settings=read_authorizer(request, blank),
        identity_validation_expression=request.get(_UNUSED_EXPRESSION),
    )
    require_pass_role(call, [record.settings.authorizer_credentials])
    _refuse_same_name(call, record)
    call.tx.create(HTTP_AUTHORIZER, record)
    redeploy(call.tx, place_of(call), api.key())
    return show(record)


@operation()
def get_authorizer(call: OperationCall, request: Params) -> Params:
    """Give one authorizer."""
    return show(_found(call, api_of(call, request), request))


@operation()
def get_authorizers(call: OperationCall, request: Params) -> Params:
    """List the authorizers of an API."""
    return page(call, request, HTTP_AUTHORIZER, api_of(call, request).key(), show)


@operation(writes=True)
def update_authorizer(call: OperationCall, request: Params) -> Params:
    """Change what is given."""
    api = api_of(call, request)
    old = _found(call, api, request)
    new = structs.replace(
        old,
        settings=read_authorizer(request, old.settings),
        identity_validation_expression=request.get(
            _UNUSED_EXPRESSION, old.identity_validation_expression
        ),
    )
    if new.settings.authorizer_credentials != old.settings.authorizer_credentials:
        require_pass_role(call, [new.settings.authorizer_credentials])
    _refuse_same_name(call, new)
    call.tx.update(HTTP_AUTHORIZER, old.key(), lambda _: new)
    redeploy(call.tx, place_of(call), api.key())
    return show(new)


@operation(writes=True)
def delete_authorizer(call: OperationCall, request: Params) -> Params:
    """Delete an authorizer that no route asks."""
    api = api_of(call, request)
    record = _found(call, api, request)
    user = call.tx.find_by(HTTP_ROUTE, "authorizer", record.key())
    if user is not None:
        raise conflict(
            f"Cannot delete authorizer '{record.settings.id}', is referenced in route:"
            f" {shown(user.route_key)}"
        )
    call.tx.delete(HTTP_AUTHORIZER, record.key())
    redeploy(call.tx, place_of(call), api.key())
    return {}


def show(record: HttpAuthorizerRecord) -> Params:
    """Give an authorizer as the API shows it."""
    settings = record.settings
    output: Params = {
        "AuthorizerId": settings.id,
        "AuthorizerType": settings.type,
        "IdentitySource": list(settings.identity_source),
        "Name": settings.name,
    }
    if settings.type == "JWT":
        output["JwtConfiguration"] = {
            "Audience": list(settings.audience),
            "Issuer": settings.issuer or "",
        }
    else:
        output |= _shown_request(settings)
    if record.identity_validation_expression is not None:
        output[_UNUSED_EXPRESSION] = record.identity_validation_expression
    return output


def _shown_request(settings: HttpAuthorizer) -> Params:
    output: Params = {
        "AuthorizerPayloadFormatVersion": settings.payload_format_version or "",
        "AuthorizerResultTtlInSeconds": settings.result_ttl_s,
        "AuthorizerUri": settings.authorizer_uri or "",
        "EnableSimpleResponses": settings.enable_simple_responses,
    }
    if settings.authorizer_credentials is not None:
        output["AuthorizerCredentialsArn"] = settings.authorizer_credentials
    return output


def _refuse_same_name(call: OperationCall, record: HttpAuthorizerRecord) -> None:
    # [I] as REST APIs do; an exported document names authorizers by their names
    other = call.tx.find_by(HTTP_AUTHORIZER, "name", record.name_key())
    if other is not None and other.settings.id != record.settings.id:
        raise conflict(f"Authorizer name {shown(record.settings.name)} already exists for this API")


def _found(call: OperationCall, api: HttpApiRecord, request: Params) -> HttpAuthorizerRecord:
    return part_of(call, HTTP_AUTHORIZER, api, request["AuthorizerId"], "authorizer")
