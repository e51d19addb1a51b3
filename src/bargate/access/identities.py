"""Where the IAM authorizer looks up who signed a call, without ever waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.policy import CompiledPolicy, Principal
    from bargate.secret import Secret


class Identity(Struct, frozen=True, kw_only=True, eq=False):
    """A known signer: the secret to verify with, who it is, and all policies that bear on it.

    In workers the policies are narrowed to `execute-api:Invoke`; `session` is None when the
    credentials carry no session policy. `context` holds the condition keys of the principal (`aws:userid`,
    `aws:principaltag/…`), in lower case.
    """

    secret: Secret
    account_id: str
    arn: str
    user_id: str
    access_key_id: str
    principal: Principal
    policies: tuple[CompiledPolicy, ...]
    boundary: CompiledPolicy | None
    session: tuple[CompiledPolicy, ...] | None
    context: Mapping[str, str | tuple[str, ...]]


class UnknownIdentity(Struct, frozen=True):
    """Why no identity answers: AWS's error type and text (iam-sts §6, checks 14 and 15)."""

    error_type: str
    message: str
    reason: str


class Identities(Protocol):
    """Access keys, users, roles and sealing keys in memory, replaced as the control plane says.

    `version` is another one after every replacement: what was found before may no longer be so.
    """

    version: int

    def find(
        self, access_key_id: str, session_token: str | None, now: float
    ) -> Identity | UnknownIdentity:
        """Give the identity behind an access key, with its session token if it is temporary."""


class NoIdentities:
    """The directory of a gateway without a control plane: nobody is known."""

    version = 0

    def find(
        self,
        access_key_id: str,  # noqa: ARG002  the protocol's
        session_token: str | None,  # noqa: ARG002
        now: float,  # noqa: ARG002
    ) -> Identity | UnknownIdentity:
        """Know nobody."""
        return UnknownIdentity(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            "iam.unknown_access_key",
        )
