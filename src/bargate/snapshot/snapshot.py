"""What a worker serves: every API by its id and host name, and every stage by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.access.paths import normalize_path
from bargate.access.verdict import Denial
from bargate.mapping.plan import Response
from bargate.snapshot.compiled import CompiledStage, Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.installation import Installation, ServedApi

API_PREFIX = "/_api/"
DEFAULT_STAGE = "$default"

_JSON = (b"Content-Type", b"application/json")


class CompiledApi(Struct, frozen=True, eq=False):
    """The stages of one API, and what they were compiled from."""

    served: ServedApi
    stages: Mapping[str, CompiledStage]


class Snapshot:
    """Everything served, as of one moment. Immutable."""

    __slots__ = ("_hosts", "apis", "installation")

    def __init__(self, installation: Installation, apis: Mapping[str, CompiledApi]) -> None:
        self.installation = installation
        self.apis = apis
        suffix = f".execute-api.{installation.region}.{installation.domain}".lower()
        self._hosts = {f"{api_id}{suffix}".encode("ascii"): api_id for api_id in apis}

    def resolve(self, host: bytes | None, path: str) -> tuple[CompiledStage, str] | Unresolved:
        """Find the stage of a request and its path below API and stage, in normal form.

        `host` is lower case without port; it, or a path below `/_api/{apiId}`, names the API. The
        path given back is empty when it has no normal form: it matches no route.
        """
        if path.startswith(API_PREFIX):
            _, _, api_id, rest = f"{path}/".split("/", 3)
            rest = rest[:-1]
        else:
            api_id, rest = self._hosts.get(host or b"", ""), path[1:]
        api = self.apis.get(api_id)
        if api is None:
            return _UNKNOWN_API
        name, _, below = rest.partition("/")
        stage = api.stages.get(name)
        if stage is None:
            stage, below = api.stages.get(DEFAULT_STAGE), rest
        if stage is None:
            return _unknown_stage(api, name)
        if stage.disabled:
            return _disabled(stage)
        return stage, normalize_path(f"/{below}") or ""


def _forbidden(*, reason: str, detail: str) -> Unresolved:
    """AWS [D] apigw-evaluation §1, step 0b: 403 ForbiddenException."""
    denial = Denial(
        response_type="INVALID_API_KEY", message="Forbidden", reason=reason, detail=detail
    )
    headers = [_JSON, (b"x-amzn-ErrorType", b"ForbiddenException")]
    return Unresolved(denial, Response(403, headers, b'{"message":"Forbidden"}'))


def _not_found(*, reason: str, detail: str) -> Unresolved:
    """AWS [D] apigw-errors §4: HTTP APIs answer 404."""
    denial = Denial(
        response_type="RESOURCE_NOT_FOUND", message="Not Found", reason=reason, detail=detail
    )
    return Unresolved(denial, Response(404, [_JSON], b'{"message":"Not Found"}'), "HTTP")


_UNKNOWN_API = _forbidden(
    reason="host.unknown_api", detail="neither the host nor the path names an API served"
)


def _unknown_stage(api: CompiledApi, name: str) -> Unresolved:
    detail = f"API {api.served.api.id} has no stage named {name[:128]!r}"
    is_rest = any(stage.kind == "REST" for stage in api.stages.values())
    return (_forbidden if is_rest else _not_found)(reason="host.unknown_stage", detail=detail)


def _disabled(stage: CompiledStage) -> Unresolved:
    detail = "disableExecuteApiEndpoint is true and the API has no custom domain"
    refuse = _forbidden if stage.kind == "REST" else _not_found
    return refuse(reason="host.endpoint_disabled", detail=detail)
