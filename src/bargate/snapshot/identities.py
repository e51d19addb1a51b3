"""Who may call, in memory: found by access key and token, policies compiled at first use.

    apply(name, part | None) ──► access keys, users, roles, sealing keys
                                      │
    find(access key, token, now) ─────┴──► Identity | UnknownIdentity          checks 14, 15

One part is replaced at a time, between two calls, so no call sees half of one. What was compiled
of a user or role is dropped with it; nothing is kept for longer than what it was made from.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from bargate.access.identities import Identity, UnknownIdentity
from bargate.model.identity import AccessKey, Role, User
from bargate.policy import CompiledPolicy, MalformedPolicy, PolicyKind, compile_policy, parse_policy
from bargate.snapshot.principals import (
    Issuer,
    Policies,
    Root,
    identity_of_key,
    identity_of_session,
    is_root_arn,
)
from bargate.tokens.sealed import Sealer
from bargate.tokens.session import SealingKey

if TYPE_CHECKING:
    from bargate.snapshot.principals import Compile
    from bargate.tokens.session import Session

INVOKE = "execute-api:Invoke"
MAX_REMEMBERED_SESSIONS = 4_096
MAX_REMEMBERED_POLICIES = 4_096

# AWS [R] iam-sts §6, checks 14 and 15: the one has no period, the other has.
_INVALID_TOKEN = UnknownIdentity(
    "UnrecognizedClientException",
    "The security token included in the request is invalid",
    "iam.invalid_token",
)
_EXPIRED = UnknownIdentity(
    "ExpiredTokenException",
    "The security token included in the request is expired",
    "iam.expired_token",
)
_UNKNOWN_KEY = UnknownIdentity(
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
    "iam.unknown_access_key",
)
_DENY_ALL = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"APolicyThatCannotBeRead","Effect":"Deny",'
    '"Action":"*","Resource":"*"}]}'
)


class _KeyOwner(Struct, frozen=True, eq=False):
    """An identity of a long-term key, and what it was made from."""

    key: AccessKey
    owner: Issuer
    identity: Identity


class _Unsealed(Struct, eq=False):
    """A session, and its identity as long as its issuer is the same."""

    session: Session
    issuer: Issuer | None = None
    identity: Identity | None = None


class CompiledIdentities:
    """The `Identities` of a worker, or of the control plane; changed part by part.

    `action` is the one that will ever be asked for, None for any: policies are narrowed to it.
    """

    def __init__(self, action: str | None = INVOKE) -> None:
        self.version = 0
        self._keys: dict[str, AccessKey] = {}
        self._users: dict[str, Policies] = {}
        self._roles: dict[str, Policies] = {}
        self._sealing: dict[str, SealingKey] = {}
        self._sealer = Sealer(())
        self._by_key: dict[str, _KeyOwner] = {}
        self._sessions: dict[str, _Unsealed] = {}
        self._compile: Compile = lru_cache(MAX_REMEMBERED_POLICIES)(
            partial(compile_or_deny, action)
        )

    def apply(self, name: str, part: object | None) -> None:
        """Take over a part by its name (`snapshot.parts`), None when it is gone.

        Parts of other kinds are none of this directory's business.
        """
        kind, _, key = name.partition("/")
        if part is None:
            self._remove(kind, key)
        elif isinstance(part, AccessKey | User | Role | SealingKey):
            self.put(part)

    def put(self, part: AccessKey | User | Role | SealingKey) -> None:
        """Take over one part."""
        self.version += 1
        match part:
            case AccessKey():
                self._keys[part.id] = part
            case User():
                self._users[part.arn] = Policies(part)
            case Role():
                self._roles[part.arn] = Policies(part)
            case SealingKey():
                self._sealing[part.id] = part
                self._reseal()

    def _remove(self, kind: str, key: str) -> None:
        self.version += 1
        match kind:
            case "key":
                self._keys.pop(key, None)
                self._by_key.pop(key, None)
            case "user":
                self._users.pop(key, None)
            case "role":
                self._roles.pop(key, None)
            case "sealing":
                self._sealing.pop(key, None)
                self._reseal()

    def _reseal(self) -> None:
        self._sealer = Sealer(tuple(self._sealing.values()))
        self._sessions = {}

    def find(
        self, access_key_id: str, session_token: str | None, now: float
    ) -> Identity | UnknownIdentity:
        """Give the identity behind an access key, with its session token if it is temporary."""
        if session_token is not None:
            return self._find_session(access_key_id, session_token, now)
        key = self._keys.get(access_key_id)
        if key is None:
            return _UNKNOWN_KEY
        owner = self._owner(key)
        if owner is None:
            return _UNKNOWN_KEY
        known = self._by_key.get(access_key_id)
        if known is not None and known.key is key and known.owner is owner:
            return known.identity
        identity = identity_of_key(key, owner, self._compile)
        self._by_key[access_key_id] = _KeyOwner(key, owner, identity)
        return identity

    def _owner(self, key: AccessKey) -> Issuer | None:
        if key.user_arn is None:
            return Root.OF_ACCOUNT
        user = self._users.get(key.user_arn)
        return user if user is not None and user.account_id == key.account_id else None

    def _find_session(
        self, access_key_id: str, token: str, now: float
    ) -> Identity | UnknownIdentity:
        known = self._sessions.get(token) or self._unseal(token)
        if known is None or known.session.access_key_id != access_key_id:
            return _INVALID_TOKEN
        session = known.session
        if now >= session.expires_at:
            self._sessions.pop(token, None)
            return _EXPIRED
        issuer = self._issuer(session)
        if issuer is None:
            return _INVALID_TOKEN
        if known.identity is None or known.issuer is not issuer:
            known.identity = identity_of_session(session, issuer, self._compile)
            known.issuer = issuer
        identity = known.identity
        return identity if session.mfa_at is None else _with_mfa_age(identity, session.mfa_at, now)

    def _unseal(self, token: str) -> _Unsealed | None:
        """Open a token. INVARIANT: only what one of our keys has sealed is remembered."""
        session = self._sealer.unseal(token)
        if session is None:
            return None
        if len(self._sessions) >= MAX_REMEMBERED_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        opened = self._sessions[token] = _Unsealed(session)
        return opened

    def _issuer(self, session: Session) -> Issuer | None:
        """Give the role or user behind a session as it is now.

        INVARIANT: one that was made again under its name has another id, and is another.
        """
        if session.kind != "AssumeRole" and is_root_arn(session.issuer_arn, session.account_id):
            return Root.OF_ACCOUNT if session.issuer_id == session.account_id else None
        among = self._roles if session.kind == "AssumeRole" else self._users
        issuer = among.get(session.issuer_arn)
        if issuer is None or issuer.id != session.issuer_id:
            return None
        return issuer if issuer.account_id == session.account_id else None


def _with_mfa_age(identity: Identity, mfa_at: int, now: float) -> Identity:
    age = {"aws:multifactorauthage": str(max(int(now) - mfa_at, 0))}
    return structs.replace(identity, context={**identity.context, **age})


def compile_or_deny(action: str | None, text: str, kind: PolicyKind) -> CompiledPolicy:
    """Compile a policy; one that does not compile denies everything."""
    try:
        policy = parse_policy(text, kind)
    except (MalformedPolicy, RecursionError):
        policy = parse_policy(_DENY_ALL, kind)
    compiled = compile_policy(policy)
    return compiled if action is None else compiled.narrow(action)
