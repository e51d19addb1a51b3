"""Users, roles, sessions and the root user as identities: policies, principal, condition keys.

    AccessKey + User | root           ──► Identity of long-term credentials
    Session + Role | User | root      ──► Identity of temporary ones

Condition keys: AWS [D] apigw-evaluation §2, iam-sts §1. A key that does not apply is absent.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from time import gmtime, strftime
from typing import TYPE_CHECKING, TypeAlias

from bargate.access.identities import Identity
from bargate.model.identity import User
from bargate.policy import (
    AccountRoot,
    CompiledPolicy,
    FederatedUser,
    IamUser,
    PolicyKind,
    Principal,
    RoleSession,
)

if TYPE_CHECKING:
    from bargate.model.identity import AccessKey, Role
    from bargate.tokens.session import Session

Compile: TypeAlias = Callable[[str, PolicyKind], CompiledPolicy]
ContextValues: TypeAlias = dict[str, "str | tuple[str, ...]"]

_ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


class Root(Enum):
    """The root user of an account, who has no policies."""

    OF_ACCOUNT = "root"


class Policies:
    """A user or role with its policies, which are compiled when it first calls."""

    __slots__ = ("_compiled", "record")

    def __init__(self, record: User | Role) -> None:
        self.record = record
        self._compiled: tuple[tuple[CompiledPolicy, ...], CompiledPolicy | None] | None = None

    @property
    def id(self) -> str:
        """AIDA… or AROA…."""
        return self.record.user_id if isinstance(self.record, User) else self.record.role_id

    @property
    def account_id(self) -> str:
        """The account it belongs to."""
        return self.record.account_id

    def compiled(
        self, compile_text: Compile
    ) -> tuple[tuple[CompiledPolicy, ...], CompiledPolicy | None]:
        """Give its policies and its boundary."""
        if self._compiled is None:
            record = self.record
            boundary = record.boundary
            self._compiled = (
                tuple(compile_text(text, PolicyKind.IDENTITY) for text in record.policies),
                None if boundary is None else compile_text(boundary, PolicyKind.BOUNDARY),
            )
        return self._compiled


Issuer: TypeAlias = Policies | Root


def is_root_arn(arn: str, account_id: str) -> bool:
    """Say whether an ARN names the root user of an account."""
    return arn.endswith(f":iam::{account_id}:root")


def identity_of_key(key: AccessKey, owner: Issuer, compile_text: Compile) -> Identity:
    """Give the identity of long-term credentials. MFA keys are absent, as at AWS."""
    if isinstance(owner, Root):
        arn, user_id = f"arn:aws:iam::{key.account_id}:root", key.account_id
        principal: Principal = AccountRoot(account=key.account_id)
        policies: tuple[CompiledPolicy, ...] = ()
        boundary = None
        own = _context(arn, user_id, key.account_id, "Account")
    else:
        arn, user_id = owner.record.arn, owner.id
        principal = IamUser(arn=arn, account=owner.account_id, user_id=user_id)
        policies, boundary = owner.compiled(compile_text)
        own = {**_context(arn, user_id, key.account_id, "User"), **_user_context(owner)}
    return Identity(
        secret=key.secret,
        account_id=key.account_id,
        arn=arn,
        user_id=user_id,
        access_key_id=key.id,
        principal=principal,
        policies=policies,
        boundary=boundary,
        session=None,
        context=own,
    )


def identity_of_session(session: Session, issuer: Issuer, compile_text: Compile) -> Identity:
    """Give the identity of temporary credentials."""
    policies, boundary = ((), None) if isinstance(issuer, Root) else issuer.compiled(compile_text)
    if session.kind == "GetFederationToken" and isinstance(issuer, Root):
        # The root user may do anything, and gives away what the session policies allow.
        policies = (compile_text(_ALLOW_ALL, PolicyKind.IDENTITY),)
    return Identity(
        secret=session.secret,
        account_id=session.account_id,
        arn=session.arn,
        user_id=session.user_id,
        access_key_id=session.access_key_id,
        principal=_principal(session, issuer),
        policies=policies,
        boundary=boundary,
        session=_session_policies(session, compile_text),
        context=_session_context(session, issuer),
    )


def _session_policies(session: Session, compile_text: Compile) -> tuple[CompiledPolicy, ...] | None:
    """AWS [D] iam-sts §1: without a session policy a federated user may do nothing."""
    texts = session.policies
    if texts is None:
        return () if session.kind == "GetFederationToken" else None
    return tuple(compile_text(text, PolicyKind.SESSION) for text in texts)


def _principal(session: Session, issuer: Issuer) -> Principal:
    account = session.account_id
    if session.kind == "GetFederationToken":
        return FederatedUser(
            arn=session.arn,
            account=account,
            user_arn=session.issuer_arn,
            user_id=session.issuer_id,
        )
    if session.kind == "AssumeRole":
        return RoleSession(
            role_arn=session.issuer_arn,
            session_arn=session.arn,
            account=account,
            role_id=session.issuer_id,
            provider=session.provider,
        )
    if isinstance(issuer, Root):
        return AccountRoot(account=account)
    return IamUser(arn=session.issuer_arn, account=account, user_id=session.issuer_id)


def _session_context(session: Session, issuer: Issuer) -> ContextValues:
    """Give the keys of a session; `aws:MultiFactorAuthAge` depends on when it is asked for."""
    kind = _TYPES[session.kind]
    if session.kind == "GetSessionToken" and isinstance(issuer, Root):
        kind = "Account"
    # AWS [D]: a role session's aws:PrincipalArn is the role's, not the session's.
    arn = session.issuer_arn if session.kind == "AssumeRole" else session.arn
    own = _context(arn, session.user_id, session.account_id, kind)
    if isinstance(issuer, Policies) and session.kind == "GetSessionToken":
        own |= _user_context(issuer)
    elif isinstance(issuer, Policies) and session.kind == "AssumeRole":
        own |= _tags(issuer.record.tags)
    own |= _tags(session.tags)
    issued = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(session.issued_at))
    own["aws:tokenissuetime"] = issued
    own["aws:multifactorauthpresent"] = "false" if session.mfa_at is None else "true"
    if session.source_identity is not None:
        own["aws:sourceidentity"] = session.source_identity
    if session.provider is not None:
        own["aws:federatedprovider"] = session.provider
    return own


_TYPES = {
    "AssumeRole": "AssumedRole",
    "GetFederationToken": "FederatedUser",
    "GetSessionToken": "User",
}


def _context(arn: str, user_id: str, account_id: str, kind: str) -> ContextValues:
    return {
        "aws:principalarn": arn,
        "aws:principalaccount": account_id,
        "aws:principaltype": kind,
        "aws:userid": user_id,
        "aws:principalisawsservice": "false",
    }


def _user_context(user: Policies) -> ContextValues:
    name = user.record.arn.rpartition("/")[2]
    return {"aws:username": name, **_tags(user.record.tags)}


def _tags(tags: dict[str, str]) -> ContextValues:
    return {f"aws:principaltag/{key.lower()}": value for key, value in tags.items()}
