"""A parsed policy: what was written, checked, with one shape for each element."""

from typing import Literal

from msgspec import Struct

from bargate.policy.kind import PolicyKind

Version = Literal["2012-10-17", "2008-10-17"]
DEFAULT_VERSION: Version = "2008-10-17"
CURRENT_VERSION: Version = "2012-10-17"
Quantifier = Literal["ForAllValues", "ForAnyValue"]


class PrincipalElement(Struct, frozen=True, kw_only=True):
    """`Principal`, or `NotPrincipal` when negated; `everyone` is the text `*` itself."""

    negated: bool = False
    everyone: bool = False
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical_user: tuple[str, ...] = ()


class Element(Struct, frozen=True):
    """`Action` or `Resource`, or their `Not` forms when negated."""

    values: tuple[str, ...]
    negated: bool = False


class Operator(Struct, frozen=True):
    """A condition operator: `ForAnyValue:StringLikeIfExists` in its three parts."""

    name: str
    quantifier: Quantifier | None = None
    if_exists: bool = False

    def __str__(self) -> str:
        quantifier = f"{self.quantifier}:" if self.quantifier else ""
        return f"{quantifier}{self.name}{'IfExists' if self.if_exists else ''}"


class Condition(Struct, frozen=True):
    """One key under one operator; numbers and booleans are kept as their text."""

    operator: Operator
    key: str
    values: tuple[str, ...]


class Statement(Struct, frozen=True, kw_only=True):
    """One statement; `principal` and `resource` are None where the kind has none."""

    effect: Literal["Allow", "Deny"]
    action: Element
    resource: Element | None = None
    principal: PrincipalElement | None = None
    conditions: tuple[Condition, ...] = ()
    sid: str | None = None


class Policy(Struct, frozen=True, kw_only=True):
    """A policy; `name` is for people who read decisions."""

    kind: PolicyKind
    statements: tuple[Statement, ...]
    version: Version = DEFAULT_VERSION
    id: str | None = None
    name: str = ""
