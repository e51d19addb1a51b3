"""How a policy is refused: `MalformedPolicy`, in the words AWS uses for each kind of policy."""

from msgspec import Struct


class MalformedPolicy(ValueError):
    """A policy that AWS would refuse, or that cannot be enforced as written.

    `code` is the AWS error code, `message` AWS's public text, `path` the place in the document,
    e.g. `("Statement", "0", "Condition", "IpAddress", "aws:SourceIp")`, and `detail` says what is
    wrong there and what would be right.
    """

    def __init__(self, code: str, message: str, path: tuple[str, ...], detail: str = "") -> None:
        super().__init__(f"{message} {detail}".strip())
        self.code = code
        self.message = message
        self.path = path
        self.detail = detail


class Texts(Struct, frozen=True, kw_only=True):
    """AWS's public messages for one family of policies; `{field}` and `{value}` are filled in."""

    code: str = "MalformedPolicyDocument"
    json: str
    syntax: str
    unknown_field: str
    missing_field: str
    missing_action: str
    missing_resource: str
    missing_principal: str
    prohibited_field: str
    prohibited_principal: str
    effect: str
    operator: str
    condition_value: str
    principal: str = 'Invalid principal in policy: "{field}":"{value}"'


_SYNTAX = "Syntax errors in policy."
_LEGACY = "The policy failed legacy parsing"
_TYPE = "The provided policy document does not meet the requirements of the specified policy type."

# Texts as answered by IAM's CreatePolicy and PutUserPolicy. [R]
IAM_TEXTS = Texts(
    json=_SYNTAX,
    syntax=_SYNTAX,
    unknown_field=_SYNTAX,
    missing_field=_SYNTAX,
    missing_action="Policy statement must contain actions.",
    missing_resource="Policy statement must contain resources.",
    missing_principal=_SYNTAX,
    prohibited_field=_SYNTAX,
    prohibited_principal="Policy document should not specify a principal.",
    effect=_SYNTAX,
    operator=_SYNTAX,
    condition_value=_LEGACY,
)

# Texts of services that store resource policies, as seen in published answers. [O]
RESOURCE_TEXTS = Texts(
    json="Policies must be valid JSON and the first byte must be '{{'",
    syntax="Invalid policy syntax.",
    unknown_field="Unknown field {field}",
    missing_field="Missing required field {field}",
    missing_action="Missing required field Action",
    missing_resource="Missing required field Resource",
    missing_principal="Missing required field Principal",
    prohibited_field="Has prohibited field {field}",
    prohibited_principal="Has prohibited field Principal",
    effect="Invalid effect: {value}",
    operator="Invalid Condition type : {value}",
    condition_value="Invalid policy syntax.",
)

# CreateRole and UpdateAssumeRolePolicy. [O]
TRUST_TEXTS = Texts(
    json="This policy contains invalid Json",
    syntax=_SYNTAX,
    unknown_field="Unknown field {field}",
    missing_field="Missing required field {field}",
    missing_action="Missing required field Action",
    missing_resource="Missing required field Resource",
    missing_principal="Missing required field Principal",
    prohibited_field="Has prohibited field {field}",
    prohibited_principal="Has prohibited field Principal",
    effect="Invalid effect: {value}",
    operator="Invalid Condition type : {value}",
    condition_value=_LEGACY,
)

# Organizations answers every defect with one sentence. [O]
ORGANIZATIONS_TEXTS = Texts(
    code="MalformedPolicyDocumentException",
    json=_TYPE,
    syntax=_TYPE,
    unknown_field=_TYPE,
    missing_field=_TYPE,
    missing_action=_TYPE,
    missing_resource=_TYPE,
    missing_principal=_TYPE,
    prohibited_field=_TYPE,
    prohibited_principal=_TYPE,
    effect=_TYPE,
    operator=_TYPE,
    condition_value=_TYPE,
    principal=_TYPE,
)
