"""Reads botocore's service model files: gzipped or plain JSON, without the documentation.

botocore's own loader would also read a user's folder (`~/.aws/models`, `AWS_DATA_PATH`), where a
model could change what a permission is checked for; and its import costs a fifteenth of a second.
"""

from __future__ import annotations

import gzip
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_DOCUMENTATION = ("documentation", "deprecatedMessage")
_NAME = re.compile(r"[a-z0-9.-]{1,64}", re.ASCII)


@cache
def service_data(name: str) -> dict[str, Any]:
    """Give the newest model of a service by botocore's name of it; raises KeyError.

    What is given is shared, and not to be changed.
    """
    if not _NAME.fullmatch(name) or name.strip(".") == "":
        raise KeyError(name)
    folder = _data_folder() / name
    # versions are dates, 2015-07-09
    versions = sorted(folder.glob("*/service-2.json*"), key=lambda file: file.parent.name)
    if not versions:
        raise KeyError(name)
    found: dict[str, Any] = read_model(versions[-1])
    return found


def read_model(file: Path) -> Any:
    """Read a model file, gzipped or not, without its documentation.

    Documentation strings are nine tenths of a service model and nothing here reads them.
    """
    content = file.read_bytes()
    if file.suffix == ".gz":
        content = gzip.decompress(content)
    return _undocumented(msgspec.json.decode(content))


@cache
def _data_folder() -> Path:
    spec = importlib.util.find_spec("botocore")  # which is not imported for it
    assert spec is not None  # noqa: S101  a dependency
    assert spec.origin is not None  # noqa: S101  a package has a file
    return Path(spec.origin).parent / "data"


def _undocumented(value: Any) -> Any:
    """Drop every documentation text; a member or shape of that name is a dict and stays."""
    if isinstance(value, dict):
        return {
            key: _undocumented(each)
            for key, each in value.items()
            if not (key in _DOCUMENTATION and isinstance(each, str))
        }
    if isinstance(value, list):
        return [_undocumented(each) for each in value]
    return value
