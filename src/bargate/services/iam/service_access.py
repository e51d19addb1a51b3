"""Which policies let an entity use a service."""

from bargate.policy import MalformedPolicy, PolicyKind, Statement, parse_policy
from bargate.services.iam.applied_policies import AppliedPolicy, applied_policies
from bargate.services.iam.entity import entity_of_arn
from bargate.services.iam.pages import in_memory, page
from bargate.services.operation import OperationCall, Params, operation


@operation()
def list_policies_granting_service_access(call: OperationCall, request: Params) -> Params:
    """List, for each service, the policies with a statement that allows an action of it.

    AWS [M]: boundaries, resource policies and denies are not looked at.
    """
    entity = entity_of_arn(call, request["Arn"])
    policies = [(each, _statements(each)) for each in applied_policies(call, entity)]
    namespaces = [
        (f"{number:03d}", namespace)
        for number, namespace in enumerate(request["ServiceNamespaces"][:200])
    ]
    found = page(request, [in_memory(namespaces)])
    return {
        "PoliciesGrantingServiceAccess": [
            {
                "ServiceNamespace": namespace,
                "Policies": [
                    _shape(policy)
                    for policy, statements in policies
                    if any(_grants(statement, namespace.lower()) for statement in statements)
                ],
            }
            for namespace in found.items
        ],
        **found.tail,
    }


def _statements(policy: AppliedPolicy) -> tuple[Statement, ...]:
    try:
        return parse_policy(policy.document, PolicyKind.IDENTITY).statements
    except MalformedPolicy:
        return ()  # what cannot be read grants nothing


def _grants(statement: Statement, namespace: str) -> bool:
    if statement.effect != "Allow":
        return False
    wholes = ("*", f"{namespace}:*")
    actions = [action.lower() for action in statement.action.values]
    if statement.action.negated:
        return not any(action in wholes for action in actions)
    return any(action == "*" or action.startswith(f"{namespace}:") for action in actions)


def _shape(policy: AppliedPolicy) -> Params:
    shape: Params = {
        "PolicyName": policy.name,
        "PolicyType": "INLINE" if policy.arn is None else "MANAGED",
    }
    if policy.arn is not None:
        return shape | {"PolicyArn": policy.arn}
    return shape | {
        "EntityType": policy.entity.kind.upper(),
        "EntityName": policy.entity.name,
    }
