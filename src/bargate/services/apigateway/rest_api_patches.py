"""UpdateRestApi: the paths that may be patched (AWS [D] patch-operations)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from bargate.records.rest_api import EndpointConfiguration, RestApiRecord
from bargate.services.apigateway.endpoint_configuration import checked, of_type
from bargate.services.apigateway.errors import bad_request, one_of
from bargate.services.apigateway.patch import Rule, Step, Table, unsupported
from bargate.services.apigateway.resource_policy import stored_policy
from bargate.services.apigateway.rest_api_settings import (
    API_KEY_SOURCES,
    MAX_COMPRESSION_BYTES,
    checked_compression,
    checked_media_types,
    checked_name,
)
from bargate.services.operation import OperationCall

if TYPE_CHECKING:
    from bargate.wire.error import AwsError

Patched = tuple[OperationCall, RestApiRecord]


def _with(patched: Patched, **members: Any) -> Patched:
    return patched[0], structs.replace(patched[1], **members)


def _name(patched: Patched, step: Step) -> Patched:
    return _with(patched, name=checked_name(step.text()))


def _description(patched: Patched, step: Step) -> Patched:
    return _with(patched, description=step.value or None)


def _version(patched: Patched, step: Step) -> Patched:
    return _with(patched, version=step.value or None)


def _policy(patched: Patched, step: Step) -> Patched:
    call, api = patched
    # A value that was forgotten must not take the policy away: "" does.
    value = None if step.op == "remove" else step.text()
    return _with(patched, policy=stored_policy(call, api.id, value, private=api.is_private))


def _key_source(patched: Patched, step: Step) -> Patched:
    source = one_of(step.text(), "updateRestApiInput.apiKeySource", API_KEY_SOURCES)
    return _with(patched, api_key_source=source)


def _compression(patched: Patched, step: Step) -> Patched:
    text = step.value
    if not text:
        return _with(patched, minimum_compression_size=None)
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_COMPRESSION_BYTES))
    return _with(
        patched, minimum_compression_size=checked_compression(int(text) if is_number else -1)
    )


def _media_type(patched: Patched, step: Step) -> Patched:
    types = patched[1].binary_media_types
    if step.op == "add":
        return _with(patched, binary_media_types=checked_media_types(_added(types, step.name)))
    if step.name not in types:
        raise bad_request(f"Invalid binary media type specified: {step.name[:128]}")  # [I]
    left = tuple(each for each in types if each != step.name)
    if step.op == "replace":
        # AWS [O]: the new one comes last
        left = _added(left, step.text())
    return _with(patched, binary_media_types=checked_media_types(left))


def _added(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return values if value in values else (*values, value)


def _endpoint(patched: Patched, configuration: EndpointConfiguration) -> Patched:
    return _with(patched, endpoint_configuration=checked(configuration))


def _endpoint_type(patched: Patched, step: Step) -> Patched:
    configuration = patched[1].endpoint_configuration
    if step.name not in {"0", *configuration.types}:
        raise bad_request(f"Invalid patch path {step.path}")
    return _endpoint(patched, of_type(configuration, step.text()))


def _address_type(patched: Patched, step: Step) -> Patched:
    configuration = patched[1].endpoint_configuration
    return _endpoint(patched, structs.replace(configuration, ip_address_type=step.text()))


def _vpc_endpoint(patched: Patched, step: Step) -> Patched:
    configuration = patched[1].endpoint_configuration
    ids = configuration.vpc_endpoint_ids
    value = step.text()
    ids = _added(ids, value) if step.op == "add" else tuple(each for each in ids if each != value)
    return _endpoint(patched, structs.replace(configuration, vpc_endpoint_ids=ids))


def _endpoint_disabled(patched: Patched, step: Step) -> Patched:
    return _with(patched, disable_execute_api_endpoint=step.flag())


def _security_policy(patched: Patched, step: Step) -> Patched:
    return _with(patched, security_policy=step.value or None)


def _access_mode(patched: Patched, step: Step) -> Patched:
    mode = one_of(step.text(), "updateRestApiInput.endpointAccessMode", ("BASIC", "STRICT"))
    return _with(patched, endpoint_access_mode=mode)


def _refuse(table: Table, step: Step) -> AwsError:
    """Word what AWS words otherwise here (AWS [O])."""
    if step.path == "/minimumCompressionSize":
        return bad_request("Invalid patch operation specified. Must be one of: [replace]")
    if step.path == "/binaryMediaTypes":
        return bad_request(f"Invalid patch path {step.path}")
    return unsupported(table, step)


REST_API_PATCHES = Table(
    (
        Rule("/name", ("replace",), _name),
        Rule("/description", ("replace",), _description),
        Rule("/version", ("replace",), _version),
        Rule("/policy", ("replace", "remove"), _policy),
        Rule("/apiKeySource", ("replace",), _key_source),
        Rule("/minimumCompressionSize", ("replace",), _compression),
        Rule("/binaryMediaTypes/{media_type}", ("add", "remove", "replace"), _media_type),
        Rule("/endpointConfiguration/types/{type}", ("replace",), _endpoint_type),
        Rule("/endpointConfiguration/ipAddressType", ("replace",), _address_type),
        Rule("/endpointConfiguration/vpcEndpointIds", ("add", "remove"), _vpc_endpoint),
        Rule("/disableExecuteApiEndpoint", ("replace",), _endpoint_disabled),
        Rule("/securityPolicy", ("replace",), _security_policy),
        Rule("/endpointAccessMode", ("replace",), _access_mode),
    ),
    _refuse,
)
