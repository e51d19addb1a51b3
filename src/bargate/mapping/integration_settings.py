"""Settings that every REST HTTP integration has: backend method and timeout."""

from bargate.access.control import GuardedMethod
from bargate.mapping.headers import is_header_name
from bargate.mapping.request_parameters import integration_path
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import Integration

# AWS [D] apigw-objects §11.
MIN_TIMEOUT_MS = 50
MAX_REST_TIMEOUT_MS = 29_000
MAX_HTTP_TIMEOUT_MS = 30_000


def required_method(guarded: GuardedMethod, integration: Integration) -> str:
    """Give the backend's method, `ANY` for the client's own."""
    path = integration_path(guarded, "httpMethod")
    if not integration.http_method:
        # AWS [R] apigw-errors §5
        raise InvalidConfiguration(path, "Enumeration value for HttpMethod must be non-empty")
    method = integration.http_method.upper()
    if not is_header_name(method):
        raise InvalidConfiguration(path, f"{integration.http_method!r} is not an HTTP method")
    return method


def timeout_s(guarded: GuardedMethod, integration: Integration) -> float:
    """Give the timeout in seconds."""
    return checked_timeout_s(
        integration.timeout_ms,
        MAX_REST_TIMEOUT_MS,
        integration_path(guarded, "timeoutInMillis"),
    )


def checked_timeout_s(timeout_ms: int, maximum_ms: int, path: tuple[str, ...]) -> float:
    """Give a timeout in seconds, refused outside AWS's bounds."""
    if not MIN_TIMEOUT_MS <= timeout_ms <= maximum_ms:
        raise InvalidConfiguration(
            path, f"Timeout should be between {MIN_TIMEOUT_MS} ms and {maximum_ms} ms"
        )
    return timeout_ms / 1000
