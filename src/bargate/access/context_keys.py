"""The condition keys of a call: those of every call, and those of a signed one.

AWS [D] apigw-evaluation §2: every authorization type may test the keys of `ALL_KEYS`; those of
`SIGNED_KEYS` come with an AWS identity and are absent without one. `aws:SourceIp` is the address
of the TCP peer; no header can change it. A key that is not listed is absent.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from time import gmtime, strftime

from bargate.access.call import Call
from bargate.access.identities import Identity
from bargate.policy.variables import ContextValue

ContextOf = Callable[[Call], dict[str, str | None]]


def compile_context(asked: Iterable[str]) -> ContextOf:
    """Give the function that forms the context of a call: the keys asked for and no others."""
    keys = tuple((key, _KEYS[key]) for key in asked if key in _KEYS)

    def context(call: Call) -> dict[str, str | None]:
        return {key: value(call) for key, value in keys}

    return context


def signed_context(
    call: Call, identity: Identity, place: Mapping[str, str]
) -> dict[str, ContextValue]:
    """Give the condition keys of a signed call: its signer's, the place's, and every call's.

    `place` holds `aws:requestedregion` and `aws:resourceaccount`. All of them are worked out: which
    ones will be asked for differs from signer to signer.
    """
    context: dict[str, ContextValue] = {**identity.context, **place}
    for key, value in _KEYS.items():
        context[key] = value(call)
    return context


@lru_cache(maxsize=8)
def _iso_8601(second: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(second))


_KEYS: dict[str, Callable[[Call], str | None]] = {
    "aws:currenttime": lambda call: _iso_8601(int(call.received_at)),
    "aws:epochtime": lambda call: str(int(call.received_at)),
    "aws:referer": lambda call: call.text(b"referer"),
    "aws:securetransport": lambda call: "true" if call.secure else "false",
    "aws:sourceip": lambda call: call.source_ip,
    "aws:useragent": lambda call: call.text(b"user-agent"),
}
ALL_KEYS = frozenset(_KEYS)
# The keys of a signer (`snapshot.principals`); one that ends with a slash takes a name behind it.
SIGNED_KEYS = (
    "aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalTag/",
    "aws:PrincipalType", "aws:RequestedRegion", "aws:ResourceAccount", "aws:SourceIdentity",
    "aws:TokenIssueTime", "aws:userid", "aws:username",
)  # fmt: skip
