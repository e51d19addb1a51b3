"""Integrations: what stands behind a method."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from bargate.model.rest_api import Integration
from bargate.records.rest_resource import Connection, RestMethod, RestResource
from bargate.services.apigateway.errors import not_found
from bargate.services.apigateway.finding import the_method
from bargate.services.apigateway.integration_checks import check_integration
from bargate.services.apigateway.integration_output import integration_output
from bargate.services.apigateway.methods import keep_method
from bargate.services.apigateway.patch import Rule, Step, Table, patched, with_entry
from bargate.services.further_permissions import require_pass_role
from bargate.services.operation import OperationCall, Params, operation

_DEFAULT_TIMEOUT_MS = 29_000


@operation(writes=True)
def put_integration(call: OperationCall, request: Params) -> Params:
    """Set the integration of a method; a new one begins without integration responses."""
    resource, kept = the_method(call, request)
    timeout_ms = request.get("timeoutInMillis")
    tls = request.get("tlsConfig") or {}
    integration = Integration(
        type=request["type"],
        http_method=request.get("integrationHttpMethod"),
        uri=request.get("uri"),
        request_parameters=dict(request.get("requestParameters") or {}),
        request_templates=dict(request.get("requestTemplates") or {}),
        passthrough_behavior=request.get("passthroughBehavior") or "WHEN_NO_MATCH",
        content_handling=request.get("contentHandling") or None,
        timeout_ms=_DEFAULT_TIMEOUT_MS if timeout_ms is None else timeout_ms,
        credentials=request.get("credentials") or None,
        insecure_skip_verification=bool(tls.get("insecureSkipVerification")),
    )
    connection = Connection(
        connection_type=request.get("connectionType"),
        connection_id=request.get("connectionId"),
        integration_target=request.get("integrationTarget"),
        cache_namespace=request.get("cacheNamespace") or None,
        cache_key_parameters=tuple(request.get("cacheKeyParameters") or ()),
        response_transfer_mode=request.get("responseTransferMode"),
    )
    require_pass_role(call, [integration.credentials])
    return _keep(call, resource, kept, Whole(integration, connection))


class Whole(Struct, frozen=True):
    """An integration with what AWS keeps beside it."""

    integration: Integration
    connection: Connection


def _keep(call: OperationCall, resource: RestResource, kept: RestMethod, whole: Whole) -> Params:
    check_integration(call, kept.method, whole.integration, whole.connection)
    method = structs.replace(kept.method, integration=whole.integration)
    changed = structs.replace(kept, method=method, connection=whole.connection)
    output = integration_output(keep_method(call, resource, changed), changed)
    return output or {}


def the_integration(
    call: OperationCall, request: Params
) -> tuple[RestResource, RestMethod, Integration]:
    """Give resource, method and integration that the request names."""
    resource, kept = the_method(call, request)
    if kept.method.integration is None:
        raise not_found("Invalid Integration identifier specified")  # AWS [O]
    return resource, kept, kept.method.integration


@operation()
def get_integration(call: OperationCall, request: Params) -> Params:
    """Give the integration of a method."""
    resource, kept, _ = the_integration(call, request)
    return integration_output(resource, kept) or {}


@operation(writes=True)
def delete_integration(call: OperationCall, request: Params) -> Params:
    """Take the integration from a method."""
    resource, kept, _ = the_integration(call, request)
    method = structs.replace(kept.method, integration=None)
    keep_method(call, resource, structs.replace(kept, method=method, connection=None))
    return {}


@operation(writes=True)
def update_integration(call: OperationCall, request: Params) -> Params:
    """Change the integration of a method."""
    resource, kept, integration = the_integration(call, request)
    whole = Whole(integration, kept.connection or Connection())
    changed = patched(whole, request, _PATCHES)
    if changed.integration.credentials != integration.credentials:
        require_pass_role(call, [changed.integration.credentials])
    return _keep(call, resource, kept, changed)


def _with(whole: Whole, **members: Any) -> Whole:
    return Whole(structs.replace(whole.integration, **members), whole.connection)


def _connected(whole: Whole, **members: Any) -> Whole:
    return Whole(whole.integration, structs.replace(whole.connection, **members))


def _http_method(whole: Whole, step: Step) -> Whole:
    return _with(whole, http_method=step.value or None)


def _type(whole: Whole, step: Step) -> Whole:
    return _with(whole, type=step.text())


def _uri(whole: Whole, step: Step) -> Whole:
    return _with(whole, uri=step.value or None)


def _credentials(whole: Whole, step: Step) -> Whole:
    return _with(whole, credentials=None if step.op == "remove" else step.value or None)


def _passthrough(whole: Whole, step: Step) -> Whole:
    return _with(whole, passthrough_behavior=step.text())


def _content_handling(whole: Whole, step: Step) -> Whole:
    return _with(whole, content_handling=None if step.op == "remove" else step.value or None)


def _timeout(whole: Whole, step: Step) -> Whole:
    return _with(whole, timeout_ms=step.integer(50, 29_000))


def _tls(whole: Whole, step: Step) -> Whole:
    return _with(whole, insecure_skip_verification=step.flag())


def _parameter(whole: Whole, step: Step) -> Whole:
    mapping = with_entry(whole.integration.request_parameters, step)
    return _with(whole, request_parameters=mapping)


def _template(whole: Whole, step: Step) -> Whole:
    return _with(whole, request_templates=with_entry(whole.integration.request_templates, step))


def _connection_type(whole: Whole, step: Step) -> Whole:
    return _connected(whole, connection_type=step.text())


def _connection_id(whole: Whole, step: Step) -> Whole:
    return _connected(whole, connection_id=step.value or None)


def _target(whole: Whole, step: Step) -> Whole:
    return _connected(whole, integration_target=step.value or None)


def _namespace(whole: Whole, step: Step) -> Whole:
    return _connected(whole, cache_namespace=step.value or None)


def _cache_key(whole: Whole, step: Step) -> Whole:
    keys = tuple(each for each in whole.connection.cache_key_parameters if each != step.name)
    return _connected(whole, cache_key_parameters=(*keys, step.name) if step.op == "add" else keys)


def _transfer_mode(whole: Whole, step: Step) -> Whole:
    return _connected(whole, response_transfer_mode=step.text())


_ALL = ("add", "replace", "remove")
_PATCHES = Table(
    (
        Rule("/httpMethod", ("replace",), _http_method),
        Rule("/type", ("replace",), _type),
        Rule("/uri", ("replace",), _uri),
        Rule("/credentials", _ALL, _credentials),
        Rule("/passthroughBehavior", ("replace",), _passthrough),
        Rule("/contentHandling", _ALL, _content_handling),
        Rule("/timeoutInMillis", ("replace",), _timeout),
        Rule("/tlsConfig/insecureSkipVerification", ("add", "replace"), _tls),
        Rule("/requestParameters/{name}", _ALL, _parameter),
        Rule("/requestTemplates/{type}", _ALL, _template),
        Rule("/connectionType", ("replace",), _connection_type),
        Rule("/connectionId", ("replace",), _connection_id),
        Rule("/integrationTarget", ("replace",), _target),
        Rule("/cacheNamespace", ("replace",), _namespace),
        Rule("/cacheKeyParameters/{name}", ("add", "remove"), _cache_key),
        Rule("/responseTransferMode", ("replace",), _transfer_mode),
    )
)
