"""Compile Principal and NotPrincipal to tests of a request's principal."""

from collections.abc import Callable

from bargate.arn import parse_arn
from bargate.policy.conditions.rule import RequestTest
from bargate.policy.document import PrincipalElement
from bargate.policy.principals import Bypass
from bargate.policy.request import AccessRequest


def compile_principal(element: PrincipalElement, *, deny: bool) -> RequestTest | None:
    """Compile to a test, None when everyone is meant."""
    names = named_principals(element)
    if element.negated:
        return _not_principal(element, names, deny=deny)
    if means_everyone(element):
        return None
    return lambda request: not names.isdisjoint(request.names)


def compile_bypass(element: PrincipalElement | None) -> Callable[[AccessRequest], Bypass]:
    """Compile to how far an Allow reaches for a principal that the element means."""
    if element is None or element.negated:
        # [I] The table names no NotPrincipal, so its Allow is only a delegation.
        return _nothing
    if means_everyone(element):
        return lambda _request: Bypass.EVERYTHING
    names = named_principals(element)

    def bypass(request: AccessRequest) -> Bypass:
        furthest = Bypass.NOTHING
        for link in request.links:
            if link.bypass > furthest and not names.isdisjoint(link.names):
                furthest = link.bypass
        return furthest

    return bypass


def _nothing(_request: AccessRequest) -> Bypass:
    return Bypass.NOTHING


def means_everyone(element: PrincipalElement) -> bool:
    """Say whether the element is `*` in either form; the two are the same ([D])."""
    return element.everyone or "*" in element.aws


def named_principals(element: PrincipalElement) -> frozenset[str]:
    """Give the names an element lists, qualified, an account's root as the account's id."""
    return frozenset(
        [f"AWS:{_account_of_root(name) or name}" for name in element.aws]
        + [f"Service:{name}" for name in element.service]
        + [f"Federated:{name}" for name in element.federated]
        + [f"CanonicalUser:{name}" for name in element.canonical_user]
    )


def _account_of_root(name: str) -> str | None:
    if not name.startswith("arn:"):
        return None
    arn = parse_arn(name)
    return arn.account if arn.resource == "root" else None


def _not_principal(element: PrincipalElement, names: frozenset[str], *, deny: bool) -> RequestTest:
    """Compile NotPrincipal, each time in the reading that gives less access.

    AWS [D] iam-sts §2: to be excepted from a Deny, account, role and session must all be listed.
    An Allow already leaves out who is meant by any of them.
    """
    if means_everyone(element):
        return lambda _request: False

    def denied(request: AccessRequest) -> bool:
        required = [link for link in request.links if link.required]
        return not required or any(names.isdisjoint(link.names) for link in required)

    def allowed(request: AccessRequest) -> bool:
        return names.isdisjoint(request.names)

    return denied if deny else allowed
