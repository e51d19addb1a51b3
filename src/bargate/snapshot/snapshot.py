"""What a worker serves: every API by its id and host name, and every stage by its name."""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from bargate.access.arrival import DIRECT
from bargate.access.paths import normalize_path
from bargate.access.verdict import Denial
from bargate.mapping.plan import Response
from bargate.snapshot.compiled import CompiledStage, Unresolved
from bargate.snapshot.domains import Domains

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.access.arrival import Arrival
    from bargate.model.installation import Installation
    from bargate.snapshot.domains import Domain

API_PREFIX = "/_api/"
DEFAULT_STAGE = "$default"
_AWS_PREFIX = "/_aws/execute-api/"
_RESTAPIS_PREFIX = "/restapis/"
_USER_REQUEST = "_user_request_"

_JSON = (b"Content-Type", b"application/json")


class CompiledApi(Struct, frozen=True, eq=False):
    """The stages of one API, by name, and the host name that it answers to."""

    api_id: str
    kind: Literal["REST", "HTTP"]
    domain_name: str
    stages: Mapping[str, CompiledStage]

    def names(self, vpc_endpoint_id: str) -> bool:
        """Say whether any stage of it has a host name for an endpoint."""
        return any(vpc_endpoint_id in stage.vpc_endpoint_ids for stage in self.stages.values())


class DomainMatch(Struct, frozen=True):
    """The custom domain name of a call and the base path of the mapping, "" for the root."""

    domain_name: str
    base_path: str


class Snapshot:
    """Everything served, as of one moment. Immutable.

    With `dev`, an API answers to the host names and paths that other emulators gave it, too; `draw`
    splits calls between a stage and its canary.
    """

    __slots__ = ("_dev", "_domains", "_draw", "_hosts", "apis", "installation")

    def __init__(
        self,
        installation: Installation,
        apis: Mapping[str, CompiledApi],
        *,
        dev: bool = False,
        draw: Callable[[], float] = random,
    ) -> None:
        self.installation = installation
        self.apis = apis
        self._dev = dev
        self._draw = draw
        self._domains = Domains(installation.domains)
        self._hosts = {
            api.domain_name.lower().encode("ascii"): api_id for api_id, api in apis.items()
        }

    def resolve(
        self,
        host: bytes | None,
        path: str,
        arrival: Arrival = DIRECT,
    ) -> tuple[CompiledStage, str] | Unresolved:
        """Find the stage of a request and its path below API and stage, in normal form.

        `host` is lower case without port; it, or a path below `/_api/{apiId}`, names the API. The
        path given back is empty when it has no normal form: it matches no route. Interface
        endpoints lead to private APIs, and nothing else does.
        """
        domain = self._domains.find(host)
        if domain is not None:
            return self._of_domain(domain, path, arrival)
        if path.startswith(API_PREFIX):
            api_id, rest = _below(path, API_PREFIX)
        else:
            api_id, rest = self._named(host or b"", arrival), path[1:]
            if self._dev and not api_id:
                api_id, rest = dev_names(host or b"", path)
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
        return self._at(stage, f"/{below}", arrival)

    def domain_of(self, host: bytes | None, path: str) -> DomainMatch | None:
        """Give the custom domain name that a host names, and the base path that matched."""
        domain = self._domains.find(host)
        if domain is None:
            return None
        found = domain.match(normalize_path(path) or "")
        return DomainMatch(domain.name, "" if found is None else found[0].base_path)

    def _of_domain(
        self, domain: Domain, path: str, arrival: Arrival
    ) -> tuple[CompiledStage, str] | Unresolved:
        """Find the stage that a mapping of a custom domain name leads to.

        INVARIANT: a name with mutual TLS answers on connections alone whose handshake was for it and
        showed a certificate: one from before the name wanted mutual TLS did not.
        """
        is_shown = arrival.client_certificate is not None and arrival.server_name == domain.name
        if domain.is_mutual and not is_shown:
            return _NOT_AUTHENTICATED
        found = domain.match(normalize_path(path) or "")
        if found is None:
            return _NOT_MAPPED
        mapping, rest = found
        api = self.apis.get(mapping.api_id)
        if api is None:
            return _UNKNOWN_API
        name = mapping.stage
        if name is None:
            name, _, below = rest[1:].partition("/")
            rest = f"/{below}"
        stage = api.stages.get(name)
        return _unknown_stage(api, name) if stage is None else self._at(stage, rest, arrival)

    def _at(
        self, stage: CompiledStage, path: str, arrival: Arrival
    ) -> tuple[CompiledStage, str] | Unresolved:
        """Give a stage or its canary, if this door leads to it."""
        # AWS [D]: by chance, call by call. INVARIANT: 0 % never and 100 % always, as 0 <= draw < 1.
        if stage.canary is not None and self._draw() * 100 < stage.canary_percent:
            stage = stage.canary
        if stage.is_private != bool(arrival.vpc_endpoint_id):
            return _PRIVATE_FROM_OUTSIDE if stage.is_private else _PUBLIC_FROM_INSIDE
        return stage, normalize_path(path) or ""

    def _named(self, host: bytes, arrival: Arrival) -> str:
        """Give the API that a host names: through an endpoint `{apiId}-{endpoint}.…`, too.

        AWS [D] apigw-evaluation §4: the latter for endpoints that the API names.
        """
        api_id = self._hosts.get(host)
        if api_id is not None or not arrival.vpc_endpoint_id:
            return api_id or ""
        mark = f"-{arrival.vpc_endpoint_id}.".encode("ascii")
        plain, is_marked, domain = host.partition(mark)
        api_id = self._hosts.get(plain + b"." + domain) if is_marked else None
        api = None if api_id is None else self.apis[api_id]
        if api is None or not api.names(arrival.vpc_endpoint_id):
            return ""
        return api.api_id

    def frames(self) -> set[int]:
        """Give the identities of the frames in use: what is kept beyond them is of the past."""
        stages = [stage for api in self.apis.values() for stage in api.stages.values()]
        canaries = [stage.canary for stage in stages if stage.canary is not None]
        return {id(stage.frame) for stage in stages + canaries}


