"""Canonical URI, query and headers, and the canonical request made of them (iam-sts §6)."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import quote, unquote_to_bytes

Uri: TypeAlias = Callable[[str], str]

SIGNATURE_PARAMETER = "X-Amz-Signature"
TOKEN_PARAMETER = "X-Amz-Security-Token"  # noqa: S105 - a parameter's name
_PLAIN = re.compile(r"[A-Za-z0-9\-._~]*")
_PLAIN_PATH = re.compile(r"(?:/(?!\.)[A-Za-z0-9\-._~]+)+/?")
_PLAIN_PARAMETER = re.compile(r"[A-Za-z0-9\-._~]*=[A-Za-z0-9\-._~]*")
_REMEMBERED_MAX_CHARACTERS = 256


def normalized_uri(path: str) -> str:
    """Give the canonical URI of all services but S3: normalised, and encoded once more."""
    if _PLAIN_PATH.fullmatch(path):
        return path
    if len(path) > _REMEMBERED_MAX_CHARACTERS:
        return quote(remove_dot_segments(path), safe="/")
    return _remembered_uri(path)


@lru_cache(maxsize=1024)
def _remembered_uri(path: str) -> str:
    return quote(remove_dot_segments(path), safe="/")


def unnormalized_uri(path: str) -> str:
    """Give the URI encoded once more, its segments as they are."""
    return quote(path or "/", safe="/")


def remove_dot_segments(path: str) -> str:
    """Resolve `.` and `..` and drop empty segments; a trailing slash stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment and segment != ".":
            kept.append(segment)
    return f"/{'/'.join(kept)}{'/' if kept and path.endswith('/') else ''}"


def climbs_above_root(path: str) -> bool:
    """Say whether `..` leads above the root."""
    depth = 0
    for segment in path.split("/"):
        if segment == "..":
            depth -= 1
            if depth < 0:
                return True
        elif segment and segment != ".":
            depth += 1
    return False


def canonical_query(query: str, *, without: tuple[str, ...] = ()) -> str:
    """Sort and encode a raw query; parameters named in `without` are left out.

    A plus sign is a space [I], as everything behind the gateway's form decoding takes it for one.
    """
    if not query or (not without and _PLAIN_PARAMETER.fullmatch(query)):
        return query
    parameters = sorted(
        (_canonical(name), _canonical(value))
        for name, _, value in (pair.partition("=") for pair in query.split("&"))
    )
    return "&".join(
        f"{name}={value}" for name, value in parameters if not without or name not in without
    )


def _canonical(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="")


def canonical_headers(header: Mapping[bytes, bytes], signed: Iterable[bytes]) -> bytes | None:
    """Write the signed headers, a line each; None when one of them is not there.

    `header` is a `SignedRequest`'s: trimmed and joined. Runs of white space become one space.
    """
    names = tuple(signed)
    try:
        lines = b"".join([b"%b:%b\n" % (name, header[name]) for name in names])
    except KeyError:
        return None
    if len(lines.split()) == len(names):
        return lines  # one word a line, and values are trimmed: no white space to fold
    return b"".join([b"%b:%b\n" % (name, b" ".join(header[name].split())) for name in names])


def canonical_request(
    target: tuple[str, str, str], headers: bytes, signed_headers: bytes, payload_sha256: str
) -> bytes:
    """Join the parts; `target` is method, canonical URI and canonical query."""
    return b"%b\n%b\n%b\n%b" % (
        "\n".join(target).encode("utf-8"),
        headers,
        signed_headers,
        payload_sha256.encode("ascii", "replace"),
    )
