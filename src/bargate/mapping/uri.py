"""Integration URIs: a fixed origin, and a target whose `{variables}` are filled in per call.

`${stageVariables.X}` is the operator's and known when the stage is compiled, so it may stand
anywhere; `{X}` carries client data and may stand in path and query only.

INVARIANT: no value can leave its path segment's depth, start a query or fragment, or change the
origin: values are percent-encoded, and a path that gained a dot segment is refused.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import quote, unquote, unquote_plus

from msgspec import Struct

from bargate.access.call import Call, Facts
from bargate.access.paths import has_dot_segment
from bargate.mapping.plan import Origin
from bargate.model.invalid import InvalidConfiguration

Filler: TypeAlias = Callable[[Call, Facts], str]

_STAGE_VARIABLE = re.compile(
    r"\$\{stageVariables\.([A-Za-z0-9_]+)\}|\$stageVariables\.([A-Za-z0-9_]+)"
)
_VARIABLE = re.compile(r"\{([A-Za-z0-9_.\-:$]+)\+?\}")
_AUTHORITY = re.compile(
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._\-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
)
_DEFAULT_PORT = {"http": 80, "https": 443}
_MAX_PORT = 65_535

_NOT_IN_QUERY = re.compile(r"[^\x21\x22\x24-\x7e]")
_NOT_IN_PATH = re.compile(r"[^!$%&'()*+,\-./0-9:;=@A-Z_a-z~]")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class UriTemplate(Struct, frozen=True):
    """A parsed URI: `pieces` alternate fixed text and variable names, beginning with text."""

    origin: Origin
    host_header: bytes
    path_pieces: tuple[str, ...]
    query_pieces: tuple[str, ...]

    @property
    def variables(self) -> frozenset[str]:
        """Names of the variables in path and query."""
        return frozenset(self.path_pieces[1::2]) | frozenset(self.query_pieces[1::2])


def parse_uri(
    uri: str | None,
    stage_variables: Mapping[str, str],
    path: tuple[str, ...],
    *,
    verify: bool = True,
    server_name: str | None = None,
    client_certificate: str | None = None,
) -> UriTemplate:
    """Parse an http or https integration URI at one stage.

    `client_certificate` is the id of the one to show an https origin.

    Raises InvalidConfiguration where it is not one, names an unset stage variable, or has a
    `{variable}` in its authority.
    """
    filled = fill_stage_variables(uri or "", stage_variables, path)
    scheme, separator, rest = filled.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _DEFAULT_PORT:
        # AWS [R] apigw-errors §5
        raise InvalidConfiguration(path, "Invalid HTTP endpoint specified for URI")
    end = min(
        (at for at in (rest.find("/"), rest.find("?"), rest.find("#")) if at >= 0),
        default=len(rest),
    )
    host, port = _authority(rest[:end], scheme, path)
    target, query = _target(rest[end:], path)
    known: Literal["http", "https"] = "https" if scheme == "https" else "http"
    shown = client_certificate if known == "https" else None
    return UriTemplate(
        origin=_origin(known, host.strip("[]"), port, verify, server_name, shown),
        host_header=_host_header(host, port, scheme),
        path_pieces=tuple(_VARIABLE.split(target)),
        query_pieces=tuple(_VARIABLE.split(query)),
    )


@lru_cache(maxsize=1024)
def _origin(
    scheme: Literal["http", "https"],
    host: str,
    port: int,
    verify: bool,  # noqa: FBT001 - a cache key
    server_name: str | None,
    client_certificate: str | None,
) -> Origin:
    """Give one object to all templates of an origin: pools are found by it at every call."""
    return Origin(scheme, host, port, verify, server_name, client_certificate)


def fill_stage_variables(text: str, variables: Mapping[str, str], path: tuple[str, ...]) -> str:
    """Put the stage's variables in; an unset one is refused."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        if name not in variables:
            raise InvalidConfiguration(
                path,
                f"the stage variable {name!r} is not set at this stage; set it or write a value",
            )
        return variables[name]

    return _STAGE_VARIABLE.sub(value, text)


def _authority(authority: str, scheme: str, path: tuple[str, ...]) -> tuple[str, int]:
    if "{" in authority:
        raise InvalidConfiguration(
            path,
            "a request parameter cannot choose the host or port; use ${stageVariables.NAME} there",
        )
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise InvalidConfiguration(path, "Invalid HTTP endpoint specified for URI")
    port = int(match["port"]) if match["port"] else _DEFAULT_PORT[scheme]
    if not 0 < port <= _MAX_PORT:
        raise InvalidConfiguration(path, f"port {port} is not between 1 and 65535")
    return match["host"].lower(), port


def _host_header(host: str, port: int, scheme: str) -> bytes:
    return (host if port == _DEFAULT_PORT[scheme] else f"{host}:{port}").encode("ascii")


def _target(rest: str, path: tuple[str, ...]) -> tuple[str, str]:
    target, _, query = rest.partition("?")
    if "#" in rest or not rest.isascii() or re.search(r"[\x00-\x20\x7f\\]", rest):
        raise InvalidConfiguration(
            path, "the URI has a fragment, space or character that must be percent-encoded"
        )
    if has_dot_segment(target):
        raise InvalidConfiguration(path, "the URI's path has a '.' or '..' segment")
    return target or "/", query


def path_value(text: str) -> str:
    """Percent-encode decoded text for a path: all but unreserved characters, slashes too."""
    return quote(text, safe="")


def encoded_path_value(raw: str) -> str:
    """Make a path parameter as sent safe for a path, keeping its own escapes and slashes."""
    if raw.isascii() and raw.isalnum():
        return raw
    if "%" in raw and _BROKEN_ESCAPE.search(raw):
        return quote(unquote(raw), safe="/")
    return _NOT_IN_PATH.sub(_escape, raw)


def query_value(text: str) -> str:
    """Percent-encode decoded text for a query."""
    return quote(text, safe="")


def query_name(pair: str) -> str:
    """Give the decoded name of one `name=value` of a query."""
    return unquote_plus(pair.partition("=")[0])


def safe_query(raw: str) -> str:
    """Give a query as sent; what could end the request line is percent-encoded."""
    return raw if _NOT_IN_QUERY.search(raw) is None else _NOT_IN_QUERY.sub(_escape, raw)


def _escape(match: re.Match[str]) -> str:
    """Escape one character; up to U+00FF it stands for the byte it came from on the wire."""
    character = match.group(0)
    encoding = "latin-1" if ord(character) <= 0xFF else "utf-8"  # noqa: PLR2004 - Latin-1's end
    return quote(character, safe="", encoding=encoding)