def dev_names(host: bytes, path: str) -> tuple[str, str]:
    """Give API id and the rest of the path as other emulators have them, empty when not so.

    `{apiId}.execute-api.<any domain>`, `/_aws/execute-api/{apiId}/{stage}/…` and
    `/restapis/{apiId}/{stage}/_user_request_/…` ([O] LocalStack).
    """
    if path.startswith(_AWS_PREFIX):
        return _below(path, _AWS_PREFIX)
    if path.startswith(_RESTAPIS_PREFIX):
        api_id, rest = _below(path, _RESTAPIS_PREFIX)
        stage, _, below = rest.partition("/")
        marker, _, below = below.partition("/")
        return (api_id, f"{stage}/{below}") if marker == _USER_REQUEST else ("", path[1:])
    label, found, _ = host.partition(b".execute-api.")
    return (label.decode("latin-1") if found else ""), path[1:]


def _below(path: str, prefix: str) -> tuple[str, str]:
    """Give the API id that follows a prefix, and what follows it."""
    api_id, _, rest = path[len(prefix) :].partition("/")
    return api_id, rest


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

_NOT_MAPPED = _forbidden(
    reason="host.no_mapping", detail="no base path mapping of the domain name begins this path"
)
_NOT_AUTHENTICATED = _forbidden(
    reason="host.mutual_tls",
    detail="the domain name wants mutual TLS, and this connection's handshake was not for it,"
    " or was before it did",
)
_PRIVATE_FROM_OUTSIDE = _forbidden(
    reason="host.private_api",
    detail="the API is private: only interface VPC endpoints lead to it",
)
_PUBLIC_FROM_INSIDE = _forbidden(
    reason="host.public_api_through_endpoint",
    detail="the API is public: VPC endpoints lead to private APIs alone",
)


def _unknown_stage(api: CompiledApi, name: str) -> Unresolved:
    detail = f"API {api.api_id} has no stage named {name[:128]!r}"
    refuse = _forbidden if api.kind == "REST" else _not_found
    return refuse(reason="host.unknown_stage", detail=detail)


def _disabled(stage: CompiledStage) -> Unresolved:
    detail = "disableExecuteApiEndpoint is true and the API has no custom domain"
    refuse = _forbidden if stage.kind == "REST" else _not_found
    return refuse(reason="host.endpoint_disabled", detail=detail)
