"""Methods: one verb of a resource, and who may call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import structs

from bargate.model.rest_api import AuthorizationType, Method
from bargate.records.rest_resource import REST_RESOURCE, RestMethod, RestResource
from bargate.services.apigateway.errors import bad_request, conflict
from bargate.services.apigateway.finding import the_method, the_resource
from bargate.services.apigateway.integration_output import integration_output
from bargate.services.apigateway.method_checks import check_verb, checked_method
from bargate.services.apigateway.patch import Rule, Step, Table, names_in, patched
from bargate.services.apigateway.shape import present
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from bargate.wire.error import AwsError


@operation(writes=True)
def put_method(call: OperationCall, request: Params) -> Params:
    """Add a method to a resource."""
    resource = the_resource(call, request)
    verb: str = request["httpMethod"]
    check_verb(verb)
    if verb in resource.methods:
        raise conflict("Method already exists for this resource")  # AWS [O]
    method = Method(
        http_method=verb,
        authorization_type=_authorization_type(request["authorizationType"]),
        authorizer_id=request.get("authorizerId"),
        authorization_scopes=tuple(request.get("authorizationScopes") or ()),
        api_key_required=bool(request.get("apiKeyRequired")),
        operation_name=request.get("operationName"),
        request_validator_id=request.get("requestValidatorId") or None,
        request_parameters=dict(request.get("requestParameters") or {}),
        request_models=dict(request.get("requestModels") or {}),
    )
    kept = RestMethod(method=checked_method(call, resource.api_id, method))
    return method_output(keep_method(call, resource, kept), kept)


def _authorization_type(text: str) -> AuthorizationType:
    return cast("AuthorizationType", text.upper())  # AWS [O]: in any letter case


def keep_method(call: OperationCall, resource: RestResource, method: RestMethod) -> RestResource:
    """Write a method of a resource, in place of the one with its verb."""

    def change(record: RestResource) -> RestResource:
        methods = {**record.methods, method.method.http_method: method}
        return structs.replace(record, methods=methods)

    return call.tx.update(REST_RESOURCE, resource.key(), change)


@operation()
def get_method(call: OperationCall, request: Params) -> Params:
    """Give a method with its responses and its integration."""
    return method_output(*the_method(call, request))


@operation(writes=True)
def delete_method(call: OperationCall, request: Params) -> Params:
    """Delete a method."""
    resource, method = the_method(call, request)
    left = {verb: each for verb, each in resource.methods.items() if each is not method}
    call.tx.update(
        REST_RESOURCE, resource.key(), lambda record: structs.replace(record, methods=left)
    )
    return {}


@operation(writes=True)
def update_method(call: OperationCall, request: Params) -> Params:
    """Change a method."""
    resource, kept = the_method(call, request)
    changed = patched(kept.method, request, _PATCHES)
    checked = checked_method(call, resource.api_id, changed)
    kept = structs.replace(kept, method=checked)
    return method_output(keep_method(call, resource, kept), kept)


def _authorization(method: Method, step: Step) -> Method:
    return structs.replace(method, authorization_type=_authorization_type(step.text()))


def _authorizer(method: Method, step: Step) -> Method:
    return structs.replace(method, authorizer_id=None if step.op == "remove" else step.value)


def _scopes(method: Method, step: Step) -> Method:
    scopes = [each.strip() for each in step.text().split(",") if each.strip()]
    kept = [each for each in method.authorization_scopes if each not in scopes]
    if step.op == "add":
        kept += scopes
    elif step.op == "replace":
        kept = scopes
    return structs.replace(method, authorization_scopes=tuple(dict.fromkeys(kept)))


def _api_key(method: Method, step: Step) -> Method:
    return structs.replace(method, api_key_required=step.flag())


def _operation_name(method: Method, step: Step) -> Method:
    return structs.replace(method, operation_name=step.value or None)


def _validator(method: Method, step: Step) -> Method:
    chosen = None if step.op == "remove" else step.text() or None
    return structs.replace(method, request_validator_id=chosen)


def _parameter(method: Method, step: Step) -> Method:
    parameters = dict(method.request_parameters)
    if step.op == "remove":
        parameters.pop(step.name, None)
    else:
        parameters[step.name] = step.flag()
    return structs.replace(method, request_parameters=parameters)


def _model(method: Method, step: Step) -> Method:
    models = dict(method.request_models)
    if step.op == "remove":
        models.pop(step.name, None)
    else:
        models[step.name] = step.text()
    return structs.replace(method, request_models=models)


def _refuse(table: Table, step: Step) -> AwsError:
    """Word a refusal as UpdateMethod does (AWS [O])."""
    ops = [
        op
        for op in ("add", "replace", "remove")
        for rule in table.rules
        if op in rule.ops and names_in(rule.path, step.path) is not None
    ]
    if not ops:
        return bad_request(f"Invalid patch path {step.path}")
    return bad_request(f"Invalid patch operation specified. Must be one of: [{', '.join(ops)}]")


_PATCHES = Table(
    (
        Rule("/authorizationType", ("replace",), _authorization),
        Rule("/authorizerId", ("add", "replace", "remove"), _authorizer),
        Rule("/authorizationScopes", ("add", "replace", "remove"), _scopes),
        Rule("/apiKeyRequired", ("replace",), _api_key),
        Rule("/operationName", ("replace",), _operation_name),
        Rule("/requestValidatorId", ("replace", "remove"), _validator),
        Rule("/requestParameters/{name}", ("add", "replace", "remove"), _parameter),
        Rule("/requestModels/{type}", ("add", "replace", "remove"), _model),
    ),
    _refuse,
)


def method_output(resource: RestResource, kept: RestMethod) -> Params:
    """Give `Method`."""
    method = kept.method
    responses = {
        each.status_code: present(
            statusCode=each.status_code,
            responseParameters=dict(each.response_parameters) or None,
            responseModels=dict(each.response_models) or None,
        )
        for each in method.method_responses
    }
    return present(
        httpMethod=method.http_method,
        authorizationType=method.authorization_type,
        authorizerId=method.authorizer_id,
        apiKeyRequired=method.api_key_required,
        requestValidatorId=method.request_validator_id,
        operationName=method.operation_name,
        requestParameters=dict(method.request_parameters) or None,
        requestModels=dict(method.request_models) or None,
        methodResponses=responses or None,
        methodIntegration=integration_output(resource, kept),
        authorizationScopes=list(method.authorization_scopes) or None,
    )
