"""What an operation of API Gateway needs: `apigateway:{HTTP METHOD}` on the request's own path.

AWS [D] IAM for API Gateway: `arn:{partition}:apigateway:{region}::{path}`, for `apigateway` and
`apigatewayv2` alike. Method and path are those of the operation in botocore's model, with what the
request says in place of the path's `{names}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from bargate.services.operation import ContextValues, OperationCall, Params, Target
from bargate.wire.service_files import service_data

# Gives the tags of the resource that a request concerns, {} when there is none.
ResourceTags = Callable[[OperationCall, Params], Mapping[str, str]]


class _Route(Struct, frozen=True):
    """Method, path template, and which member of the request stands for each name of it."""

    method: str
    parts: tuple[str, ...]
    members: dict[str, str]


class RestTargets:
    """The `targets` of a service whose API is REST-shaped."""

    def __init__(self, service_name: str, resource_tags: ResourceTags) -> None:
        self._service_name = service_name
        self._resource_tags = resource_tags

    def __call__(
        self, operation_name: str, call: OperationCall, request: Params
    ) -> Iterable[Target]:
        """Give the one permission that an operation needs."""
        route = self._routes[operation_name]
        resource = f"arn:{call.partition}:apigateway:{call.region}::{_path(route, request)}"
        yield Target(
            action=f"apigateway:{route.method}",
            resource=resource,
            context=self._context(call, request),
        )

    def _context(self, call: OperationCall, request: Params) -> ContextValues:
        context: dict[str, str | tuple[str, ...]] = {}
        for name, value in self._resource_tags(call, request).items():
            context[f"aws:ResourceTag/{name}"] = value
        tags: dict[str, str] = _member(request, "tags") or {}
        keys = [*tags, *(_member(request, "tagKeys") or ())]
        for name, value in tags.items():
            context[f"aws:RequestTag/{name}"] = value
        if keys:
            context["aws:TagKeys"] = tuple(dict.fromkeys(keys))
        return context

    @cached_property
    def _routes(self) -> dict[str, _Route]:
        """Read the model once, when it is first asked for, and keep what is needed of it."""
        model = service_data(self._service_name)
        return {name: _route(model, each) for name, each in model["operations"].items()}


def _member(request: Params, name: str) -> Any:
    """Give a member by its name in either API: `tags` of the one is `Tags` of the other."""
    found = request.get(name)
    return request.get(name[0].upper() + name[1:]) if found is None else found


def _route(model: dict[str, Any], operation: dict[str, Any]) -> _Route:
    members = {}
    if "input" in operation:
        for name, member in model["shapes"][operation["input"]["shape"]]["members"].items():
            if member.get("location") == "uri":
                members[member["locationName"]] = name
    http = operation["http"]
    path = http["requestUri"].partition("?")[0]
    return _Route(http["method"], tuple(path.strip("/").split("/")), members)


def _path(route: _Route, request: Params) -> str:
    """Write the path of a request. What is put in stays one part of it, whatever it holds."""
    return "".join(f"/{_part(part, route, request)}" for part in route.parts)


def _part(part: str, route: _Route, request: Params) -> str:
    if not part.startswith("{"):
        return part
    name = part.strip("{}").removesuffix("+")
    return quote(str(request.get(route.members[name], "")), safe="")
