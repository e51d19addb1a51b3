"""Which condition keys a resource policy may name, so that no statement is silently without effect.

A key that does not exist, or one that no call here ever has, makes a Deny that tests it hold for
nobody. AWS accepts such policies; here they are refused (design §9). Conditions that hold when a
key is absent, as `StringNotEquals` on `aws:SourceVpce` in published examples, deny and may stand;
so may anything in an Allow, which then allows nobody.

The keys of a signer (`SIGNED_KEYS`) exist where calls are signed. In an API with both kinds of
methods they are absent in calls to those without AWS_IAM, as at AWS [D] apigw-evaluation §2: a
Deny of some signers does not hold for a caller who is nobody, one of all but some does. Where no
method at all is AWS_IAM such a Deny could hold for nobody, and a document with it is refused.
"""

from collections.abc import Iterator

from msgspec import Struct

from bargate.access.context_keys import ALL_KEYS, PRIVATE_KEYS, SIGNED_KEYS
from bargate.model.invalid import InvalidConfiguration
from bargate.nearest import did_you_mean
from bargate.policy import Policy, Statement
from bargate.policy.conditions import OPERATORS
from bargate.policy.document import CURRENT_VERSION, Condition
from bargate.policy.variables import Variable, parse_template

# AWS [D] iam-sts §4: the global keys; those that end with a slash take a name behind it.
GLOBAL_KEYS = (
    "aws:AssumedRoot", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast",
    "aws:ChatbotSourceArn", "aws:CurrentTime", "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc", "aws:EpochTime", "aws:FederatedProvider", "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent", "aws:PrincipalAccount", "aws:PrincipalArn",
    "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalTag/",
    "aws:PrincipalType", "aws:Referer", "aws:RequestTag/", "aws:RequestedRegion",
    "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:ResourceTag/",
    "aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn", "aws:SourceIdentity",
    "aws:SourceIp", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpcArn",
    "aws:SourceVpce", "aws:TagKeys", "aws:TokenIssueTime", "aws:UserAgent", "aws:ViaAWSService",
    "aws:VpcSourceIp", "aws:userid", "aws:username",
)  # fmt: skip
_EXACT = frozenset(key.lower() for key in GLOBAL_KEYS if not key.endswith("/"))
_PREFIXES = tuple(key.lower() for key in GLOBAL_KEYS if key.endswith("/"))
_SIGNED = frozenset(key.lower() for key in SIGNED_KEYS if not key.endswith("/"))
_SIGNED_PREFIXES = tuple(key.lower() for key in SIGNED_KEYS if key.endswith("/"))


class _There(Struct, frozen=True):
    """Which keys calls have: those of every call, and a signer's where calls may be signed."""

    keys: frozenset[str]
    signed: bool

    def has(self, key: str) -> bool:
        folded = key.lower()
        return folded in self.keys or (
            self.signed and (folded in _SIGNED or folded.startswith(_SIGNED_PREFIXES))
        )

    def listed(self) -> str:
        return ", ".join(key for key in GLOBAL_KEYS if key.lower() in self.keys)


def check_keys(policy: Policy, *, signed: bool = False, private: bool = False) -> None:
    """Refuse unknown keys, and a Deny that could never apply.

    `signed`: calls may be signed; `private`: they come through VPC endpoints. Raises
    InvalidConfiguration, whose path begins at the policy.
    """
    there = _There(PRIVATE_KEYS if private else ALL_KEYS, signed)
    has_variables = policy.version == CURRENT_VERSION
    for index, statement in enumerate(policy.statements):
        path: tuple[str, ...] = ("Statement", str(index))
        denies = statement.effect == "Deny"
        for condition in statement.conditions:
            here = (*path, "Condition", str(condition.operator), condition.key)
            _check_known(condition.key, here, there)
            if denies and not there.has(condition.key) and _fails_when_absent(condition):
                raise _never_applies(condition.key, here, there)
        if has_variables:
            for text, here, must_resolve in _texts(statement, path):
                _check_variables(text, here, denies and must_resolve, there)


def _check_known(key: str, path: tuple[str, ...], there: _There) -> None:
    folded = key.lower()
    named = any(folded.startswith(prefix) and folded != prefix for prefix in _PREFIXES)
    if folded in _EXACT or named:
        return
    remedy = did_you_mean(key, GLOBAL_KEYS, f"calls have {there.listed()}")
    raise InvalidConfiguration(path, f"{key} is not a condition key of execute-api; {remedy}")


def _fails_when_absent(condition: Condition) -> bool:
    """Say whether a condition cannot hold without its key (iam-sts §4)."""
    operator = condition.operator
    if operator.name == "Null":
        return all(value.lower() == "false" for value in condition.values)
    if operator.quantifier == "ForAllValues" or operator.if_exists:
        return False
    return operator.quantifier == "ForAnyValue" or not OPERATORS[operator.name].negated


def _texts(
    statement: Statement, path: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Give the texts that may hold variables, and whether one without value matches nothing."""
    resource = statement.resource
    if resource is not None:
        name = "NotResource" if resource.negated else "Resource"
        for at, text in enumerate(resource.values):
            yield text, (*path, name, str(at)), not resource.negated
    for condition in statement.conditions:
        rule = OPERATORS[condition.operator.name]
        here = (*path, "Condition", str(condition.operator), condition.key)
        for text in condition.values if rule.takes_variables else ():
            yield text, here, not rule.negated


def _check_variables(
    text: str,
    path: tuple[str, ...],
    must_resolve: bool,  # noqa: FBT001  as `_texts` gives it
    there: _There,
) -> None:
    for token in parse_template(text, variables=True, wildcards=True):
        if not isinstance(token, Variable):
            continue
        _check_known(token.key, path, there)
        if must_resolve and token.default is None and not there.has(token.key):
            raise _never_applies(token.key, path, there)


def _never_applies(key: str, path: tuple[str, ...], there: _There) -> InvalidConfiguration:
    return InvalidConfiguration(
        path,
        f"no call here has {key}, so this Deny would never apply; test one of"
        f" {there.listed()}, or use an operator that holds without the key",
    )
