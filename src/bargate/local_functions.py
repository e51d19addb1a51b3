"""Functions that the operator names: `--function NAME=DIR:module.handler`, `NAME=url:http://…`.

option ──parsed──► LocalFunction ──function_of──► Function, which lets API Gateway invoke it
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from bargate.model.function import (
    UNQUALIFIED,
    DirectoryCode,
    Function,
    FunctionVersion,
    UrlCode,
)

if TYPE_CHECKING:
    from bargate.secret import Secret

_NAME = re.compile(r"[A-Za-z0-9-_]{1,64}", re.ASCII)  # AWS [M] lambda FunctionName, without its ARN
_FORM = "NAME=DIR:module.handler or NAME=url:http://…"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
NODE = "nodejs22.x"
_NODE_ENDINGS = (".mjs", ".cjs", ".js")


class WrongFunction(ValueError):
    """An option does not say a function that could be run; the text says why."""


class LocalFunction(Struct, frozen=True, kw_only=True):
    """A function as an option says it; `role` is an ARN or a role's name."""

    name: str
    code: DirectoryCode | UrlCode
    runtime: str = ""
    handler: str = ""
    role: str | None = None
    timeout_s: int = 3
    environment: dict[str, Secret] = {}


def parsed(text: str) -> LocalFunction:
    """Read an option, and look whether the handler is there; raises WrongFunction."""
    name, found, what = text.partition("=")
    if not found or not what:
        raise WrongFunction(f"{text!r} is not of the form {_FORM}")
    if _NAME.fullmatch(name) is None:
        raise WrongFunction(
            f"{name!r}: a function's name has 1 to 64 letters, digits, hyphens and underscores"
        )
    if what.startswith("url:"):
        return LocalFunction(name=name, code=UrlCode(url=_url(what.removeprefix("url:"))))
    folder, found, handler = what.rpartition(":")
    if not found or not folder or not handler:
        raise WrongFunction(f"{text!r} is not of the form {_FORM}")
    runtime = _runtime(Path(folder), handler)
    path = str(Path(folder).resolve())
    return LocalFunction(name=name, code=DirectoryCode(path=path), runtime=runtime, handler=handler)


def _url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise WrongFunction(f"{url!r}: events are sent to an http or https URL")
    return url


def _runtime(folder: Path, handler: str) -> str:
    """Tell the runtime by the file that the handler lies in."""
    if not folder.is_dir():
        raise WrongFunction(f"there is no folder {folder}")
    module, found, function = handler.rpartition(".")
    if not found or not module or not function:
        raise WrongFunction(f"{handler!r}: a handler looks like module.function")
    if Path(module).is_absolute() or ".." in Path(module).parts:
        raise WrongFunction(f"{handler!r}: the handler's file must lie in {folder}")
    python = [folder / f"{module.replace('.', '/')}.py", folder / module / "__init__.py"]
    node = [folder / f"{module}{ending}" for ending in _NODE_ENDINGS]
    there = [
        runtime
        for runtime, paths in ((PYTHON, python), (NODE, node))
        if any(path.is_file() for path in paths)
    ]
    if not there:
        names = ", ".join(f"{module}{ending}" for ending in (".py", *_NODE_ENDINGS))
        raise WrongFunction(f"{folder} has no file for the handler {handler!r}: one of {names}")
    if len(there) > 1:
        raise WrongFunction(f"{folder} has a Python and a JavaScript file for {handler!r}")
    return there[0]


def function_of(local: LocalFunction, account_id: str, region: str, partition: str) -> Function:
    """Make the function: the APIs of its account may invoke it."""
    arn = f"arn:{partition}:lambda:{region}:{account_id}:function:{local.name}"
    role = local.role
    if role is not None and not role.startswith("arn:"):
        role = f"arn:{partition}:iam::{account_id}:role/{role}"
    version = FunctionVersion(
        revision_id=str(uuid.uuid4()),
        code=local.code,
        runtime=local.runtime,
        handler=local.handler,
        role_arn=role,
        environment=local.environment,
        timeout_s=local.timeout_s,
    )
    return Function(
        account_id=account_id,
        region=region,
        name=local.name,
        arn=arn,
        versions=(version,),
        policies={UNQUALIFIED: _policy(arn, account_id)},
    )


def _policy(arn: str, account_id: str) -> str:
    """AWS [D] Lambda: what AddPermission with SourceAccount writes."""
    statement = {
        "Sid": "apis-of-this-account",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceAccount": account_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": [statement]})
