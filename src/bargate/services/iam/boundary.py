"""Permissions boundaries of users and roles."""

from bargate.identity.resolve import boundary_arn_of
from bargate.records.managed_policy import ATTACHMENT, Attachment
from bargate.services.iam.entity import Entity, drop_boundary, role_entity, user_entity
from bargate.services.iam.errors import no_such_entity
from bargate.services.iam.lookup import an_attachable_policy
from bargate.services.operation import OperationCall, Params, operation


def set_boundary(call: OperationCall, entity: Entity, policy_arn: str) -> None:
    """Give an entity a permissions boundary in place of the one it had. Raises AwsError."""
    arn = an_attachable_policy(call, policy_arn)
    drop_boundary(call, entity)
    call.tx.create(
        ATTACHMENT,
        Attachment(
            account_id=entity.account_id,
            usage="PermissionsBoundary",
            policy_arn=arn,
            entity_kind=entity.kind,
            entity_id=entity.id,
        ),
    )


def boundary_shape(call: OperationCall, entity: Entity) -> Params:
    """Give the member `PermissionsBoundary` of an entity, or nothing."""
    arn = boundary_arn_of(call.tx, entity.account_id, entity.kind, entity.id)
    if arn is None:
        return {}
    return {
        "PermissionsBoundary": {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": arn,
        }
    }


@operation(writes=True)
def put_user_permissions_boundary(call: OperationCall, request: Params) -> Params:
    """Set a user's boundary."""
    set_boundary(call, user_entity(call, request), request["PermissionsBoundary"])
    return {}


@operation(writes=True)
def put_role_permissions_boundary(call: OperationCall, request: Params) -> Params:
    """Set a role's boundary."""
    set_boundary(call, role_entity(call, request, changing=True), request["PermissionsBoundary"])
    return {}


@operation(writes=True)
def delete_user_permissions_boundary(call: OperationCall, request: Params) -> Params:
    """Take away a user's boundary."""
    _delete(call, user_entity(call, request))
    return {}


@operation(writes=True)
def delete_role_permissions_boundary(call: OperationCall, request: Params) -> Params:
    """Take away a role's boundary."""
    _delete(call, role_entity(call, request, changing=True))
    return {}


def _delete(call: OperationCall, entity: Entity) -> None:
    if not drop_boundary(call, entity):
        raise no_such_entity(
            f"The permissions boundary of {entity.kind} {entity.name} cannot be found."
        )
