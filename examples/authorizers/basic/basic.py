"""A Lambda TOKEN authorizer for basic authentication (RFC 7617) against a file of users.

`users.json` beside this file maps each user to a scrypt hash and groups; `new_user.py` adds one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

USERS = Path(__file__).with_name("users.json")
_BASIC = re.compile(r"Basic +([A-Za-z0-9+/]{1,1024}={0,2})", re.IGNORECASE | re.ASCII)
_LONGEST_PASSWORD_BYTES = 512

# OWASP's parameters for 16 MiB: about 0.2 s a guess. Hashes made with others do not match.
_COST: dict[str, int] = {"n": 2**14, "r": 8, "p": 5, "maxmem": 64 * 1024 * 1024}
# Compared with when the user is unknown, so that the time does not tell which users there are.
_NOBODY = {"salt": "AAAAAAAAAAAAAAAAAAAAAA==", "hash": "", "groups": []}


class UnauthorizedError(Exception):
    """API Gateway answers 401 when, and only when, a function fails with exactly this message."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Let a user with the right password call every method of the stage."""
    user, password = credentials(event["authorizationToken"])
    entry = _users().get(user, _NOBODY)
    if not is_password(entry, password):
        raise UnauthorizedError
    api, stage = event["methodArn"].split("/")[:2]
    return {
        "principalId": user,
        # The whole stage: the answer is kept for other methods with the same credentials.
        "policyDocument": _allow(f"{api}/{stage}/*"),
        "context": {"user": user, "groups": ",".join(entry["groups"])},
    }


def credentials(header: str) -> tuple[str, bytes]:
    """Read user and password; raise `UnauthorizedError` when they are none."""
    basic = _BASIC.fullmatch(header)
    if basic is None:
        raise UnauthorizedError
    try:
        decoded = base64.b64decode(basic[1], validate=True)
        user = decoded.partition(b":")[0].decode()
    except (binascii.Error, UnicodeDecodeError):
        raise UnauthorizedError from None
    password = decoded.partition(b":")[2]
    if not user or not password or len(password) > _LONGEST_PASSWORD_BYTES:
        raise UnauthorizedError
    return user, password


def is_password(entry: dict[str, Any], password: bytes) -> bool:
    """Say whether a password is that of an entry, at the same cost for every entry."""
    made = hash_password(password, base64.b64decode(entry["salt"]))
    return hmac.compare_digest(base64.b64decode(entry["hash"]), made)


def hash_password(password: bytes, salt: bytes) -> bytes:
    """Hash a password slowly; 32 bytes."""
    return hashlib.scrypt(password, salt=salt, dklen=32, **_COST)


def _allow(resource: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _users() -> dict[str, Any]:
    """Read the users: at each call, as the gateway's cache makes calls rare."""
    users: dict[str, Any] = json.loads(USERS.read_text("utf-8"))
    return users
