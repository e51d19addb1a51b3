"""Functions as the command line gives them."""

from __future__ import annotations

from typing import Any

from tests.endpoint import ACCOUNT, REGION

from bargate.model.function import Code, DirectoryCode, Function, FunctionVersion


def local(name: str, code: Code | None = None, **more: Any) -> Function:
    version = FunctionVersion(
        revision_id="given",
        code=code or DirectoryCode(path="/srv/code"),
        **{"runtime": "python3.11", "handler": "app.handler", **more},
    )
    return Function(
        account_id=ACCOUNT,
        region=REGION,
        name=name,
        arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        versions=(version,),
    )
