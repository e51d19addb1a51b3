"""Resolve what is stored about a user, role or access key to what a decision needs."""

from collections.abc import Iterator

from bargate.identity.find import document_of, user_of_id
from bargate.model import identity as model
from bargate.records.access_key import ACCESS_KEY
from bargate.records.iam_group import MEMBERSHIP
from bargate.records.iam_role import ROLE
from bargate.records.iam_user import USER
from bargate.records.inline_policy import INLINE_POLICY
from bargate.records.managed_policy import ATTACHMENT, EntityKind
from bargate.store.interface import Reader
from bargate.store.kind import Key

DENY_ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'


def resolve_user(tx: Reader, key: Key) -> model.User | None:
    """Resolve the user with the record key (account id, AIDA…); None when there is none."""
    user = tx.find(USER, key)
    if user is None:
        return None
    policies = list(entity_policies(tx, user.account_id, "user", user.id))
    for membership in tx.list_by(MEMBERSHIP, "user", key):
        policies.extend(entity_policies(tx, user.account_id, "group", membership.group_id))
    return model.User(
        arn=user.arn,
        user_id=user.id,
        account_id=user.account_id,
        tags=user.tags,
        policies=tuple(policies),
        boundary=boundary_of(tx, user.account_id, "user", user.id),
    )


def resolve_role(tx: Reader, key: Key) -> model.Role | None:
    """Resolve the role with the record key (account id, AROA…); None when there is none."""
    role = tx.find(ROLE, key)
    if role is None:
        return None
    return model.Role(
        arn=role.arn,
        role_id=role.id,
        account_id=role.account_id,
        tags=role.tags,
        policies=tuple(entity_policies(tx, role.account_id, "role", role.id)),
        boundary=boundary_of(tx, role.account_id, "role", role.id),
        trust_policy=role.trust_policy,
    )


def access_key_of(tx: Reader, access_key_id: str) -> model.AccessKey | None:
    """Give an active long-term key by its id; None when inactive, deleted or without an owner."""
    key = tx.find_by(ACCESS_KEY, "id", (access_key_id,))
    if key is None or key.status != "Active":
        return None
    user_arn = None
    if key.owner_id != key.account_id:
        user = user_of_id(tx, key.owner_id)
        if user is None:
            return None
        user_arn = user.arn
    return model.AccessKey(
        id=key.id, secret=key.secret, account_id=key.account_id, user_arn=user_arn
    )


def entity_policies(tx: Reader, account_id: str, kind: EntityKind, entity_id: str) -> Iterator[str]:
    """Give the documents of one entity alone: inline ones, then attached ones."""
    for inline in tx.list(INLINE_POLICY, (account_id, kind, entity_id)):
        yield inline.document
    uses = tx.list_by(ATTACHMENT, "entity", (account_id, "PermissionsPolicy", kind, entity_id))
    for use in uses:
        yield document_or_denial(tx, use.policy_arn)


def boundary_arn_of(tx: Reader, account_id: str, kind: EntityKind, entity_id: str) -> str | None:
    """Give the ARN of an entity's permissions boundary."""
    prefix = (account_id, "PermissionsBoundary", kind, entity_id)
    use = tx.find_by(ATTACHMENT, "entity", prefix)
    return None if use is None else use.policy_arn


def boundary_of(tx: Reader, account_id: str, kind: EntityKind, entity_id: str) -> str | None:
    """Give the document of an entity's permissions boundary."""
    arn = boundary_arn_of(tx, account_id, kind, entity_id)
    return None if arn is None else document_or_denial(tx, arn)


def document_or_denial(tx: Reader, policy_arn: str) -> str:
    """Give a managed policy's document; one that is in use and cannot be found denies all."""
    document = document_of(tx, policy_arn)
    return DENY_ALL if document is None else document
