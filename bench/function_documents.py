"""The OpenAPI document of a run with Lambda functions, and their code."""

from pathlib import Path

from bench import documents
from bench.documents import Document

FUNCTION, COLD = "bench", "cold"
COLD_FUNCTIONS = 5
TOKEN = "bench-token"
_CODE = '''
"""A function that does as little as a function can."""

ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}],
}


def authorize(event, context):
    if not event["authorizationToken"].startswith("bench-token"):
        raise Exception("Unauthorized")
    return {"principalId": "bench", "policyDocument": ALLOWED, "context": {"tenant": "bench"}}


def answer(event, context):
    return {"statusCode": 200, "body": "{}"}
'''


def write_code(folder: Path) -> Path:
    """Write the functions' code; give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.py").write_text(_CODE)
    return folder


def options(folder: Path) -> tuple[str, ...]:
    """Give the options of `bargate serve` that make the functions."""
    named = {"authorize": "authorize", FUNCTION: "answer"}
    named |= {f"{COLD}{number}": "answer" for number in range(COLD_FUNCTIONS)}
    pairs = [("--function", f"{name}={folder}:app.{handler}") for name, handler in named.items()]
    return tuple(part for pair in pairs for part in pair)


def document(backend_port: int) -> Document:
    """Methods behind an authorizer that remembers and one that does not, and functions behind methods."""
    security = {"/cached/pets/{petId}": "cached", "/uncached/pets/{petId}": "uncached"}
    paths = {
        path: {"get": documents.proxied(backend_port) | {"security": [{name: []}]}}
        for path, name in security.items()
    }
    paths["/open/pets/{petId}"] = {"get": documents.proxied(backend_port)}
    for name in (FUNCTION, *(f"{COLD}{number}" for number in range(COLD_FUNCTIONS))):
        paths[f"/{name}"] = {"get": _invoking(name)}
    schemes = {"cached": _authorizer(300), "uncached": _authorizer(0)}
    return documents.document(paths) | {"components": {"securitySchemes": schemes}}


def _invoking(name: str) -> Document:
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": _uri(name)}
    return {"responses": documents.RESPONSES, "x-amazon-apigateway-integration": integration}


def _authorizer(ttl_s: int) -> Document:
    return {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "token",
            "authorizerUri": _uri("authorize"),
            "authorizerResultTtlInSeconds": ttl_s,
        },
    }


def _uri(name: str) -> str:
    function = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
