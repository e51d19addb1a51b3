"""What a method may say: the checks of PutMethod and UpdateMethod (AWS [R] apigw-errors §5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import structs

from bargate.records.request_validator import REQUEST_VALIDATOR
from bargate.records.rest_authorizer import REST_AUTHORIZER
from bargate.records.rest_model import REST_MODEL
from bargate.services.apigateway.errors import bad_request, invalid_mapping
from bargate.services.apigateway.finding import find_part

if TYPE_CHECKING:
    from bargate.model.rest_api import Method
    from bargate.services.operation import OperationCall

VERBS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
_AUTHORIZATION_TYPES = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")
_PARAMETER = re.compile(r"method\.request\.(?:header|querystring|path)\.([^\s]+)")
_MAX_PARAMETERS = 1_000


def checked_method(call: OperationCall, api_id: str, method: Method) -> Method:
    """Give a method whose authorizer, validator, models and parameters are right."""
    check_parameters(method.request_parameters)
    method = _authorized(call, api_id, method)
    validator = method.request_validator_id
    if validator and find_part(call, REQUEST_VALIDATOR, api_id, validator) is None:
        raise bad_request("Invalid Request Validator identifier specified")
    check_models(call, api_id, method.request_models)
    return method


def check_verb(verb: str) -> None:
    """Refuse what is no verb of a method."""
    if verb not in VERBS:
        raise bad_request(f"Invalid HttpMethod specified. Valid options are {','.join(VERBS)}")


def check_parameters(parameters: dict[str, bool]) -> None:
    """Refuse parameters without the form or with the name of another one."""
    names = set()
    for expression in parameters:
        found = _PARAMETER.fullmatch(expression)
        if found is None:
            raise invalid_mapping(expression)
        names.add(found[1])
    if len(names) < len(parameters):
        raise bad_request("Parameter names must be unique across querystring, header and path")
    if len(parameters) > _MAX_PARAMETERS:
        raise bad_request(f"At most {_MAX_PARAMETERS} parameters are allowed")  # [I]


def check_models(call: OperationCall, api_id: str, models: dict[str, str]) -> None:
    """Refuse models that the API does not have."""
    for name in models.values():
        if find_part(call, REST_MODEL, api_id, name) is None:
            raise bad_request(f"Invalid model identifier specified: {name[:128]}")


def _authorized(call: OperationCall, api_id: str, method: Method) -> Method:
    """Check the authorizer; AWS [R] ignores the id of one that the type does not use."""
    kind = method.authorization_type
    if kind not in _AUTHORIZATION_TYPES:
        listed = ", ".join(_AUTHORIZATION_TYPES)
        raise bad_request(
            f"Invalid authorization type specified. Valid options are {listed}"
        )  # [I]
    if method.authorization_scopes and kind != "COGNITO_USER_POOLS":
        # They would be enforced by nobody.
        raise bad_request("Authorization scopes require the type COGNITO_USER_POOLS")  # [I]
    if kind in {"NONE", "AWS_IAM"}:
        return structs.replace(method, authorizer_id=None)
    found = find_part(call, REST_AUTHORIZER, api_id, method.authorizer_id or "")
    # An authorizer of the other kind is as wrong as none [I].
    if found is None or (found.type == "COGNITO_USER_POOLS") != (kind == "COGNITO_USER_POOLS"):
        raise bad_request(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or"
            " COGNITO_USER_POOLS requires a valid authorizer."
        )
    return method
