"""Secrets of app clients: two at most, so that one can be changed while the other is in use."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from msgspec.structs import replace

from bargate.records.user_pool_client import USER_POOL_CLIENT, ClientSecret
from bargate.secret import Secret
from bargate.services.cognito_idp.lookup import the_client
from bargate.services.operation import operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.services.operation import OperationCall, Params

MAX_SECRETS: Final = 2  # AWS [M] AddUserPoolClientSecret
_CHARACTERS: Final = string.ascii_lowercase + string.digits
_LENGTH: Final = 52


def new_secret(given: str | None, now: datetime) -> ClientSecret:
    """Make a secret of a text, or draw one."""
    text = given or "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH))
    return ClientSecret(id=str(uuid4()), value=Secret(text), created_at=now)


@operation(writes=True)
def add_user_pool_client_secret(call: OperationCall, request: Params) -> Params:
    """Add a secret to a client that has one; the value of one that was drawn is told once."""
    client = the_client(call, request)
    if not client.secrets:
        message = f"Client {client.id} has no secret: it is a public client."
        raise AwsError("InvalidParameterException", message)
    if len(client.secrets) >= MAX_SECRETS:
        message = f"A client has at most {MAX_SECRETS} secrets."
        raise AwsError("LimitExceededException", message)
    given = request.get("ClientSecret")
    added = new_secret(given, call.now)
    if any(each.value == added.value for each in client.secrets):
        raise AwsError("InvalidParameterException", "The client has this secret already.")
    new = replace(client, secrets=(*client.secrets, added), modified_at=call.now)
    call.tx.update(USER_POOL_CLIENT, USER_POOL_CLIENT.key_of(client), lambda _: new)
    output = _descriptor(added)
    if given is None:
        output["ClientSecretValue"] = added.value.reveal()
    return {"ClientSecretDescriptor": output}


@operation()
def list_user_pool_client_secrets(call: OperationCall, request: Params) -> Params:
    """List a client's secrets without their values; there are never more than one page."""
    client = the_client(call, request)
    return {"ClientSecrets": [_descriptor(each) for each in client.secrets]}


@operation(writes=True)
def delete_user_pool_client_secret(call: OperationCall, request: Params) -> Params:
    """Take a secret away that is not the last."""
    client = the_client(call, request)
    left = tuple(each for each in client.secrets if each.id != request["ClientSecretId"])
    if len(left) == len(client.secrets):
        message = f"Client secret {request['ClientSecretId']} does not exist."
        raise AwsError("ResourceNotFoundException", message)
    if not left:
        message = "The last secret of a client cannot be deleted."
        raise AwsError("InvalidParameterException", message)
    new = replace(client, secrets=left, modified_at=call.now)
    call.tx.update(USER_POOL_CLIENT, USER_POOL_CLIENT.key_of(client), lambda _: new)
    return {}


def _descriptor(secret: ClientSecret) -> Params:
    return {"ClientSecretId": secret.id, "ClientSecretCreateDate": secret.created_at}
