"""YAML that is taken for nothing but what it says."""

from __future__ import annotations

import re
from typing import Any

import yaml

# Words that no version of YAML takes for anything but text. All others are quoted: 1e3 is text in
# YAML 1.1 and a number in 1.2.
_WORD = re.compile(r"[A-Za-z][A-Za-z-]{5,}\Z")


def dump(document: dict[str, Any]) -> str:
    """Write a document; what could be taken for a number or a truth is quoted."""
    return yaml.dump(document, Dumper=_Quoting, sort_keys=False, allow_unicode=True, width=10_000)


class _Quoting(yaml.SafeDumper):
    """A dumper that quotes, and that writes twice what is said twice."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library's signature
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        style = None if _WORD.match(data) else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Quoting.add_representer(str, _Quoting.represent_str)
