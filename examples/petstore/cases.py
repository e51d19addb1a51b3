"""The tour of the APIs: each route, what protects it, a call that passes and one that does not."""

import shlex
from typing import Literal

from msgspec import Struct

# Names of shell variables; `tour.variables` gives them their values.
JSON = "J"
ID_TOKEN = "ID"
ACCESS_TOKEN = "AT"
READ_TOKEN = "RT"
WRITE_TOKEN = "WT"
PREFLIGHT = "G"

BLOCKED_ADDRESS = "127.66.0.1"
PAGE = "https://app.petstore.example"
SHOP_PAGE = "https://shop.petstore.example"
ALLOW_ORIGIN = "access-control-allow-origin"


class Ask(Struct, frozen=True):
    """One call and how it ends.

    `variables` are headers held in shell variables. `allows_origin` says what the answer's
    `access-control-allow-origin` must be ("" when it must be absent); None leaves it unchecked.
    """

    path: str
    status: int
    method: str = "GET"
    headers: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    body: str | None = None
    source_ip: str | None = None
    allows_origin: str | None = None


class Case(Struct, frozen=True):
    """One route. `api` is the shell variable that holds the API's address."""

    api: Literal["P", "S"]
    route: str
    protection: str
    passes: Ask
    refused: Ask


def curl(case: Case, ask: Ask) -> str:
    """Give the command line for a call, to be pasted after the variables were set."""
    quoted = ask.path.startswith("/search?")
    address = f'"${case.api}{ask.path}"' if quoted else f"${case.api}{ask.path}"
    words = ["curl", "-i", address]
    if ask.method not in {"GET", "POST" if ask.body is not None else "GET"}:
        words += ["-X", ask.method]
    for header in ask.headers:
        words += ["-H", shlex.quote(header)]
    words += [part for name in ask.variables for part in ("-H", f'"${name}"')]
    if ask.body is not None:
        words += ["-d", shlex.quote(ask.body)]
    if ask.source_ip is not None:
        words += ["--interface", ask.source_ip]
    return " ".join(words)


_PET = '{"name":"Rex","species":"dog","price":9}'


def _preflight(origin: str, allowed: str) -> Ask:
    headers, asks = (f"Origin: {origin}",), (PREFLIGHT,)
    return Ask("/orders", 204, "OPTIONS", headers, asks, allows_origin=allowed)


def _blocked(path: str) -> Ask:
    return Ask(path, 403, source_ip=BLOCKED_ADDRESS)


CASES = (
    Case(
        "P",
        "GET /pets",
        "open; the resource policy bars 127.66.0.0/16",
        Ask("/pets", 200, allows_origin=PAGE),
        _blocked("/pets"),
    ),
    Case(
        "P",
        "POST /pets",
        "user pool: access token with scope pets/write",
        Ask("/pets", 201, "POST", variables=(ACCESS_TOKEN, JSON), body=_PET),
        Ask("/pets", 401, "POST", variables=(JSON,), body=_PET),
    ),
    Case(
        "P",
        "OPTIONS /pets",
        "CORS: a mock answers preflights; other paths have none",
        Ask("/pets", 204, "OPTIONS", allows_origin=PAGE),
        Ask("/search", 403, "OPTIONS"),
    ),
    Case(
        "P",
        "GET /pets/{petId}/label",
        "open; the answer is made by a template",
        Ask("/pets/1/label", 200),
        _blocked("/pets/1/label"),
    ),
    Case(
        "P",
        "GET /search",
        "request validation: species is required",
        Ask("/search?species=dog", 200),
        Ask("/search", 400, allows_origin=PAGE),
    ),
    Case(
        "P",
        "POST /quotes",
        "request validation: JSON Schema of the body",
        Ask("/quotes", 200, "POST", variables=(JSON,), body='{"petId":1,"days":3}'),
        Ask("/quotes", 422, "POST", variables=(JSON,), body='{"petId":"one"}', allows_origin=PAGE),
    ),
    Case(
        "P",
        "GET /me",
        "user pool: ID token; its claims reach the backend",
        Ask("/me", 200, variables=(ID_TOKEN,)),
        Ask("/me", 401, allows_origin=PAGE),
    ),
    Case(
        "P",
        "GET /admin/stats",
        "resource policy: user agent petstore-admin/*",
        Ask("/admin/stats", 200, headers=("User-Agent: petstore-admin/1",)),
        Ask("/admin/stats", 403),
    ),
    Case(
        "P",
        "ANY /catalog/{proxy+}",
        "open; every path below, as it is",
        Ask("/catalog/toys/7", 200, "PUT", variables=(JSON,), body='{"price":4}'),
        _blocked("/catalog/toys/7"),
    ),
    Case(
        "P",
        "GET /health",
        "open; answered by the gateway, GET alone exists",
        Ask("/health", 200),
        Ask("/health", 403, "DELETE"),
    ),
    Case(
        "S",
        "GET /offers",
        "open; CORS: the gateway tells the shop's page alone",
        Ask("/offers", 200, headers=(f"Origin: {SHOP_PAGE}",), allows_origin=SHOP_PAGE),
        Ask("/offers", 404, "DELETE"),
    ),
    Case(
        "S",
        "GET /orders",
        "JWT authorizer: scope orders/read",
        Ask("/orders", 200, variables=(READ_TOKEN,), allows_origin=""),
        Ask("/orders", 401),
    ),
    Case(
        "S",
        "POST /orders",
        "JWT authorizer: scope orders/write",
        Ask("/orders", 201, "POST", variables=(WRITE_TOKEN,), body="petId=1"),
        Ask("/orders", 403, "POST", variables=(READ_TOKEN,), body="petId=1"),
    ),
    Case(
        "S",
        "OPTIONS /orders",
        "CORS preflight, answered by the gateway",
        _preflight(SHOP_PAGE, SHOP_PAGE),
        _preflight("https://evil.example", ""),
    ),
)
