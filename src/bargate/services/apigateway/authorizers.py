"""Authorizers: Lambda functions and user pools that say who may call."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from bargate.records.rest_authorizer import REST_AUTHORIZER, RestAuthorizer
from bargate.services.apigateway.authorizer_checks import MAX_TTL_S, check_authorizer
from bargate.services.apigateway.errors import bad_request, conflict
from bargate.services.apigateway.finding import find_api, the_api, the_authorizer
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.references import first_use
from bargate.services.apigateway.shape import new_id, page, present
from bargate.services.further_permissions import require_pass_role
from bargate.services.operation import OperationCall, Params, operation

# AWS [R] apigw-objects §2
_AUTH_TYPES = {"COGNITO_USER_POOLS": "cognito_user_pools"}


@operation(writes=True)
def create_authorizer(call: OperationCall, request: Params) -> Params:
    """Add an authorizer to an API."""
    api = find_api(call, request["restApiId"])
    if api is None:
        # AWS [R] apigw-errors §5
        raise conflict(
            "Unable to complete operation due to concurrent modification. Please try again later."
        )
    if request.get("jwtConfiguration"):
        raise bad_request("JWT authorizers are not supported by REST APIs")  # [I]
    authorizer = RestAuthorizer(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        id=new_id(),
        name=request["name"],
        type=request["type"],
        auth_type=request.get("authType") or _AUTH_TYPES.get(request["type"], "custom"),
        provider_arns=tuple(dict.fromkeys(request.get("providerARNs") or ())),
        authorizer_uri=request.get("authorizerUri") or None,
        authorizer_credentials=request.get("authorizerCredentials") or None,
        identity_source=request.get("identitySource") or None,
        identity_validation_expression=request.get("identityValidationExpression") or None,
        result_ttl_s=request.get("authorizerResultTtlInSeconds"),
    )
    check_authorizer(call, authorizer)
    require_pass_role(call, [authorizer.authorizer_credentials])
    _check_name(call, authorizer)
    return authorizer_output(call.tx.create(REST_AUTHORIZER, authorizer))


def _check_name(call: OperationCall, authorizer: RestAuthorizer) -> None:
    key = (*authorizer.key()[:3], authorizer.name)
    found = call.tx.find_by(REST_AUTHORIZER, "name", key)
    if found is not None and found.id != authorizer.id:
        raise bad_request("Authorizer name must be unique")  # AWS [O]


@operation()
def get_authorizer(call: OperationCall, request: Params) -> Params:
    """Give an authorizer."""
    return authorizer_output(the_authorizer(call, request))


@operation()
def get_authorizers(call: OperationCall, request: Params) -> Params:
    """List the authorizers of an API."""
    return page(call, REST_AUTHORIZER, the_api(call, request).key(), request, authorizer_output)


@operation(writes=True)
def update_authorizer(call: OperationCall, request: Params) -> Params:
    """Change an authorizer; methods go on using it, so that its kind stays."""
    authorizer = the_authorizer(call, request)
    changed = patched(authorizer, request, _PATCHES)
    is_cognito = "COGNITO_USER_POOLS" in {authorizer.type, changed.type}
    if is_cognito and changed.type != authorizer.type and _use(call, authorizer) is not None:
        raise bad_request("The type of an authorizer in use cannot be changed")  # [I]
    check_authorizer(call, changed)
    if changed.authorizer_credentials != authorizer.authorizer_credentials:
        require_pass_role(call, [changed.authorizer_credentials])
    _check_name(call, changed)
    return authorizer_output(call.tx.update(REST_AUTHORIZER, authorizer.key(), lambda _: changed))


@operation(writes=True)
def delete_authorizer(call: OperationCall, request: Params) -> Params:
    """Delete an authorizer that no method uses."""
    authorizer = the_authorizer(call, request)
    use = _use(call, authorizer)
    if use is not None:
        # [I]: as of models. A method must not be left with an authorizer that is gone.
        raise conflict(
            f"Cannot delete authorizer '{authorizer.id}', is referenced in method: {use}"
        )
    call.tx.delete(REST_AUTHORIZER, authorizer.key())
    return {}


def _use(call: OperationCall, authorizer: RestAuthorizer) -> str | None:
    api = authorizer.key()[:3]
    return first_use(call.tx, api, lambda method: method.authorizer_id == authorizer.id)


def _with(authorizer: RestAuthorizer, **members: Any) -> RestAuthorizer:
    return structs.replace(authorizer, **members)


def _name(authorizer: RestAuthorizer, step: Step) -> RestAuthorizer:
    return _with(authorizer, name=step.text())


def _type(authorizer: RestAuthorizer, step: Step) -> RestAuthorizer:
    return _with(authorizer, type=step.text())


def _auth_type(authorizer: RestAuthorizer, step: Step) -> RestAuthorizer:
    return _with(authorizer, auth_type=step.value or None)


def _uri(authorizer: RestAuthorizer, step: Step) -> RestAuthorizer:
    return _with(authorizer, authorizer_uri=step.value or None)


def _credentials(authorizer: RestAuthorizer, step: Step) -> RestAuthorizer:
    return _with(authorizer, authorizer_credentials=_value(step))


def _source(authorizer: RestAuthorizer, step: Step) -> RestAuthorizer:
    return _with(authorizer, identity_source=_value(step))


def _expression(authorizer: RestAuthorizer, step: Step) -> RestAuthorizer:
    return _with(authorizer, identity_validation_expression=_value(step))


def _value(step: Step) -> str | None:
    return None if step.op == "remove" else step.text() or None


def _ttl(authorizer: RestAuthorizer, step: Step) -> RestAuthorizer:
    return _with(authorizer, result_ttl_s=step.integer(0, MAX_TTL_S))


def _provider(authorizer: RestAuthorizer, step: Step) -> RestAuthorizer:
    arn = step.text()
    others = tuple(each for each in authorizer.provider_arns if each != arn)
    return _with(authorizer, provider_arns=(*others, arn) if step.op == "add" else others)


_PATCHES = Table(
    (
        Rule("/name", ("replace",), _name),
        Rule("/type", ("replace",), _type),
        Rule("/authType", ("replace",), _auth_type),
        Rule("/authorizerUri", ("replace",), _uri),
        Rule("/authorizerCredentials", ("replace", "remove"), _credentials),
        Rule("/authorizerResultTtlInSeconds", ("replace",), _ttl),
        Rule("/identitySource", ("replace", "remove"), _source),
        Rule("/identityValidationExpression", ("replace", "remove"), _expression),
        Rule("/providerARNs", ("add", "remove"), _provider),
    )
)


def authorizer_output(authorizer: RestAuthorizer) -> Params:
    """Give `Authorizer` (AWS [R] apigw-objects §2: a TTL that was not given is not shown)."""
    return present(
        id=authorizer.id,
        name=authorizer.name,
        type=authorizer.type,
        providerARNs=list(authorizer.provider_arns) or None,
        authType=authorizer.auth_type,
        authorizerUri=authorizer.authorizer_uri,
        authorizerCredentials=authorizer.authorizer_credentials,
        identitySource=authorizer.identity_source,
        identityValidationExpression=authorizer.identity_validation_expression,
        authorizerResultTtlInSeconds=authorizer.result_ttl_s,
    )
