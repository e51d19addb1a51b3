"""Which file compiles which kind of integration."""

from collections.abc import Callable, Mapping

from bargate.access.control import GuardedMethod, GuardedRoute
from bargate.mapping.http_api_proxy import compile_http_api_proxy, route_integration_path
from bargate.mapping.http_custom import compile_http_custom
from bargate.mapping.http_lambda_proxy import compile_http_lambda
from bargate.mapping.http_proxy import compile_http_proxy
from bargate.mapping.lambda_custom import compile_lambda_custom
from bargate.mapping.lambda_proxy import compile_lambda_proxy
from bargate.mapping.mock import compile_mock
from bargate.mapping.plan import Plan
from bargate.mapping.request_parameters import integration_path
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import Integration

_REST: Mapping[str, Callable[[GuardedMethod, Integration], Plan]] = {
    "HTTP": compile_http_custom,
    "HTTP_PROXY": compile_http_proxy,
    "MOCK": compile_mock,
    "AWS": compile_lambda_custom,
    "AWS_PROXY": compile_lambda_proxy,
}


def compile_rest_integration(guarded: GuardedMethod) -> Plan:
    """Compile a REST method's integration. Raises InvalidConfiguration."""
    integration = guarded.method.integration
    if integration is None:
        # AWS [R] on deployment
        raise InvalidConfiguration(integration_path(guarded), "No integration defined for method")
    return _REST[integration.type](guarded, integration)


def compile_http_integration(guarded: GuardedRoute) -> Plan:
    """Compile an HTTP API route's integration. Raises InvalidConfiguration."""
    integration = guarded.route.integration
    if integration is None:
        raise InvalidConfiguration(
            route_integration_path(guarded),
            f"the route {guarded.route.route_key!r} has no integration",
        )
    if integration.type == "AWS_PROXY":
        return compile_http_lambda(guarded, integration)
    return compile_http_api_proxy(guarded, integration)
