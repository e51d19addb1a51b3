"""CustomEmailSender and CustomSMSSender: open the code that a user pool encrypted, and pass it on.

Environment: KEY_ID is the pool's KMSKeyID, PRIVATE_KEY the RSA key in PEM whose public half Bargate has
(`--custom-sender-key`), WEBHOOK where messages are POSTed to. At AWS all is the same but for `_KEY`,
which is a KMS keyring there. Packages: aws-encryption-sdk.
"""

from __future__ import annotations

import base64
import json
import os
import urllib.request
from typing import Any

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKey

_KEY = RawMasterKey(
    key_id=os.environ["KEY_ID"],
    provider_id="bargate",
    wrapping_key=WrappingKey(
        wrapping_algorithm=WrappingAlgorithm.RSA_OAEP_SHA256_MGF1,
        wrapping_key=os.environ["PRIVATE_KEY"].encode(),
        wrapping_key_type=EncryptionKeyType.PRIVATE,
    ),
)
_client = aws_encryption_sdk.EncryptionSDKClient()


def handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001  the runtime's signature
    """Send the code of an event to the address of its user."""
    asked = event["request"]
    is_mail = asked["type"] == "customEmailSenderRequestV1"
    to = asked["userAttributes"]["email" if is_mail else "phone_number"]
    code = _opened(asked["code"], event["userPoolId"])
    _send({"to": to, "text": f"Your code is {code}.", "why": event["triggerSource"]})


def _opened(sealed: str, pool_id: str) -> str:
    """Open a code, which must have been sealed for the pool that the event names."""
    text, header = _client.decrypt(source=base64.b64decode(sealed), key_provider=_KEY)
    if header.encryption_context.get("userpool-id") != pool_id:
        raise ValueError("the code is another pool's")
    return str(text, "utf-8")


def _send(message: dict[str, str]) -> None:
    request = urllib.request.Request(
        os.environ["WEBHOOK"],
        json.dumps(message).encode(),
        {"content-type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=5).close()
