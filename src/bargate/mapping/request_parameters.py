"""`requestParameters` of a REST integration: what is put into the backend request, and where."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from msgspec import Struct

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.mapping.context import Place
from bargate.mapping.expressions import Source, compile_source, invalid_expression, path_parameter
from bargate.mapping.headers import NEVER_MAPPED, is_header_name
from bargate.mapping.uri import UriTemplate, encoded_path_value, path_value, query_value
from bargate.model.invalid import InvalidConfiguration

Filler: TypeAlias = Callable[[Call, Facts], str]

_TARGET = "integration.request."
_METHOD_REQUEST = "method.request."


class RequestParameters(Struct, frozen=True):
    """Mappings by where their values go; header names as written, the rest by name."""

    headers: tuple[tuple[bytes, Source], ...]
    queries: tuple[tuple[str, Source], ...]
    paths: dict[str, tuple[str, Source]]

    @property
    def header_names(self) -> frozenset[bytes]:
        """Lower-case names of the mapped headers."""
        return frozenset(name.lower() for name, _ in self.headers)


def integration_path(guarded: GuardedMethod, *more: str) -> tuple[str, ...]:
    """Give the path of a method's integration in its OpenAPI document."""
    verb = guarded.method.http_method
    operation = "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower()
    return ("paths", guarded.resource.path, operation, "x-amazon-apigateway-integration", *more)


def compile_request_parameters(guarded: GuardedMethod, place: Place) -> RequestParameters:
    """Compile the mappings of a method's integration. Raises InvalidConfiguration."""
    headers: list[tuple[bytes, Source]] = []
    queries: list[tuple[str, Source]] = []
    paths: dict[str, tuple[str, Source]] = {}
    parameters = (
        {}
        if guarded.method.integration is None
        else (guarded.method.integration.request_parameters)
    )
    for target, expression in parameters.items():
        path = integration_path(guarded, "requestParameters", target)
        _require_declared(guarded, expression, path)
        location, name = _target(target, path)
        source = compile_source(expression, place, path)
        if location == "header":
            headers.append((_mapped_header(name, path), source))
        elif location == "querystring":
            queries.append((name, source))
        else:
            paths[name] = (expression, source)
    return RequestParameters(tuple(headers), tuple(queries), paths)


def compile_fillers(
    guarded: GuardedMethod, template: UriTemplate, parameters: RequestParameters
) -> dict[str, tuple[Filler, Filler]]:
    """Give, for each variable of a URI, how it is filled in the path and in the query.

    A variable is what `integration.request.path.NAME` maps, else the path parameter of its name.
    """
    fillers = {}
    for name in template.variables:
        expression, source = parameters.paths.get(name, (f"method.request.path.{name}", None))
        parameter = expression.removeprefix("method.request.path.")
        if parameter != expression:
            _require_path_parameter(guarded, parameter)
            fillers[name] = (_raw_path(parameter), _decoded(path_parameter(parameter)))
        elif source is not None:
            fillers[name] = (_path_text(source), _decoded(source))
    return fillers


def _target(
    target: str, path: tuple[str, ...]
) -> tuple[Literal["header", "querystring", "path"], str]:
    location, _, name = target.removeprefix(_TARGET).partition(".")
    if not target.startswith(_TARGET) or not name:
        raise invalid_expression(target, path)
    if location == "header":
        return "header", name
    if location == "querystring":
        return "querystring", name
    if location == "path":
        return "path", name
    raise invalid_expression(target, path)


def _mapped_header(name: str, path: tuple[str, ...]) -> bytes:
    if not is_header_name(name):
        raise InvalidConfiguration(path, f"{name!r} is not a header name")
    encoded = name.encode("ascii")
    if encoded.lower() in NEVER_MAPPED:
        raise InvalidConfiguration(
            path,
            f"the header {name} frames the connection or belongs to the gateway and cannot be"
            " mapped; AWS answers such calls with 500 or drops the header",
        )
    return encoded


def _require_declared(guarded: GuardedMethod, expression: str, path: tuple[str, ...]) -> None:
    """Refuse mappings from parameters the method does not declare, as AWS does (AWS [O])."""
    location, _, name = expression.removeprefix(_METHOD_REQUEST).partition(".")
    if not expression.startswith(_METHOD_REQUEST) or location == "body":
        return
    declared = f"{_METHOD_REQUEST}{location.removeprefix('multivalue')}.{name}"
    in_path = location == "path" and name in path_parameter_names(guarded.resource.path)
    if declared not in guarded.method.request_parameters and not in_path:
        raise invalid_expression(expression, path)


def path_parameter_names(resource_path: str) -> frozenset[str]:
    """Give the names of a resource path's parameters, greedy ones without the plus."""
    segments = resource_path.split("/")
    return frozenset(
        segment[1:-1].removesuffix("+")
        for segment in segments
        if segment.startswith("{") and segment.endswith("}")
    )


def _require_path_parameter(guarded: GuardedMethod, name: str) -> None:
    if name not in path_parameter_names(guarded.resource.path):
        raise InvalidConfiguration(
            integration_path(guarded, "uri"),
            f"nothing fills {{{name}}}: the resource path has no such parameter and"
            f" requestParameters has no integration.request.path.{name}",
        )


def _raw_path(name: str) -> Filler:
    return lambda _call, facts: encoded_path_value(facts.path_parameters.get(name, ""))


def _path_text(source: Source) -> Filler:
    return lambda call, facts: path_value(",".join(source(call, facts)))


def _decoded(source: Source) -> Filler:
    return lambda call, facts: query_value(",".join(source(call, facts)))
