"""SECRET_HASH: how a client with a secret proves that it has it (AWS [D] cognito-userpools §4)."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.user_pool_client import UserPoolClient


def secret_hash(secret: str, username: str, client_id: str) -> str:
    """Give Base64(HMAC-SHA256(secret, username + client id))."""
    message = (username + client_id).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(secret.encode(), message, "sha256")).decode("ascii")


def check_secret_hash(client: UserPoolClient, given: str | None, *usernames: str) -> None:
    """Raise NotAuthorizedException unless `given` fits one of the secrets and names.

    A client without a secret is asked for nothing (AWS [D] §4 says which names are good: the one
    that was given, and from the first challenge on the real one). All secrets are compared.
    """
    if not client.secrets:
        return
    if given is None:
        raise _refused(
            f"Client {client.id} is configured with secret but SECRET_HASH was not received"
        )
    fits = False
    for secret in client.secrets:
        for username in usernames:
            expected = secret_hash(secret.value.reveal(), username, client.id)
            fits |= hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
    if not fits:
        raise _refused(f"Unable to verify secret hash for client {client.id}")


def check_client_secret(client: UserPoolClient, given: str | None) -> None:
    """Raise NotAuthorizedException unless `given` is a secret of a client that has some."""
    if not client.secrets:
        return
    fits = False
    for secret in client.secrets:
        expected = secret.value.reveal().encode()
        fits |= hmac.compare_digest(expected, (given or "").encode("utf-8", "surrogatepass"))
    if not fits:
        raise _refused(f"Unable to verify secret for client {client.id}")


def _refused(message: str) -> AwsError:
    return AwsError("NotAuthorizedException", message)
