"""Roles linked to an AWS service: made by it, trusted by it alone, changed by nobody else."""

import json
import re
import uuid

from bargate.identity.find import role_named
from bargate.identity.unique_id import unique_id
from bargate.records.iam_role import ROLE_DELETION, Role, RoleDeletion
from bargate.services.iam.errors import invalid_input, no_such_entity
from bargate.services.iam.lookup import the_role
from bargate.services.iam.naming import checked_name
from bargate.services.iam.role import SERVICE_PATH, add_role, remove_role, role_shape
from bargate.services.operation import OperationCall, Params, operation

# Names that are not the capitalised first label (AWS [D]).
_NAMES = {
    "ops.apigateway.amazonaws.com": "AWSServiceRoleForAPIGateway",
    "email.cognito-idp.amazonaws.com": "AWSServiceRoleForAmazonCognitoIdpEmailService",
    "cognito-idp.amazonaws.com": "AWSServiceRoleForAmazonCognitoIdp",
    "wafv2.amazonaws.com": "AWSServiceRoleForWAFV2Logging",
    "replicator.lambda.amazonaws.com": "AWSServiceRoleForLambdaReplicator",
}
_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com")


@operation(writes=True)
def create_service_linked_role(call: OperationCall, request: Params) -> Params:
    """Make the role of a service."""
    service: str = request["AWSServiceName"]
    if not _SERVICE.fullmatch(service):
        raise invalid_input(f"Invalid service: {service}")
    name = _name(service, request)
    if role_named(call.tx, call.account_id, name) is not None:
        raise invalid_input(
            f"Service role name {name} has been taken in this account, please try a different"
            " suffix."
        )
    role = Role(
        account_id=call.account_id,
        id=unique_id("AROA"),
        name=name,
        path=f"{SERVICE_PATH}{service}/",
        created_at=call.now,
        trust_policy=_trust_policy(service),
        partition=call.partition,
        description=request.get("Description"),
        service=service,
    )
    add_role(call, role)
    return {"Role": role_shape(call, role)}


@operation(writes=True)
def delete_service_linked_role(call: OperationCall, request: Params) -> Params:
    """Delete the role of a service, at once: no service here holds on to one."""
    role = the_role(call, request["RoleName"])
    if role.service is None:
        raise invalid_input(f"Role {role.name} is not a service-linked role.")
    remove_role(call, role)
    task = call.tx.create(
        ROLE_DELETION,
        RoleDeletion(account_id=call.account_id, id=str(uuid.uuid4()), deleted_at=call.now),
    )
    return {"DeletionTaskId": f"task{role.path}{role.name}/{task.id}"}


@operation()
def get_service_linked_role_deletion_status(call: OperationCall, request: Params) -> Params:
    """Say how far a deletion is; here it is over when it was asked for."""
    task_id: str = request["DeletionTaskId"]
    key = (call.account_id, task_id.rpartition("/")[2])
    if "\0" in task_id or call.tx.find(ROLE_DELETION, key) is None:
        raise no_such_entity(f"Deletion task {task_id} cannot be found.")
    return {"Status": "SUCCEEDED"}


def _name(service: str, request: Params) -> str:
    label = service.removesuffix(".amazonaws.com").replace(".", "-")
    plain = "".join(part.capitalize() for part in label.split("-"))
    name = _NAMES.get(service, f"AWSServiceRoleFor{plain}")
    if request.get("CustomSuffix") is not None:
        name = f"{name}_{request['CustomSuffix']}"
    return checked_name({"RoleName": name}, "RoleName", max_length=64)


def _trust_policy(service: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
