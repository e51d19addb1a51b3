"""What lies behind an AccessDenied: sealed for the caller to hand on, readable with a permission.

    dispatch ──AccessDenied──► encode ──► header of the refusal ──► DecodeAuthorizationMessage

AWS's own services put such messages into some refusals; here every AccessDenied of the control
plane carries one, so that whoever may decode it sees which statement decided.
"""

from __future__ import annotations

import base64
import binascii
import os
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.tokens.session import SealingKey

MAX_MESSAGE_BYTES = 7_000  # what fits the 10,240 characters of `EncodedMessage`
_PURPOSE = b"bargate authorization message"
_NONCE_BYTES = 12


def encode(key: SealingKey, account_id: str, message: dict[str, object]) -> str | None:
    """Seal what is to be told of a refusal to `account_id`; None when it is too much."""
    data = msgspec.json.encode({"account": account_id, "message": message})
    if len(data) > MAX_MESSAGE_BYTES:
        return None
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + _cipher(key).encrypt(nonce, data, _PURPOSE)
    return base64.urlsafe_b64encode(sealed).decode("ascii")


@operation()
def decode_authorization_message(call: OperationCall, request: Params) -> Params:
    """Open a message that was made for the caller's account."""
    message = _opened(call, request["EncodedMessage"])
    if message is None:
        raise AwsError(
            "InvalidAuthorizationMessageException", "Invalid authorization message.", 400
        )
    return {"DecodedMessage": message}


def _opened(call: OperationCall, encoded: str) -> str | None:
    try:
        sealed = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    for key in call.environment.sealing_keys:
        try:
            opened = msgspec.json.decode(_cipher(key).decrypt(nonce, rest, _PURPOSE))
        except (InvalidTag, ValueError):
            continue
        if opened["account"] != call.account_id:
            return None
        return msgspec.json.encode(opened["message"]).decode()
    return None


def _cipher(key: SealingKey) -> AESGCM:
    return AESGCM(base64.b64decode(key.key.reveal()))
