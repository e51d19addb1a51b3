"""A Lambda REQUEST authorizer that needs a header and a query parameter: webhooks of partners.

`X-Partner` names the partner and `?token=` proves it. `partners.json` beside this file maps each
partner to the SHA-256 of its token. Works for REST APIs and for HTTP APIs with payload format 2.0
(simple responses off).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

PARTNERS = Path(__file__).with_name("partners.json")
HEADER, PARAMETER = "X-Partner", "token"
# The name becomes part of an ARN, where `*`, `?` and `/` would mean more than themselves.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_UNKNOWN = hashlib.sha256(b"").hexdigest()


class UnauthorizedError(Exception):
    """API Gateway answers 401 when, and only when, a function fails with exactly this message."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Let a partner call what is below /hooks/PARTNER."""
    partner, token = one_header(event, HEADER), one_parameter(event, PARAMETER)
    if not is_token_of(partner, token):
        raise UnauthorizedError
    api, stage = (event.get("methodArn") or event["routeArn"]).split("/")[:2]
    below = [f"{api}/{stage}/POST/hooks/{partner}", f"{api}/{stage}/POST/hooks/{partner}/*"]
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": below}
    return {
        "principalId": partner,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"partner": partner},
    }


def is_token_of(partner: str, token: str) -> bool:
    """Say whether a token is that of a partner, in constant time."""
    partners: dict[str, str] = json.loads(PARTNERS.read_text("utf-8"))
    presented = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    expected = partners.get(partner, _UNKNOWN)
    is_same = hmac.compare_digest(expected.encode(), presented.encode())
    return is_same and bool(token) and partner in partners and _NAME.fullmatch(partner) is not None


def one_header(event: dict[str, Any], name: str) -> str:
    """Give the only value of a header, whatever its case; raise `UnauthorizedError` otherwise."""
    return _only(event.get("multiValueHeaders"), event.get("headers"), name.lower())


def one_parameter(event: dict[str, Any], name: str) -> str:
    """Give the only value of a query parameter; raise `UnauthorizedError` otherwise."""
    multiple = event.get("multiValueQueryStringParameters")
    return _only(multiple, event.get("queryStringParameters"), name, fold=False)


def _only(
    multiple: dict[str, list[str]] | None,
    single: dict[str, str] | None,
    name: str,
    *,
    fold: bool = True,
) -> str:
    """Give the only value of a name.

    Two values are refused: which of them API Gateway takes into the key of its cache, and which of
    them the backend reads, is not for this function to guess.
    """
    found: list[str] = []
    for key, value in (multiple or single or {}).items():
        if (key.lower() if fold else key) == name:
            found.extend(value if isinstance(value, list) else [value])
    if len(found) != 1:
        raise UnauthorizedError
    return found[0]
