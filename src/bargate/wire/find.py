"""Finds which operation of which service a request calls.

The service: by the credential scope's service name, then `X-Amz-Target`, then the path or the
`Action` parameter. The operation: as the service's protocol says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.wire.error import AwsError
from bargate.wire.form import action_of, parameters

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

    from bargate.wire.models import ServiceModels
    from bargate.wire.request import HttpRequest

MAX_ECHO_CHARACTERS = 128


class Found(Struct, frozen=True, eq=False):
    """An operation that a request calls: botocore's names, and its raw path labels.

    `form` holds the decoded parameters of a query request, which had to be read to find it.
    """

    service: str
    operation: OperationModel
    uri: dict[str, str]
    form: dict[str, str] | None = None

    def __repr__(self) -> str:
        # Parameters hold passwords and tokens.
        return f"Found({self.service}, {self.operation.name})"


def find_operation(request: HttpRequest, models: ServiceModels, signing_name: str | None) -> Found:
    """Find the operation; raises AwsError UnknownOperationException or InvalidAction."""
    service = find_service(request, models, signing_name)
    return operation_of(service, request, models, signing_name)


def operation_of(
    service: ServiceModel | None,
    request: HttpRequest,
    models: ServiceModels,
    signing_name: str | None,
) -> Found:
    """Find the operation of the service that `find_service` gave; raises as `find_operation`."""
    if service is None:
        raise _unknown() if signing_name is None else _not_served(signing_name, models.names)
    protocol = protocol_of(service)
    if protocol == "rest-json":
        return _by_path(request, models, service)
    if protocol == "json":
        return _by_target(request, models, service)
    return _by_action(request, models, service)


def find_service(
    request: HttpRequest, models: ServiceModels, signing_name: str | None
) -> ServiceModel | None:
    """Find the service alone, in whose protocol an error is then written; None if there is none."""
    if signing_name is None:
        target = request.headers.get("x-amz-target")
        known = None if target is None else models.by_target(target.partition(".")[0])
        if known is not None:
            return known
        # One after the other: a large model is read only if no smaller one knows the request.
        each = (models.model(name) for name in models.names)
        return next((service for service in each if _calls(request, models, service)), None)
    candidates = models.by_signing_name(signing_name)
    if len(candidates) == 1:
        return candidates[0]
    for candidate in candidates:
        if _calls(request, models, candidate):
            return candidate
    return candidates[0] if candidates else None


def protocol_of(service: ServiceModel) -> str:
    """Give the protocol a service is spoken to in: query, ec2, json or rest-json."""
    protocol: str = service.metadata["protocol"]
    return protocol


def _calls(request: HttpRequest, models: ServiceModels, service: ServiceModel) -> bool:
    """Tell whether the request names one of a service's operations."""
    name, protocol = service.service_name, protocol_of(service)
    target = request.headers.get("x-amz-target")
    if protocol == "json":
        return target is not None and target.partition(".")[0] == service.metadata["targetPrefix"]
    if protocol == "rest-json":
        method, path, query = request.method, request.path, request.query
        return target is None and models.find_path(name, method, path, query) is not None
    action, version = action_of(request)
    if action is None or target is not None or request.path.strip("/"):
        return False
    known = models.operation(name, action) is not None
    return known and version in (None, service.api_version)


def _by_path(request: HttpRequest, models: ServiceModels, service: ServiceModel) -> Found:
    name = service.service_name
    match = models.find_path(name, request.method, request.path, request.query)
    if match is None:
        raise _unknown()
    return Found(name, _operation(models, name, match.value), match.labels)


def _by_target(request: HttpRequest, models: ServiceModels, service: ServiceModel) -> Found:
    prefix, _, operation = request.headers.get("x-amz-target", "").partition(".")
    if prefix != service.metadata["targetPrefix"] or request.method != "POST":
        raise _unknown()
    return Found(service.service_name, _operation(models, service.service_name, operation), {})


def _by_action(request: HttpRequest, models: ServiceModels, service: ServiceModel) -> Found:
    name = service.service_name
    if request.method not in ("GET", "POST"):
        raise AwsError("InvalidAction", f"{request.method} is not supported", 400)
    form = parameters(request)
    action, version = form.get("Action"), form.get("Version")
    if action is None:
        raise AwsError("MissingAction", "The request must contain the parameter Action.", 400)
    known = models.operation(name, action)
    if known is None or version not in (None, service.api_version):
        version = service.api_version if version is None else version
        raise AwsError(
            "InvalidAction",
            f"Could not find operation {_cut(action)} for version {_cut(version)}",
            400,
        )
    return Found(name, known, {}, form)


def _operation(models: ServiceModels, service: str, operation: str) -> OperationModel:
    found = models.operation(service, operation)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> AwsError:
    return AwsError("UnknownOperationException", "The requested operation is not known.", 404)


def _not_served(signing_name: str, served: tuple[str, ...]) -> AwsError:
    """Say what is there to somebody who called another service of AWS; the code is the same."""
    message = f"Bargate does not serve {_cut(signing_name)}; it serves {', '.join(served)}."
    return AwsError("UnknownOperationException", message, 404)


def _cut(text: str) -> str:
    return text[:MAX_ECHO_CHARACTERS]
