"""Required request parameters: present and not blank.

AWS [R] apigw-errors §1, apigw-objects §4: 400 `Missing required request parameters: [a, b]`, in
the order header, path, querystring. Header names compare without case (RFC 9110 §5.1: HTTP/2
clients send lower case), query names with.
"""

from urllib.parse import unquote, unquote_plus

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, RestControl, Step
from bargate.access.validator import validator_of
from bargate.access.verdict import Denial

_LOCATIONS = ("header", "path", "querystring")


def _compile(guarded: GuardedMethod) -> Step | None:
    validator = validator_of(guarded)
    if validator is None or not validator.validate_request_parameters:
        return None
    names = _required(guarded.method.request_parameters)
    if not any(names.values()):
        return None
    headers = tuple((name, name.lower().encode("latin-1", "replace")) for name in names["header"])
    paths, queries = tuple(names["path"]), tuple(names["querystring"])

    def valid_parameters(call: Call, facts: Facts) -> Denial | None:
        missing = [name for name, key in headers if not call.header.get(key, b"").strip()]
        given = facts.path_parameters
        missing += [name for name in paths if not unquote(given.get(name, "")).strip()]
        if queries:
            present = _present_queries(call.query)
            missing += [name for name in queries if name not in present]
        return _denial(missing, facts) if missing else None

    return valid_parameters


def _required(parameters: dict[str, bool]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {location: [] for location in _LOCATIONS}
    for expression, required in parameters.items():
        _, _, location, name = expression.split(".", 3)
        if required:
            names[location].append(name)
    return names


def _present_queries(query: str) -> set[str]:
    """Give the names that have a value that is not blank."""
    present = set()
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if unquote_plus(value).strip():
            present.add(unquote_plus(name))
    return present


def _denial(missing: list[str], facts: Facts) -> Denial:
    message = f"Missing required request parameters: [{', '.join(missing)}]"
    facts.validation_error = message
    return Denial(
        response_type="BAD_REQUEST_PARAMETERS",
        reason="validation.parameters",
        detail=message,
        message=message,
        validation_error=message,
    )


CONTROL = RestControl(
    name="request parameters",
    compile=_compile,
    narrate=lambda *_: "all required parameters are present",
)
