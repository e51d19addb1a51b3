"""`$context.*`: what mapping templates, gateway responses and access logs can say about a call.

AWS [D] apigw-objects §3. Names that need a Lambda authorizer, IAM, a client certificate or a web
ACL are known and empty where there is none; unknown names are empty too, as at AWS, and
`is_known_variable` lets the caller warn. What belongs to a refusal (`error.*`) is in `errors`.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Struct

from bargate.access.call import Call, Facts
from bargate.model.installation import Installation, Stage


class Routed(Protocol):
    """What is asked of a method or route that a call was routed to."""

    @property
    def resource_id(self) -> str:
        """The REST resource's id."""

    @property
    def resource_path(self) -> str:
        """The path as written in the API."""

    @property
    def route_key(self) -> str:
        """The verb and path."""


class Place(Struct, frozen=True, kw_only=True):
    """What `$context` knows before any call: an API, a stage and one method or route of it."""

    kind: Literal["REST", "HTTP"]
    account_id: str
    api_id: str
    stage: str
    stage_variables: Mapping[str, str]
    domain_name: str
    resource_id: str = ""
    resource_path: str = ""
    route_key: str = ""
    is_canary: bool | None = None

    @property
    def domain_prefix(self) -> str:
        """The first label of the domain name."""
        return self.domain_name.partition(".")[0]


Variable: TypeAlias = Callable[[Call, Facts, Place], str | None]

# The value is a credential: it may go to a backend, never to a log.
SECRET_VARIABLES = frozenset({"identity.apiKey"})

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_BRACKETED = re.compile(r"""(.*?)\[(['"])(.*)\2\]""")


def domain_name(installation: Installation, api_id: str) -> str:
    """Give the host name AWS would serve an API at, with the installation's own domain."""
    return f"{api_id}.execute-api.{installation.region}.{installation.domain}"


def place_of(
    kind: Literal["REST", "HTTP"], installation: Installation, api_id: str, stage: Stage
) -> Place:
    """Give the place of a stage as a whole, without a method or route."""
    return Place(
        kind=kind,
        account_id=installation.account_id,
        api_id=api_id,
        stage=stage.name,
        stage_variables=stage.variables,
        domain_name=domain_name(installation, api_id),
        is_canary=stage.is_canary,
    )


def trace_id(call: Call) -> str:
    """Give the X-Ray trace header of a call: the client's where it is well formed, else a new one.

    AWS [R]: backends get `Root=1-<8 hex: seconds>-<24 hex>`.
    """
    if b"x-amzn-trace-id" in call.header:
        sent = call.header[b"x-amzn-trace-id"]
        if _TRACE.fullmatch(sent):
            return sent.decode("ascii")
    request_id = call.request_id
    if len(request_id) == _UUID_CHARACTERS:
        unique = request_id.replace("-", "")[:24]
    else:
        unique = request_id.encode().hex()[:24].ljust(24, "0")
    return _trace_root(int(call.received_at)) + unique


@lru_cache(maxsize=8)
def _trace_root(second: int) -> str:
    return f"Root=1-{second:08x}-"


_UUID_CHARACTERS = 36
_TRACE = re.compile(rb"[A-Za-z0-9=;:\-. ]{1,256}")


def request_time(received_at: float) -> str:
    """Give seconds since the epoch in Common Log Format, e.g. `22/Nov/2026:18:59:49 +0000`."""
    return _second_in_clf(int(received_at))


@lru_cache(maxsize=8)
def _second_in_clf(second: int) -> str:
    at = datetime.fromtimestamp(second, UTC)
    return f"{at:%d}/{_MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S} +0000"


def _path(call: Call, _facts: Facts, place: Place) -> str:
    if call.domain_name:
        return call.path
    # AWS [D]: with the stage; the `/_api/<id>` prefix of nameless hosts is not part of it.
    prefix = "" if place.stage == "$default" else f"/{place.stage}"
    return prefix + call.resource_path


def _api_key(call: Call, facts: Facts, _place: Place) -> str | None:
    if facts.api_key_id is None:
        return None
    # INVARIANT: a header of the client is not told as the key that an authorizer gave.
    return facts.usage_identifier_key or call.text(b"x-api-key")


def _is_canary(_call: Call, _facts: Facts, place: Place) -> str | None:
    # AWS [D]: present only where a stage has a canary.
    return None if place.is_canary is None else str(place.is_canary).lower()


def _extended_request_id(call: Call, _facts: Facts, place: Place) -> str:
    return call.extended_request_id if place.kind == "REST" else call.request_id


def _of_signer(name: str) -> Variable:
    """Give an attribute of who signed a call; AWS [D] apigw-objects §3: absent for others."""

    def variable(_call: Call, facts: Facts, _place: Place) -> str | None:
        identity = facts.identity
        return None if identity is None else str(getattr(identity, name))

    return variable


def _of_client(name: str) -> Variable:
    """Give an attribute of the certificate that a client showed; absent without mutual TLS."""

    def variable(call: Call, _facts: Facts, _place: Place) -> str | None:
        certificate = call.arrival.client_certificate
        return None if certificate is None else str(getattr(certificate, name))

    return variable


