"""A Lambda authorizer with a static table of tokens: for a handful of scripts and services.

`tokens.json` beside this file maps the SHA-256 of each token to its owner; `new_token.py` adds one.
`handler` answers a TOKEN authorizer of a REST API, `simple_handler` a REQUEST authorizer of an HTTP
API with payload format 2.0 and simple responses.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("tokens.json")
# RFC 6750 §2.1, with a bound: what is longer is no token of ours.
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/-]{1,512}=*)", re.IGNORECASE | re.ASCII)


class UnauthorizedError(Exception):
    """API Gateway answers 401 when, and only when, a function fails with exactly this message."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Let the owner of a known token call every method of the stage."""
    owner = find_owner(_owners(), event["authorizationToken"])
    if owner is None:
        raise UnauthorizedError
    return {
        "principalId": owner["user"],
        "policyDocument": _allow(whole_stage(event["methodArn"])),
        "context": _about(owner),
    }


def simple_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Say whether the token is known; an HTTP API answers 403 when it is not."""
    owner = find_owner(_owners(), event["identitySource"][0])
    if owner is None:
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": _about(owner)}


def find_owner(owners: dict[str, Any], header: str) -> dict[str, Any] | None:
    """Give the owner of the token in an `Authorization` header, or None.

    Every digest is compared, each in constant time, so that the time tells nothing of the table.
    """
    bearer = _BEARER.fullmatch(header)
    if bearer is None:
        return None
    presented = hashlib.sha256(bearer[1].encode()).hexdigest()
    found = None
    for digest, owner in owners.items():
        if hmac.compare_digest(digest.encode(), presented.encode()):
            found = owner
    return found


def whole_stage(method_arn: str) -> str:
    """Give the ARN of all methods of the stage that was called.

    API Gateway keeps the answer for other calls with the same token, so it must not name the one
    method that happened to be called first.
    """
    api, stage = method_arn.split("/")[:2]
    return f"{api}/{stage}/*"


def _allow(resource: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _about(owner: dict[str, Any]) -> dict[str, str]:
    """Give what backends may know; a REST API takes no lists here."""
    return {"user": owner["user"], "groups": ",".join(owner["groups"])}


def _owners() -> dict[str, Any]:
    """Read the table: at each call, as the gateway's cache makes calls rare."""
    owners: dict[str, Any] = json.loads(TABLE.read_text("utf-8"))
    return owners
