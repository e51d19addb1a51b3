"""Asks every call of the tour for real, so that the printed table is true."""

import http.client
from urllib.parse import urlsplit

from msgspec import Struct

from examples.petstore.cases import ALLOW_ORIGIN, CASES, Ask, Case

_TIMEOUT_S = 5.0


class Outcome(Struct, frozen=True):
    """How one call ended; `broken` says what is not as promised, "" when all is."""

    status: int
    broken: str


class Checked(Struct, frozen=True):
    """A case with the outcome of both its calls."""

    case: Case
    passes: Outcome
    refused: Outcome


def check_all(variables: dict[str, str]) -> list[Checked]:
    """Ask both calls of every case."""
    return [
        Checked(
            case,
            check(variables[case.api], case.passes, variables),
            check(variables[case.api], case.refused, variables),
        )
        for case in CASES
    ]


def check(base: str, ask: Ask, variables: dict[str, str]) -> Outcome:
    """Ask one call of the API at `base`; `variables` hold whole header lines."""
    address = urlsplit(base)
    source = (ask.source_ip, 0) if ask.source_ip else None
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=_TIMEOUT_S, source_address=source
    )
    lines = (*ask.headers, *(variables[name] for name in ask.variables))
    headers = dict(line.split(": ", 1) for line in lines)
    try:
        connection.request(ask.method, address.path + ask.path, ask.body, headers)
        answer = connection.getresponse()
        answer.read()
        return Outcome(answer.status, _difference(ask, answer))
    except OSError as error:
        return Outcome(0, str(error))
    finally:
        connection.close()


def _difference(ask: Ask, answer: http.client.HTTPResponse) -> str:
    if answer.status != ask.status:
        return f"{answer.status} instead of {ask.status}"
    allowed = answer.getheader(ALLOW_ORIGIN, "")
    if ask.allows_origin is not None and allowed != ask.allows_origin:
        return f"{ALLOW_ORIGIN} is {allowed!r} instead of {ask.allows_origin!r}"
    return ""