VARIABLES: Mapping[str, Variable] = {
    "requestId": lambda call, _facts, _place: call.request_id,
    "extendedRequestId": _extended_request_id,
    "httpMethod": lambda call, _facts, _place: call.method,
    "path": _path,
    "protocol": lambda _call, _facts, _place: "HTTP/1.1",
    "requestTime": lambda call, _facts, _place: request_time(call.received_at),
    "requestTimeEpoch": lambda call, _facts, _place: str(int(call.received_at * 1000)),
    "stage": lambda _call, _facts, place: place.stage,
    "apiId": lambda _call, _facts, place: place.api_id,
    "accountId": lambda _call, _facts, place: place.account_id,
    "domainName": lambda call, _facts, place: call.domain_name or place.domain_name,
    "domainPrefix": lambda call, _facts, place: (call.domain_name or place.domain_name).partition(
        "."
    )[0],
    "customDomain.basePathMatched": lambda call, _facts, _place: call.base_path,
    "resourceId": lambda _call, _facts, place: place.resource_id or None,
    "resourcePath": lambda _call, _facts, place: place.resource_path or None,
    "routeKey": lambda _call, _facts, place: place.route_key or None,
    "isCanaryRequest": _is_canary,
    "identity.sourceIp": lambda call, _facts, _place: call.source_ip,
    "identity.vpcId": lambda call, _facts, _place: call.arrival.vpc_id or None,
    "identity.vpceId": lambda call, _facts, _place: call.arrival.vpc_endpoint_id or None,
    "identity.userAgent": lambda call, _facts, _place: call.text(b"user-agent"),
    "identity.apiKey": _api_key,
    "identity.apiKeyId": lambda _call, facts, _place: facts.api_key_id,
    "identity.accessKey": _of_signer("access_key_id"),
    "identity.accountId": _of_signer("account_id"),
    "identity.caller": _of_signer("user_id"),
    "identity.user": _of_signer("user_id"),
    "identity.userArn": _of_signer("arn"),
    "identity.clientCert.clientCertPem": _of_client("pem"),
    "identity.clientCert.subjectDN": _of_client("subject_dn"),
    "identity.clientCert.issuerDN": _of_client("issuer_dn"),
    "identity.clientCert.serialNumber": _of_client("serial_number"),
    "identity.clientCert.validity.notBefore": _of_client("not_before"),
    "identity.clientCert.validity.notAfter": _of_client("not_after"),
    "xrayTraceId": lambda call, _facts, _place: trace_id(call),
    "authorizer.principalId": lambda _call, facts, _place: facts.principal_id,
    "error.validationErrorString": lambda _call, facts, _place: facts.validation_error,
}

# AWS [D] apigw-objects §3: known, and empty where nothing fills them.
EMPTY_VARIABLES = frozenset(
    {
        "awsEndpointRequestId",
        "awsEndpointRequestId2",
        "deploymentId",
        "error.message",
        "error.messageString",
        "error.responseType",
        "identity.cognitoAuthenticationProvider",
        "identity.cognitoAuthenticationType",
        "identity.cognitoIdentityId",
        "identity.cognitoIdentityPoolId",
        "identity.principalOrgId",
        "responseOverride.status",
        "wafResponseCode",
        "webaclArn",
    }
)
_OPEN_PREFIXES = (
    "authorizer.",
    "requestOverride.header.",
    "requestOverride.path.",
    "requestOverride.querystring.",
    "responseOverride.header.",
)


def compile_variable(name: str) -> Variable:
    """Compile `$context.<name>`; a claim may be `authorizer.claims.x` or `…claims['x']`."""
    known = VARIABLES.get(name)
    if known is not None:
        return known
    if name.startswith("authorizer."):
        return _authorizer_variable(name.removeprefix("authorizer."))
    return _empty


def is_known_variable(name: str) -> bool:
    """Say whether AWS gives `$context.<name>` a meaning while a request is answered."""
    return name in VARIABLES or name in EMPTY_VARIABLES or name.startswith(_OPEN_PREFIXES)


def claim_text(value: Any, kind: Literal["REST", "HTTP"]) -> str:
    """Write a claim as AWS does: lists `a,b` in REST APIs and `[a b]` in HTTP APIs [O].

    Objects, of which nothing is recorded, are compact JSON [I].
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        items = [claim_text(item, kind) for item in value]
        return ",".join(items) if kind == "REST" else f"[{' '.join(items)}]"
    if isinstance(value, Mapping):
        return json.dumps(dict(value), separators=(",", ":"), ensure_ascii=False)
    return "null" if value is None else str(value)


def _empty(_call: Call, _facts: Facts, _place: Place) -> None:
    return None


def _authorizer_variable(name: str) -> Variable:
    if (match := _BRACKETED.fullmatch(name)) is not None:
        name = f"{match.group(1)}.{match.group(3)}" if match.group(1) else match.group(3)
    name = name.removeprefix("jwt.")
    if name.startswith("claims."):
        return _claim(name.removeprefix("claims."))

    name = name.removeprefix("lambda.")

    def variable(_call: Call, facts: Facts, _place: Place) -> str | None:
        value = facts.authorizer_context.get(name)
        return value if value is None or isinstance(value, str) else context_text(value)

    return variable


def context_text(value: Any) -> str:
    """Write what an authorizer of an HTTP API says: texts as they are, all else as JSON [I]."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _claim(name: str) -> Variable:
    def variable(_call: Call, facts: Facts, place: Place) -> str | None:
        value = None if facts.claims is None else facts.claims.get(name)
        return None if value is None else claim_text(value, place.kind)

    return variable
