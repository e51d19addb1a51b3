"""Plain values as YAML in block style; texts are double-quoted, which every reader takes alike."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_PLAIN_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
# YAML 1.1 reads these as something else than texts.
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def write_yaml(value: Any) -> str:
    """Write objects, lists and scalars of JSON as a YAML document."""
    if isinstance(value, (dict, list)) and value:
        return "\n".join(_lines(value, "")) + "\n"
    return _scalar(value) + "\n"


def _lines(value: Any, indent: str) -> list[str]:
    lines: list[str] = []
    if isinstance(value, dict):
        for key, each in value.items():
            lines += _entry(f"{indent}{_key(key)}:", each, indent)
    else:
        for each in value:
            lines += _entry(f"{indent}-", each, indent)
    return lines


def _entry(start: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, (dict, list)) and value:
        return [start, *_lines(value, indent + "  ")]
    return [f"{start} {_scalar(value)}"]


def _key(key: str) -> str:
    is_plain = _PLAIN_KEY.match(key) is not None and key.lower() not in _WORDS
    return key if is_plain else _scalar(key)


def _scalar(value: Any) -> str:
    # JSON's texts, numbers and empty collections are YAML's too; DEL and the C1 controls must be
    # escaped there.
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", text)
