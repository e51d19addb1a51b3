"""What the events of Lambda proxy integrations say of a request beside what authorizers are told.

Which of a client's headers they have, who is known to call by now, the body, the claims; the rest is
in `access.event_parts` and `access.event_headers`.
"""

import base64
from collections.abc import Mapping
from typing import Literal

from msgspec import UNSET

from bargate.access.call import Call, Facts
from bargate.access.event_headers import EventNames, Values
from bargate.access.event_parts import Identity, anyone
from bargate.mapping.context import claim_text
from bargate.mapping.headers import (
    DROPPED_FROM_REQUEST,
    FORWARDED,
    OWNED_BY_GATEWAY,
    is_signature,
)

_DROPPED = DROPPED_FROM_REQUEST | OWNED_BY_GATEWAY | FORWARDED
# AWS [O]: HTTP APIs tell the length, which was checked against the body, and lower-case names.
_DROPPED_FROM_HTTP = _DROPPED - {b"content-length"}
_REST_NAMES = EventNames(_DROPPED, lowers=False)
_REST_NAMES_SIGNED = EventNames(_DROPPED | {b"authorization"}, lowers=False)
_HTTP_NAMES = EventNames(_DROPPED_FROM_HTTP, lowers=True)
_HTTP_NAMES_SIGNED = EventNames(_DROPPED_FROM_HTTP | {b"authorization"}, lowers=True)


def rest_names(call: Call) -> EventNames:
    """Give the names of headers in an event of a REST API."""
    return _REST_NAMES_SIGNED if is_signed(call) else _REST_NAMES


def http_names(call: Call) -> EventNames:
    """Give the names of headers in an event of an HTTP API."""
    return _HTTP_NAMES_SIGNED if is_signed(call) else _HTTP_NAMES


def is_signed(call: Call) -> bool:
    """Say whether the call's Authorization is a signature, which goes no further (AWS [D])."""
    authorization = call.header.get(b"authorization")
    return authorization is not None and is_signature(authorization)


def identity_of(call: Call, facts: Facts) -> Identity:
    """Tell who called: from where, signed as whom, with which key and certificate."""
    told = anyone(call)
    signer = facts.identity
    if signer is not None:
        told.access_key = signer.access_key_id
        told.account_id = signer.account_id
        told.caller = told.user = signer.user_id
        told.user_arn = signer.arn
    if facts.api_key_id is not None:
        told.api_key_id = facts.api_key_id
        # INVARIANT: a header of the client is not told as the key that an authorizer gave.
        told.api_key = facts.usage_identifier_key or call.text(b"x-api-key") or UNSET
    return told


def event_body(body: bytes, *, is_binary: bool) -> str:
    """Give a body as an event holds it: base64 where it is binary, else text."""
    if is_binary:
        return base64.b64encode(body).decode("ascii")
    return body.decode("utf-8", "replace")


def plain(text: str) -> str:
    """Give a text that every encoder takes: a lone surrogate of a token's becomes `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def claim_texts(claims: Mapping[str, object], kind: Literal["REST", "HTTP"]) -> Values:
    """Give claims as the texts that AWS makes of them."""
    return {
        plain(name): plain(value if isinstance(value, str) else claim_text(value, kind))
        for name, value in claims.items()
    }
