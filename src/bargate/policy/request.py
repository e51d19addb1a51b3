"""What is asked: who wants to do what to which resource, under which circumstances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bargate.arn import Arn, fold_arn
from bargate.policy.principals import Chain, Link, chain_of

if TYPE_CHECKING:
    from bargate.policy.principals import Principal
    from bargate.policy.variables import ContextValue


class Context(Protocol):
    """Condition keys of a request; a dict with lower-case keys is one.

    A tuple is a multivalued key; None (or an empty tuple) means that the key is absent. Values may
    be computed when they are asked for, but must not change while a request is decided.
    """

    def get(self, key: str, /) -> ContextValue:
        """Give the value of a key, whose name comes in lower case."""


class AccessRequest:
    """One question to the policies of a call; make one and ask all policies with it.

    `resource` is an ARN or `*` for an action that has no resource. What several statements need
    (addresses and dates read, the principal's names) is worked out once and remembered here.
    """

    __slots__ = (
        "_chain",
        "action",
        "addresses",
        "context",
        "get",
        "moments",
        "principal",
        "resource",
    )

    def __init__(
        self, principal: Principal, action: str, resource: str | Arn, context: Context
    ) -> None:
        self.principal = principal
        self.action = action.lower()
        self.resource = fold_arn(resource if isinstance(resource, str) else resource.format())
        self.context = context
        self.get = context.get
        self.addresses: dict[str, int | None] = {}
        self.moments: dict[str, int | None] = {}
        self._chain: Chain | None = None

    @property
    def links(self) -> tuple[Link, ...]:
        """The principal's chain."""
        return self._known().links

    @property
    def names(self) -> frozenset[str]:
        """The names of all links of the principal's chain."""
        return self._known().names

    def _known(self) -> Chain:
        chain = self._chain
        if chain is None:
            chain = self._chain = chain_of(self.principal)
        return chain
