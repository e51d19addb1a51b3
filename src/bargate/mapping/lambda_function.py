"""The Lambda function of a REST method or of a route, or why calls cannot invoke one."""

from bargate.access.control import GuardedMethod, GuardedRoute
from bargate.mapping.function_uri import (
    CALLER_CREDENTIALS,
    Invoked,
    OtherService,
    function_of,
    invoker_of,
    route_function_of,
    source_arn,
)
from bargate.mapping.http_api_proxy import route_integration_path
from bargate.mapping.integration_settings import required_method
from bargate.mapping.request_parameters import integration_path
from bargate.mapping.unsupported import UnsupportedPlan
from bargate.mapping.uri import fill_stage_variables
from bargate.model.http_api import HttpIntegration
from bargate.model.rest_api import Integration


def rest_function(guarded: GuardedMethod, integration: Integration) -> Invoked | UnsupportedPlan:
    """Give what a REST method's integration invokes. Raises InvalidConfiguration."""
    variables, uri = guarded.stage.variables, integration_path(guarded, "uri")
    method = required_method(guarded, integration)
    try:
        function = function_of(integration.uri, variables, uri)
    except OtherService as error:
        return UnsupportedPlan(f"integrations with {error} are not served")
    if method != "POST":
        # AWS [O]: Lambda knows no other, and answers that it cannot determine the operation.
        return UnsupportedPlan(
            f"a function is invoked by POST, and the integration's httpMethod is {method}",
            reason="integration.not_post",
        )
    path = integration_path(guarded, "credentials")
    credentials = _filled(integration.credentials, variables, path)
    if credentials == CALLER_CREDENTIALS:
        return _CALLER
    place, resource = guarded.installation, guarded.resource
    source = source_arn(
        place, guarded.api.id, guarded.stage.name, guarded.method.http_method, resource.path
    )
    return Invoked(function, invoker_of(credentials, source, place.account_id, path))


def route_function(
    guarded: GuardedRoute, integration: HttpIntegration
) -> Invoked | UnsupportedPlan:
    """Give what a route's integration invokes. Raises InvalidConfiguration."""
    if integration.integration_subtype is not None:
        return UnsupportedPlan(
            f"the integration subtype {integration.integration_subtype!r} is not served"
        )
    variables, uri = guarded.stage.variables, route_integration_path(guarded, "uri")
    try:
        function = route_function_of(integration.uri, variables, uri)
    except OtherService as error:
        return UnsupportedPlan(f"integrations with {error} are not served")
    path = route_integration_path(guarded, "credentials")
    credentials = _filled(integration.credentials, variables, path)
    if credentials == CALLER_CREDENTIALS:
        return _CALLER
    verb, _, resource = guarded.route.route_key.partition(" ")
    place = guarded.installation
    source = source_arn(place, guarded.api.id, guarded.stage.name, verb, resource)
    return Invoked(function, invoker_of(credentials, source, place.account_id, path))


_CALLER = UnsupportedPlan(
    "a function cannot be invoked with the caller's own credentials (arn:aws:iam::*:user/*); write"
    " a role, or none and let the function's policy permit the API",
    reason="integration.caller_credentials",
)


def _filled(
    credentials: str | None, variables: dict[str, str], path: tuple[str, ...]
) -> str | None:
    return None if not credentials else fill_stage_variables(credentials, variables, path)
