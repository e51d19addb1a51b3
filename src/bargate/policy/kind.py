"""The kinds of policies, and which elements each allows or requires."""

from enum import Enum
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from bargate.policy.malformed import (
    IAM_TEXTS,
    ORGANIZATIONS_TEXTS,
    RESOURCE_TEXTS,
    TRUST_TEXTS,
    Texts,
)


class PolicyKind(Enum):
    """What a policy is attached to; the value names it as AWS does in "because no X allows"."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    ENDPOINT = "VPC endpoint policy"
    TRUST = "role trust policy"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"

    @property
    def with_article(self) -> str:
        """Name the kind as AWS does in "with an explicit deny in X" (apigw-errors §2)."""
        if self is PolicyKind.TRUST:
            return f"the {self.value}"
        return f"{'an' if self is PolicyKind.IDENTITY else 'a'} {self.value}"


Presence = Literal["required", "prohibited"]


class Rules(Struct, frozen=True, kw_only=True):
    """What the grammar of one kind of policy demands.

    `short_arn` is what becomes of a Resource with fewer than six segments (AWS [O] iam-sts §3):
    `pad` fills up with `*`; `pad_wildcard` does so only when it has a wildcard and otherwise the
    Resource never matches; `trailing_wildcard` refuses it unless it ends with `*`; `refuse`
    always refuses it.
    """

    texts: Texts
    principal: Presence = "prohibited"
    resource: Presence = "required"
    short_arn: Literal["pad", "pad_wildcard", "trailing_wildcard", "refuse"] = "pad"
    sids_unique: bool = True
    sids_alphanumeric: bool = True
    version_required: bool = False
    latin1_only: bool = True
    size_counts_whitespace: bool = False


_IDENTITY = Rules(texts=IAM_TEXTS)
_RESOURCE = Rules(
    texts=RESOURCE_TEXTS,
    principal="required",
    short_arn="pad_wildcard",
    sids_unique=False,
    sids_alphanumeric=False,
    latin1_only=False,
    size_counts_whitespace=True,
)

RULES = MappingProxyType(
    {
        PolicyKind.IDENTITY: _IDENTITY,
        PolicyKind.BOUNDARY: _IDENTITY,
        PolicyKind.SESSION: Rules(texts=IAM_TEXTS, size_counts_whitespace=True),
        PolicyKind.RESOURCE: _RESOURCE,
        PolicyKind.ENDPOINT: _RESOURCE,
        PolicyKind.TRUST: Rules(texts=TRUST_TEXTS, principal="required", resource="prohibited"),
        PolicyKind.SERVICE_CONTROL: Rules(
            texts=ORGANIZATIONS_TEXTS,
            short_arn="trailing_wildcard",
            version_required=True,
            size_counts_whitespace=True,
        ),
        PolicyKind.RESOURCE_CONTROL: Rules(
            texts=ORGANIZATIONS_TEXTS,
            principal="required",
            short_arn="refuse",
            version_required=True,
            size_counts_whitespace=True,
        ),
    }
)
