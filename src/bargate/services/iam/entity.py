"""What policies are put on: a user, a group or a role, seen alike."""

from msgspec import Struct

from bargate.identity.find import group_of_arn, role_of_arn, user_of_arn
from bargate.records.iam_group import GROUP, Group
from bargate.records.iam_role import ROLE, Role
from bargate.records.iam_user import USER, User
from bargate.records.managed_policy import ATTACHMENT, EntityKind, Usage
from bargate.services.iam.errors import no_such_entity
from bargate.services.iam.lookup import a_changeable_role, the_group, the_role, the_user
from bargate.services.operation import OperationCall, Params
from bargate.store.interface import Reader
from bargate.store.kind import Key


class Entity(Struct, frozen=True, kw_only=True):
    """A user, group or role."""

    account_id: str
    kind: EntityKind
    id: str
    name: str
    path: str
    arn: str

    def uses(self, usage: Usage) -> Key:
        """Give the prefix of what it uses in the index `entity` of attachments."""
        return (self.account_id, usage, self.kind, self.id)

    @property
    def key(self) -> Key:
        """The prefix of its inline policies."""
        return (self.account_id, self.kind, self.id)


def entity_of(kind: EntityKind, record: User | Group | Role) -> Entity:
    """See a record as an entity."""
    return Entity(
        account_id=record.account_id,
        kind=kind,
        id=record.id,
        name=record.name,
        path=record.path,
        arn=record.arn,
    )


def user_entity(call: OperationCall, request: Params) -> Entity:
    """Find the user of a request. Raises AwsError."""
    return entity_of("user", the_user(call, request["UserName"]))


def group_entity(call: OperationCall, request: Params) -> Entity:
    """Find the group of a request. Raises AwsError."""
    return entity_of("group", the_group(call, request["GroupName"]))


def role_entity(call: OperationCall, request: Params, *, changing: bool = False) -> Entity:
    """Find the role of a request; `changing` refuses service-linked ones. Raises AwsError."""
    find = a_changeable_role if changing else the_role
    return entity_of("role", find(call, request["RoleName"]))


def entity_of_arn(call: OperationCall, arn: str) -> Entity:
    """Find a user, group or role of the caller's account by ARN. Raises AwsError."""
    found: tuple[tuple[EntityKind, User | Group | Role | None], ...] = (
        ("user", user_of_arn(call.tx, arn)),
        ("group", group_of_arn(call.tx, arn)),
        ("role", role_of_arn(call.tx, arn)),
    )
    for kind, record in found:
        if record is None:
            continue
        entity = entity_of(kind, record)
        if entity.account_id == call.account_id:
            return entity
    raise no_such_entity(f"ARN {arn} does not exist.")


def entity_of_id(tx: Reader, account_id: str, kind: EntityKind, entity_id: str) -> Entity | None:
    """Find an entity by its id."""
    key = (account_id, entity_id)
    record: User | Group | Role | None
    match kind:
        case "user":
            record = tx.find(USER, key)
        case "group":
            record = tx.find(GROUP, key)
        case "role":
            record = tx.find(ROLE, key)
    return None if record is None else entity_of(kind, record)


def drop_boundary(call: OperationCall, entity: Entity) -> bool:
    """Take away an entity's permissions boundary; say whether it had one."""
    uses = call.tx.list_by(ATTACHMENT, "entity", entity.uses("PermissionsBoundary"))
    for use in uses:
        call.tx.delete(ATTACHMENT, ATTACHMENT.key_of(use))
    return bool(uses)
