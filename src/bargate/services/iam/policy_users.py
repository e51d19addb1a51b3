"""Who uses a managed policy."""

from bargate.records.managed_policy import ATTACHMENT, EntityKind, Usage
from bargate.services.iam.entity import entity_of_id
from bargate.services.iam.lookup import a_policy
from bargate.services.iam.pages import page, stored
from bargate.services.operation import OperationCall, Params, operation

_KINDS: tuple[EntityKind, ...] = ("group", "user", "role")
_USAGES: tuple[Usage, ...] = ("PermissionsPolicy", "PermissionsBoundary")


@operation()
def list_entities_for_policy(call: OperationCall, request: Params) -> Params:
    """List the users, groups and roles a policy is attached to or bounds."""
    arn = a_policy(call, request["PolicyArn"]).arn
    prefix = request.get("PathPrefix") or "/"
    asked_kind = (request.get("EntityFilter") or "").lower()
    kinds = [kind for kind in _KINDS if asked_kind in ("", kind)]
    usages = [each for each in _USAGES if request.get("PolicyUsageFilter") in (None, each)]
    sections = [
        stored(call.tx, ATTACHMENT, (call.account_id, usage, arn, kind), name=f"{usage[11]}{kind}")
        for kind in kinds
        for usage in usages
    ]
    found = page(request, sections)
    shapes: dict[EntityKind, dict[str, Params]] = {"group": {}, "user": {}, "role": {}}
    for use in found.items:
        entity = entity_of_id(call.tx, call.account_id, use.entity_kind, use.entity_id)
        if entity is not None and entity.path.startswith(prefix):
            name = entity.kind.capitalize()
            shapes[entity.kind][entity.id] = {
                f"{name}Name": entity.name,
                f"{name}Id": entity.id,
            }
    return {
        "PolicyGroups": list(shapes["group"].values()),
        "PolicyUsers": list(shapes["user"].values()),
        "PolicyRoles": list(shapes["role"].values()),
        **found.tail,
    }
