r"""Names and paths of IAM: ASCII alone, so that no two names can look alike to a person.

The wire has checked lengths and patterns of the model; its `\w` may take letters of any script.
"""

import re
from typing import Any

from bargate.services.iam.errors import validation_error

_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
_PATH = re.compile(r"/|/[\x21-\x7e]+/")
_MAX_PATH_CHARACTERS = 512


def checked_name(request: dict[str, Any], member: str, *, max_length: int = 128) -> str:
    """Give a name from a request. Raises AwsError."""
    name: str = request[member]
    field = member[0].lower() + member[1:]
    if len(name) > max_length:
        raise validation_error(
            f"1 validation error detected: Value '{name[:max_length]}…' at '{field}' failed to"
            f" satisfy constraint: Member must have length less than or equal to {max_length}"
        )
    if not _NAME.fullmatch(name):
        raise validation_error(
            f"The specified value for {field} is invalid. It must contain only alphanumeric"
            " characters and/or the following: +=,.@_-"
        )
    return name


def checked_path(request: dict[str, Any], member: str = "Path") -> str:
    """Give a path from a request, `/` if there is none. Raises AwsError."""
    path: str | None = request.get(member)
    if path is None:
        return "/"
    if len(path) > _MAX_PATH_CHARACTERS or not _PATH.fullmatch(path):
        raise validation_error(
            "The specified value for path is invalid. It must begin and end with / and contain"
            " only alphanumeric characters and/or / characters."
        )
    return path
