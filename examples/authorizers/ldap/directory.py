"""A Lambda TOKEN authorizer for basic credentials against LDAP or Active Directory.

The user is searched for with a service account, bound as with the given password, and what his
groups may call becomes the policy. Settings are environment variables: see README.md.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import Any

from connection import Directory, DirectoryError
from settings import Settings, name_of, read_settings

_BASIC = re.compile(r"Basic +([A-Za-z0-9+/]{1,1024}={0,2})", re.IGNORECASE | re.ASCII)
_LONGEST_USER = 256


class UnauthorizedError(Exception):
    """API Gateway answers 401 when, and only when, a function fails with exactly this message."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Let a user of the directory call what his groups may call."""
    presented = credentials(event["authorizationToken"])
    settings = read_settings(dict(os.environ))
    try:
        user = Directory(settings).sign_in(*presented)
    except DirectoryError as error:
        print(f"the directory cannot be asked: {error}")
        raise
    if user is None:
        raise UnauthorizedError
    return {
        "principalId": user.name,
        "policyDocument": policy(event["methodArn"], user.groups, settings),
        "context": {
            "user": user.name,
            "groups": ",".join(sorted(_names(user.groups, settings))),
        },
    }


def credentials(header: str) -> tuple[str, bytes]:
    """Read user and password; raise `UnauthorizedError` when they are none.

    An empty password is none: servers take a bind without one as anonymous, and answer "success".
    """
    basic = _BASIC.fullmatch(header)
    if basic is None:
        raise UnauthorizedError
    try:
        name, _, password = base64.b64decode(basic[1], validate=True).partition(b":")
        user = name.decode()
    except (binascii.Error, UnicodeDecodeError):
        raise UnauthorizedError from None
    if not user or not user.isprintable() or len(user) > _LONGEST_USER:
        raise UnauthorizedError
    if not password.strip(b"\0"):
        raise UnauthorizedError
    return user, password


def policy(method_arn: str, groups: frozenset[str], settings: Settings) -> dict[str, Any]:
    """Allow what the groups may call, on the stage that was called.

    The answer is kept for other methods with the same credentials, so it names all of them. Who may
    call nothing is denied by name: a resource policy that allows would let in who is only not allowed.
    """
    api, stage = method_arn.split("/")[:2]
    allowed = sorted({what for group in groups for what in settings.rights.get(group, ())})
    statement = {
        "Effect": "Allow" if allowed else "Deny",
        "Action": "execute-api:Invoke",
        "Resource": [f"{api}/{stage}/{what}" for what in allowed or ["*"]],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _names(groups: frozenset[str], settings: Settings) -> set[str]:
    """Give the names of those groups that have rights."""
    return {name_of(group) for group in groups & settings.rights.keys()}
