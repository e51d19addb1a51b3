"""The ways to name a function: its name, a partial ARN, an ARN, each with a qualifier or not.

NAME   ACCOUNT:function:NAME   arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME    …:QUALIFIER
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.model.function import LATEST, UNQUALIFIED
from bargate.services.lambda_.errors import invalid, missing, violation

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MAX_NAME_CHARACTERS: Final = 64
_NAME: Final = r"(?P<name>[a-zA-Z0-9-_]{1,140})(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]{1,128}))?"
_FORMS: Final = tuple(
    re.compile(start + _NAME, re.ASCII)
    for start in (
        r"arn:(?P<partition>aws[a-zA-Z-]*+):lambda:(?P<region>[\w-]+):(?P<account>\d{12}):function:",
        r"(?P<account>\d{12}):function:",
        r"(?:function:)?",
    )
)
_PATTERN: Final = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)


class FunctionRef(Struct, frozen=True, kw_only=True):
    """A function, or one of its versions or aliases; `qualifier` may be `UNQUALIFIED`."""

    account_id: str
    region: str
    partition: str
    name: str
    qualifier: str = UNQUALIFIED

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of the function's record, which keys of all that is its own begin with."""
        return (self.account_id, self.region, self.name)

    @property
    def arn(self) -> str:
        """The function's ARN without a qualifier."""
        where = f"{self.region}:{self.account_id}"
        return f"arn:{self.partition}:lambda:{where}:function:{self.name}"

    @property
    def qualified_arn(self) -> str:
        """The ARN with the qualifier, if there is one."""
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn


def ref_of(call: OperationCall, request: Params) -> FunctionRef:
    """Read `FunctionName` and `Qualifier`; raises AwsError."""
    ref = named(call, request["FunctionName"])
    qualifier = request.get("Qualifier")
    if qualifier is None or qualifier == ref.qualifier:
        return ref
    if ref.qualifier:
        raise invalid(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    if re.fullmatch(r"\$LATEST|[a-zA-Z0-9-_]{1,128}", qualifier, re.ASCII) is None:
        raise violation(
            qualifier,
            "qualifier",
            r"Member must satisfy regular expression pattern: \$LATEST|[a-zA-Z0-9-_]+",
        )
    return FunctionRef(
        account_id=ref.account_id,
        region=ref.region,
        partition=ref.partition,
        name=ref.name,
        qualifier=qualifier,
    )


def unqualified(call: OperationCall, request: Params) -> FunctionRef:
    """Read `FunctionName` of an operation that is about no version but `$LATEST`."""
    ref = named(call, request["FunctionName"])
    if ref.qualifier not in {UNQUALIFIED, LATEST}:
        raise invalid(
            f"This operation is about a function, not about a version or an alias: name {ref.arn}."
        )
    return ref


def named(call: OperationCall, text: str) -> FunctionRef:
    """Read any form of a name; raises AwsError for one that names nothing of this region."""
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        constraint = f"Member must satisfy regular expression pattern: {_PATTERN}"
        raise violation(text, "functionName", constraint)
    if len(found["name"]) > MAX_NAME_CHARACTERS:
        constraint = f"Member must have length less than or equal to {MAX_NAME_CHARACTERS}"
        raise violation(found["name"], "functionName", constraint)
    parts = found.groupdict()
    region, partition = parts.get("region", call.region), parts.get("partition", call.partition)
    if (region, partition) != (call.region, call.partition):
        raise missing(
            f"Functions from '{region}' are not reachable in this region ('{call.region}')"
        )
    return FunctionRef(
        account_id=parts.get("account", call.account_id),
        region=region,
        partition=partition,
        name=found["name"],
        qualifier=found["qualifier"] or UNQUALIFIED,
    )
