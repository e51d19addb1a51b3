"""Short ways to a REST API with a method, for tests of what comes after."""

from __future__ import annotations

from bargate.services.apigateway import SERVICE, served_stage
from calling import ACCOUNT, REGION, Calling, root

LAMBDA = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
)
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEf123"
OTHER_ACCOUNT = "999988887777"


class Api:
    """A REST API and calls about it: `restApiId` is put into each."""

    def __init__(self, calling: Calling | None = None, **settings):
        self.calling = calling or Calling(SERVICE)
        self.made = self.calling("CreateRestApi", **{"name": "pets"} | settings)
        self.id = self.made["id"]
        self.root = self.made["rootResourceId"]

    def __call__(self, operation, /, **request):
        return self.calling(operation, restApiId=self.id, **request)

    def refused(self, operation, /, **request):
        error = self.calling.refused(operation, restApiId=self.id, **request)
        return error.code, error.message

    def resource(self, part="pets", parent=None):
        return self("CreateResource", parentId=parent or self.root, pathPart=part)["id"]

    def method(self, resource=None, verb="GET", **settings):
        """Add a method and give what names it."""
        named = {"resourceId": resource or self.resource(), "httpMethod": verb}
        self("PutMethod", **named | {"authorizationType": "NONE"} | settings)
        return named

    def mock(self, resource=None, verb="GET", **settings):
        named = self.method(resource, verb, **settings)
        templates = {"application/json": '{"statusCode":200}'}
        self("PutIntegration", **named, type="MOCK", requestTemplates=templates)
        return named

    def deploy(self, stage="dev", **settings):
        return self("CreateDeployment", stageName=stage, **settings)["id"]

    def patch(self, operation, *operations, **named):
        return self(operation, **named, patchOperations=list(operations))

    def patch_refused(self, operation, *operations, **named):
        return self.refused(operation, **named, patchOperations=list(operations))

    def served(self, stage="dev"):
        key = (ACCOUNT, REGION, self.id, stage)
        return self.calling.store.read(lambda tx: served_stage(tx, key))


def elsewhere(api: Api, account=ACCOUNT, region=REGION):
    """Give calls on the same store from another account or region."""
    return Calling(SERVICE, store=api.calling.store, caller=root(account), region=region)


def add(path, value):
    return {"op": "add", "path": path, "value": value}


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


def remove(path):
    return {"op": "remove", "path": path}


def copy(path, source):
    return {"op": "copy", "path": path, "from": source}
