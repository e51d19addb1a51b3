"""Who calls: the kinds of principals, and under which names a policy may mean each.

A principal is a chain of links from the widest to the narrowest, e.g. for a role session
account → role → session. Naming a link in a resource policy means the principal; how far such a
grant reaches past implicit denies elsewhere depends on the link (AWS [D] iam-sts §1, table).
"""

from enum import IntEnum
from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct


class Bypass(IntEnum):
    """Which implicit denies in the same account a resource policy's Allow makes harmless."""

    NOTHING = 0
    IDENTITY = 1
    EVERYTHING = 2


class Link(Struct, frozen=True):
    """One link of a principal's chain.

    `names` are qualified by their key in the Principal element (`AWS:…`, `Service:…`).
    `required` links must all be listed in a NotPrincipal for the principal to be excepted.
    """

    names: frozenset[str]
    bypass: Bypass
    required: bool = True


class Anonymous(Struct, frozen=True):
    """A caller without credentials."""


class AccountRoot(Struct, frozen=True, kw_only=True):
    """The root user of an account."""

    account: str
    partition: str = "aws"
    canonical_user_id: str | None = None


class IamUser(Struct, frozen=True, kw_only=True):
    """An IAM user; `user_id` begins with AIDA."""

    arn: str
    account: str
    user_id: str
    canonical_user_id: str | None = None


class RoleSession(Struct, frozen=True, kw_only=True):
    """A session of an assumed role.

    `role_arn` has the role's path, `session_arn` does not; `role_id` is AROA…; `provider` is the
    identity provider the session came through, if any.
    """

    role_arn: str
    session_arn: str
    account: str
    role_id: str
    provider: str | None = None
    canonical_user_id: str | None = None


class FederatedUser(Struct, frozen=True, kw_only=True):
    """A session made by GetFederationToken; `user_arn` and `user_id` are its issuer's."""

    arn: str
    account: str
    user_arn: str
    user_id: str
    canonical_user_id: str | None = None


class Service(Struct, frozen=True):
    """An AWS service, e.g. `lambda.amazonaws.com`."""

    name: str


class WebIdentity(Struct, frozen=True):
    """A token of an OIDC or SAML provider, before it became a role session."""

    provider: str


Principal: TypeAlias = (
    Anonymous | AccountRoot | IamUser | RoleSession | FederatedUser | Service | WebIdentity
)


def account_of(principal: Principal) -> str | None:
    """Give the account a principal belongs to, None for those outside of any."""
    # A tuple: a union would be made anew at every call.
    if isinstance(principal, (AccountRoot, IamUser, RoleSession, FederatedUser)):
        return principal.account
    return None


class Chain(Struct, frozen=True):
    """The links of a principal, and the names of all of them."""

    links: tuple[Link, ...]
    names: frozenset[str]


@lru_cache(maxsize=4096)
def chain_of(principal: Principal) -> Chain:
    """Give the chain of a principal; remembered, 4,096 of them."""
    links = links_of(principal)
    return Chain(links, frozenset(name for link in links for name in link.names))


def links_of(principal: Principal) -> tuple[Link, ...]:
    """Give the links of a principal; none for an anonymous caller."""
    match principal:
        case Anonymous():
            return ()
        case Service(name):
            return (_link(Bypass.EVERYTHING, f"Service:{name}"),)
        case WebIdentity(provider):
            return (_link(Bypass.EVERYTHING, f"Federated:{provider}"),)
        case AccountRoot():
            return (_account_link(principal),)
        case IamUser():
            own: tuple[Link, ...] = (
                _link(Bypass.EVERYTHING, f"AWS:{principal.arn}", f"AWS:{principal.user_id}"),
            )
        case FederatedUser():
            own = _federated_links(principal)
        case RoleSession():
            own = _session_links(principal)
    return (_account_link(principal), *own)


def _link(bypass: Bypass, *names: str, required: bool = True) -> Link:
    return Link(frozenset(names), bypass, required)


def _account_link(principal: AccountRoot | IamUser | RoleSession | FederatedUser) -> Link:
    names = [f"AWS:{principal.account}"]
    if principal.canonical_user_id:
        names.append(f"CanonicalUser:{principal.canonical_user_id}")
    return _link(Bypass.NOTHING, *names)


def _federated_links(user: FederatedUser) -> tuple[Link, ...]:
    issuer = (f"AWS:{user.user_arn}", f"AWS:{user.user_id}")
    return (
        _link(Bypass.IDENTITY, *issuer, required=False),
        _link(Bypass.EVERYTHING, f"AWS:{user.arn}"),
    )


def _session_links(session: RoleSession) -> tuple[Link, ...]:
    links = [
        _link(Bypass.IDENTITY, f"AWS:{session.role_arn}", f"AWS:{session.role_id}"),
        _link(Bypass.EVERYTHING, f"AWS:{session.session_arn}"),
    ]
    if session.provider:
        # [I] the table is silent on providers: boundaries and session policies still limit.
        links.append(_link(Bypass.IDENTITY, f"Federated:{session.provider}", required=False))
    return tuple(links)
