"""SDK generation: which kinds AWS has, and that Bargate generates none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bargate.services.apigateway.errors import bad_request, not_found
from bargate.services.apigateway.finding import the_stage
from bargate.services.apigateway.shape import limit_of
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

_Property = tuple[str, str, str, bool]

# AWS [D] "Generate an SDK": the kinds and their configuration
_TYPES: Final[dict[str, tuple[str, str, tuple[_Property, ...]]]] = {
    "android": (
        "Android",
        "Generates an SDK for Android",
        (
            ("groupId", "Group ID", "Unique identifier of the project", True),
            ("invokerPackage", "Invoker package", "Name of the package of the clients", True),
            ("artifactId", "Artifact ID", "Name of the JAR file", True),
            ("artifactVersion", "Artifact version", "Version of the JAR file", True),
        ),
    ),
    "java": (
        "Java SDK",
        "Generates an SDK for Java",
        (
            ("service.name", "Service Name", "Name of the clients and their package", True),
            ("java.package-name", "Java Package Name", "Name of the root package", False),
            ("java.build-system", "Java Build System", "Build system: maven or gradle", False),
            ("java.group-id", "Java Group Id", "Group id of the build artifact", False),
            ("java.artifact-id", "Java Artifact Id", "Artifact id of the build artifact", False),
            ("java.artifact-version", "Java Artifact Version", "Version of the artifact", False),
        ),
    ),
    "javascript": ("JavaScript", "Generates an SDK for JavaScript", ()),
    "objectivec": (
        "iOS (Objective-C)",
        "Generates an SDK for iOS in Objective-C",
        (("classPrefix", "Prefix", "Prefix of the classes of the SDK", True),),
    ),
    "ruby": (
        "Ruby SDK",
        "Generates an SDK for Ruby",
        (
            ("service.name", "Service Name", "Name of the clients and their module", True),
            ("ruby.gem-name", "Gem Name", "Name of the gem", False),
            ("ruby.gem-version", "Gem Version", "Version of the gem", False),
        ),
    ),
    "swift": (
        "iOS (Swift)",
        "Generates an SDK for iOS in Swift",
        (("classPrefix", "Prefix", "Prefix of the classes of the SDK", True),),
    ),
}


@operation()
def get_sdk_types(call: OperationCall, request: Params) -> Params:  # noqa: ARG001
    """List AWS's kinds of SDK; they are few, so that one page holds them."""
    if request.get("position"):
        raise bad_request("Invalid position parameter specified")
    names = list(_TYPES)[: limit_of(request)]
    return {"items": [_show(name) for name in names]}


@operation()
def get_sdk_type(call: OperationCall, request: Params) -> Params:  # noqa: ARG001
    """Give one kind of SDK."""
    if request["id"] not in _TYPES:
        raise not_found("Invalid SDK type identifier specified")
    return _show(request["id"])


def _show(name: str) -> Params:
    friendly, description, properties = _TYPES[name]
    return {
        "id": name,
        "friendlyName": friendly,
        "description": description,
        "configurationProperties": [_show_property(*each) for each in properties],
    }


def _show_property(name: str, friendly: str, description: str, required: Any) -> Params:
    return {
        "name": name,
        "friendlyName": friendly,
        "description": description,
        "required": required,
    }


@operation()
def get_sdk(call: OperationCall, request: Params) -> Params:
    """Refuse: Bargate generates no SDKs, and says what to use [I]."""
    the_stage(call, request)
    if request["sdkType"] not in _TYPES:
        raise bad_request("Invalid SDK type specified")
    raise bad_request(
        "Bargate does not generate SDKs: export the API with GetExport (oas30) and use an OpenAPI"
        " generator"
    )
