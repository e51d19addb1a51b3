"""Which records carry tags, and how their ARNs name them.

An ARN of API Gateway is `arn:{partition}:apigateway:{region}::{path}`; `pattern` matches the whole
path, and its groups are the end of the record's key after account and region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    import re

    from bargate.store.kind import Kind


class Taggable(Struct, frozen=True, eq=False):
    """A kind of record whose struct has `tags: dict[str, str]`, and the error when none is there.

    A group of `pattern` must take no NUL. It is used with `fullmatch`.
    """

    pattern: re.Pattern[str]
    kind: Kind[Any]
    missing: str
