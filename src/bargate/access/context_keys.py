"""The condition keys of a call: those of every call, and those of a signed one.

AWS [D] apigw-evaluation §2: every authorization type may test the keys of `ALL_KEYS`, in a private API of `PRIVATE_KEYS`; those of
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


class CallContext(dict[str, ContextValue]):
    """The condition keys of a call without a signer, each worked out when it is first asked for."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    # As in `SignedContext`.
    get = dict.__getitem__  # type: ignore[assignment]  # a key alone, as `policy.Context` asks

    def __missing__(self, key: str) -> ContextValue:
        of_call = _KEYS.get(key)
        value = self[key] = None if of_call is None else of_call(self._call)
        return value


class SignedContext(dict[str, ContextValue]):
    """The condition keys of a signed call, each worked out when it is first asked for.

    Which ones will be asked for differs from signer to signer. `place` holds `aws:requestedregion`
    and `aws:resourceaccount`. What a call has comes before what the place has, then the signer's.
    """

    __slots__ = ("_call", "_place", "_signer")

    def __init__(self, call: Call, identity: Identity, place: Mapping[str, str]) -> None:
        self._call = call
        self._place = place
        self._signer = identity.context

    # The look-up that calls `__missing__`; without a Python frame for what is there already.
    get = dict.__getitem__  # type: ignore[assignment]  # a key alone, as `policy.Context` asks

    def __missing__(self, key: str) -> ContextValue:
        of_call = _KEYS.get(key)
        if of_call is not None:
            value: ContextValue = of_call(self._call)
        else:
            value = self._place[key] if key in self._place else self._signer.get(key)
        self[key] = value
        return value


@lru_cache(maxsize=8)
def _iso_8601(second: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(second))


_KEYS: dict[str, Callable[[Call], str | None]] = {
    "aws:currenttime": lambda call: _iso_8601(int(call.received_at)),
    "aws:epochtime": lambda call: str(int(call.received_at)),
    "aws:referer": lambda call: call.text(b"referer"),
    "aws:securetransport": lambda call: "true" if call.secure else "false",
    # AWS [D] iam-sts §4: absent in calls through an endpoint, which have aws:VpcSourceIp instead.
    "aws:sourceip": lambda call: None if call.arrival.vpc_endpoint_id else call.source_ip,
    "aws:sourcevpc": lambda call: call.arrival.vpc_id or None,
    "aws:sourcevpce": lambda call: call.arrival.vpc_endpoint_id or None,
    "aws:useragent": lambda call: call.text(b"user-agent"),
    "aws:vpcsourceip": lambda call: call.source_ip if call.arrival.vpc_endpoint_id else None,
}
_PUBLIC_ONLY = frozenset({"aws:sourceip"})
_PRIVATE_ONLY = frozenset({"aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip"})
ALL_KEYS = frozenset(_KEYS) - _PRIVATE_ONLY
PRIVATE_KEYS = frozenset(_KEYS) - _PUBLIC_ONLY
# The keys of a signer (`snapshot.principals`); one that ends with a slash takes a name behind it.
SIGNED_KEYS = (
    "aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalTag/",
    "aws:PrincipalType", "aws:RequestedRegion", "aws:ResourceAccount", "aws:SourceIdentity",
    "aws:TokenIssueTime", "aws:userid", "aws:username",
)  # fmt: skip
