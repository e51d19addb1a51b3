"""Whatever is written into a document, a reload of it never ends what is being served."""

from __future__ import annotations

from pathlib import Path

import pytest

from documents import POOL, operation, rest, write
from served import served

MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200"}},
}


@pytest.mark.parametrize("expression", ["(" * 3000 + ")" * 3000, "a{99999999999999999999}"])
def test_an_expression_that_breaks_the_compiler_is_refused(
    tmp_path: Path, run_dir: Path, expression: str
) -> None:
    authorizer = {
        "type": "cognito_user_pools",
        "providerARNs": [POOL],
        "identityValidationExpression": expression,
    }
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authorizer": authorizer,
    }
    good = rest({"/mock": {"get": operation(MOCK)}})
    with served(tmp_path, run_dir, good) as api:
        assert api.get("/mock").status == 200
        write(tmp_path, good | {"components": {"securitySchemes": {"pool": scheme}}})
        api.gateway.wait_for_error("reload refused")
        assert api.gateway.process.poll() is None
        assert api.get("/mock").status == 200
