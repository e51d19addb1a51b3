"""CORS of HTTP APIs, answered by the gateway itself.

AWS [D]/[O] apigw-objects §5: a preflight is answered 204 without a body, with CORS headers only
for an allowed origin; the backend's own CORS headers are dropped from every answer.

    allowOrigins   `*`, `https://*`, `https://*.example.com` or an origin
    Vary: Origin   on every answer that depends on the origin, also for refused origins
"""

import re
from collections.abc import Iterable

from bargate.access.call import Call
from bargate.mapping.headers import is_header_name
from bargate.mapping.plan import Headers, Response
from bargate.model.http_api import Cors
from bargate.model.invalid import InvalidConfiguration

_PATH = "x-amazon-apigateway-cors"
_MAX_AGE_S = 86_400
_ORIGIN = re.compile(r"[a-z][a-z0-9+.\-]*://(?:[a-z0-9._\-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_SUBDOMAINS = re.compile(r"([a-z][a-z0-9+.\-]*://)\*(\.[a-z0-9.\-]+(?::[0-9]{1,5})?)")
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]*://)\*")
_HOST = r"(?:[A-Za-z0-9._\-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_LABELS = r"(?:[A-Za-z0-9_\-]+\.)*[A-Za-z0-9_\-]+"
_REQUESTED = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z, \t]{1,4096}")
_CORS_HEADER = b"access-control-"
_VARY = (b"Vary", b"Origin")


class CompiledCors:
    """The cross-origin settings of one HTTP API."""

    __slots__ = ("_actual", "_any_origin", "_cors", "_exact", "_patterns", "_preflight")

    def __init__(self, cors: Cors) -> None:
        origins = [origin.strip().lower() for origin in cors.allow_origins]
        self._cors = cors
        self._any_origin = "*" in origins
        self._exact = frozenset(o.encode("ascii") for o in origins if "*" not in o)
        self._patterns = tuple(_pattern(o) for o in origins if "*" in o and o != "*")
        self._actual = _actual_headers(cors)
        self._preflight = _preflight_headers(cors)

    def preflight(self, call: Call) -> Response | None:
        """Answer a preflight; None when the call is none."""
        header = call.header
        if (
            call.method != "OPTIONS"
            or b"origin" not in header
            or b"access-control-request-method" not in header
        ):
            return None
        origin = header[b"origin"]
        if not self._allows(origin):
            return Response(204, [_VARY])
        return Response(
            204, [*self._origin_headers(origin), *self._preflight, *self._requested(call)]
        )

    def apply(self, call: Call, headers: Headers) -> Headers:
        """Replace the backend's CORS headers with the API's own."""
        kept = [header for header in headers if not header[0][:15].lower().startswith(_CORS_HEADER)]
        origin = call.header.get(b"origin")
        if origin is not None and self._allows(origin):
            kept += self._origin_headers(origin)
            kept += self._actual
        elif not self._any_origin:
            kept.append(_VARY)
        return kept

    def _allows(self, origin: bytes) -> bool:
        return (
            self._any_origin
            or origin in self._exact
            or any(pattern.fullmatch(origin) for pattern in self._patterns)
        )

    def _origin_headers(self, origin: bytes) -> Headers:
        if self._any_origin:
            return [(b"Access-Control-Allow-Origin", b"*")]
        return [(b"Access-Control-Allow-Origin", origin), _VARY]

    def _requested(self, call: Call) -> Headers:
        """Echo what was asked for where `*` stands beside credentials.

        Browsers take `*` literally there (Fetch §3.3); the echo says the same.
        """
        if not self._cors.allow_credentials:
            return []
        asked = (
            (self._cors.allow_methods, b"access-control-request-method", b"Methods"),
            (self._cors.allow_headers, b"access-control-request-headers", b"Headers"),
        )
        return [
            (b"Access-Control-Allow-" + name, call.header[request])
            for allowed, request, name in asked
            if "*" in allowed and _REQUESTED.fullmatch(call.header.get(request, b""))
        ]


def compile_cors(cors: Cors | None) -> CompiledCors | None:
    """Compile CORS settings; None stays None. Raises InvalidConfiguration."""
    if cors is None:
        return None
    _check_origins(cors)
    _check_names("allowMethods", cors.allow_methods)
    _check_names("allowHeaders", cors.allow_headers)
    _check_names("exposeHeaders", cors.expose_headers)
    if cors.max_age_s is not None and not -1 <= cors.max_age_s <= _MAX_AGE_S:
        raise InvalidConfiguration(
            (_PATH, "maxAge"), f"maxAge {cors.max_age_s} is not between -1 and {_MAX_AGE_S} seconds"
        )
    return CompiledCors(cors)


def _check_origins(cors: Cors) -> None:
    path = (_PATH, "allowOrigins")
    for origin in cors.allow_origins:
        plain = origin.strip().lower()
        if plain == "*" and cors.allow_credentials:
            raise InvalidConfiguration(
                path, "allowOrigins cannot be '*' with allowCredentials; list the origins"
            )
        if plain in {"*", "null"}:
            continue
        if not any(form.fullmatch(plain) for form in (_ORIGIN, _SUBDOMAINS, _SCHEME)):
            raise InvalidConfiguration(
                path,
                f"{origin!r} is not an origin; write '*', 'https://*', 'https://*.example.com' or"
                " 'https://www.example.com', without a path",
            )


def _check_names(field: str, names: Iterable[str]) -> None:
    for name in names:
        if not is_header_name(name):
            raise InvalidConfiguration((_PATH, field), f"{name!r} cannot stand in {field}")


def _pattern(origin: str) -> re.Pattern[bytes]:
    if (match := _SUBDOMAINS.fullmatch(origin)) is not None:
        text = re.escape(match[1]) + _LABELS + re.escape(match[2])
    else:
        text = re.escape(origin[:-1]) + _HOST
    return re.compile(text.encode("ascii"))


def _actual_headers(cors: Cors) -> Headers:
    headers: Headers = []
    if cors.allow_credentials:
        headers.append((b"Access-Control-Allow-Credentials", b"true"))
    if cors.expose_headers:
        headers.append((b"Access-Control-Expose-Headers", _joined(cors.expose_headers)))
    return headers


def _preflight_headers(cors: Cors) -> Headers:
    headers: Headers = []
    for name, values in ((b"Methods", cors.allow_methods), (b"Headers", cors.allow_headers)):
        if values and not ("*" in values and cors.allow_credentials):
            headers.append((b"Access-Control-Allow-" + name, _joined(values)))
    if cors.max_age_s is not None:
        headers.append((b"Access-Control-Max-Age", b"%d" % cors.max_age_s))
    if cors.allow_credentials:
        headers.append((b"Access-Control-Allow-Credentials", b"true"))
    return headers


def _joined(names: Iterable[str]) -> bytes:
    return ",".join(names).encode("ascii")
