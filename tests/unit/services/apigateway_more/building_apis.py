"""APIs with stages, as the nouns here need them."""

from __future__ import annotations

from calling import Calling


def api_with_stages(api: Calling, *stages: str, name: str = "pets") -> str:
    made = api("CreateRestApi", name=name)
    ids = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    api("PutMethod", **ids, authorizationType="NONE")
    api(
        "PutIntegration",
        **ids,
        type="MOCK",
        requestTemplates={"application/json": '{"statusCode": 200}'},
    )
    api("PutMethodResponse", **ids, statusCode="200")
    api("PutIntegrationResponse", **ids, statusCode="200")
    deployment = api("CreateDeployment", restApiId=made["id"])
    for stage in stages:
        api("CreateStage", restApiId=made["id"], stageName=stage, deploymentId=deployment["id"])
    return str(made["id"])


def patch(op: str, path: str, value: str | None = None) -> dict[str, str]:
    made = {"op": op, "path": path}
    return made if value is None else made | {"value": value}
