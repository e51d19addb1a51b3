"""Trust policies: which principals they name, and what of them is kept.

    ARN of a user or role ──save──► AIDA… | AROA… ──show──► ARN again, while the principal exists

AWS [D] iam-sts §2: what is kept is the unique id, so a principal made again under its old name
does not get back what the first one had.
"""

from bargate.identity.find import iam_arn, role_of_arn, role_of_id, user_of_arn, user_of_id
from bargate.identity.policy_principals import with_arns, with_principals
from bargate.policy import MalformedPolicy, PolicyKind, parse_policy
from bargate.records.iam_role import Role
from bargate.services.iam.documents import MAX_TRUST, encoded
from bargate.services.iam.errors import limit_exceeded, malformed
from bargate.store.interface import Reader
from bargate.wire.error import AwsError

_USER_ID = "AIDA"
_ROLE_ID = "AROA"


def checked_trust_policy(tx: Reader, document: str) -> str:
    """Give the text to keep of a trust policy. Raises AwsError."""
    try:
        parse_policy(document, PolicyKind.TRUST, max_size=MAX_TRUST)
    except MalformedPolicy as error:
        if error.code == "LimitExceeded":
            raise limit_exceeded("ACLSizePerRole", MAX_TRUST) from error
        raise malformed(error) from error
    return with_principals(document, lambda name: _id_of(tx, name))


def shown_trust_policy(tx: Reader, role: Role) -> str:
    """Give a role's trust policy as the API shows it, percent-encoded."""
    return encoded(with_arns(tx, role.trust_policy))


def _id_of(tx: Reader, name: str) -> str:
    """Give what is kept of one principal; sessions, accounts and `*` stay as they are."""
    if name.startswith((_USER_ID, _ROLE_ID)):
        found = user_of_id(tx, name) or role_of_id(tx, name)
    else:
        arn = iam_arn(name)
        if arn is None or arn.resource == "root":
            return name
        found = user_of_arn(tx, name) or role_of_arn(tx, name)
    if found is None:
        raise AwsError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{name}"')
    return found.id
