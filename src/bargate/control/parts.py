"""Which parts of the snapshot a stored record bears on, and what becomes of them.

    Change ──concerned──► Subject ──part_of──► Part | None (gone)

A subject is named by the key of its record; the name of its part may change with its content, as
an ARN does when a user is renamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from bargate.control import served_functions
from bargate.control.served_domains import domains_of, served_domain
from bargate.identity.affected import affected
from bargate.identity.resolve import access_key_of, resolve_role, resolve_user
from bargate.model.client_certificate import ClientCertificate
from bargate.model.network import VpcEndpoint
from bargate.records.access_key import ACCESS_KEY
from bargate.records.api_key import API_KEY, KNOWN_KEY
from bargate.records.client_certificate import CLIENT_CERTIFICATE
from bargate.records.domain_name import DOMAIN_NAME
from bargate.records.function import LAMBDA_FUNCTION
from bargate.records.http_stage import HTTP_STAGE
from bargate.records.iam_role import ROLE
from bargate.records.iam_user import USER
from bargate.records.pool_revocation import POOL_REVOCATION
from bargate.records.rest_stage import REST_STAGE
from bargate.records.sealing_key import SEALING_KEY
from bargate.records.usage_plan import USAGE_PLAN
from bargate.records.usage_plan_key import USAGE_PLAN_KEY
from bargate.records.user_pool import USER_POOL
from bargate.records.vpc import VPC_ENDPOINT
from bargate.tokens.session import SealingKey
from bargate.userpool import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bargate.records.user_pool import UserPool
    from bargate.snapshot.parts import Part
    from bargate.store.interface import Change, Reader
    from bargate.store.kind import Key

SubjectKind = Literal[
    "rest_stage",
    "http_stage",
    "user",
    "role",
    "access_key",
    "sealing_key",
    "api_key",
    "usage_plan",
    "client_certificate",
    "vpc_endpoint",
    "domain_name",
    "function",
    "user_pool",
    "ended_tokens",
]


class Subject(Struct, frozen=True):
    """What a part is about: its kind and the key that finds it in the store."""

    kind: SubjectKind
    key: tuple[str, ...]

    @property
    def is_stage(self) -> bool:
        """Whether it is a stage of an API rather than somebody who may call."""
        return self.kind in {"rest_stage", "http_stage"}


# Kinds of records that are parts of their own, each under its own key.
_OWN: dict[str, SubjectKind] = {
    REST_STAGE.name: "rest_stage",
    HTTP_STAGE.name: "http_stage",
    SEALING_KEY.name: "sealing_key",
    CLIENT_CERTIFICATE.name: "client_certificate",
    API_KEY.name: "api_key",
    USAGE_PLAN.name: "usage_plan",
    VPC_ENDPOINT.name: "vpc_endpoint",
    DOMAIN_NAME.name: "domain_name",
    POOL_REVOCATION.name: "ended_tokens",
}


def concerned(tx: Reader, changes: Iterable[Change]) -> Iterator[Subject]:
    """Give the subjects that changes bear on, some of them more than once."""
    for change in changes:
        own = _OWN.get(change.kind)
        if own is not None:
            yield Subject(own, change.key)
        elif change.kind == USAGE_PLAN_KEY.name:
            account_id, region, _, key_id = change.key
            yield Subject("api_key", (account_id, region, key_id))
        elif change.kind in served_functions.KINDS:
            yield Subject("function", change.key[:3])
        else:
            yield from (Subject("user_pool", key) for key in published.pools_of(change))
            yield from (Subject("domain_name", key) for key in domains_of(tx, change))
            for kind, key in affected(tx, change):
                yield Subject(kind, key)


def all_subjects(tx: Reader) -> Iterator[Subject]:
    """Give everything that a worker needs, but for API keys."""
    yield from (Subject("sealing_key", SEALING_KEY.key_of(key)) for key in tx.list(SEALING_KEY))
    for certificate in tx.list(CLIENT_CERTIFICATE):
        yield Subject("client_certificate", CLIENT_CERTIFICATE.key_of(certificate))
    yield from (Subject("access_key", (key.id,)) for key in tx.list(ACCESS_KEY))
    yield from (Subject("user", USER.key_of(user)) for user in tx.list(USER))
    yield from (Subject("role", ROLE.key_of(role)) for role in tx.list(ROLE))
    yield from (Subject("vpc_endpoint", VPC_ENDPOINT.key_of(e)) for e in tx.list(VPC_ENDPOINT))
    yield from (Subject("domain_name", DOMAIN_NAME.key_of(d)) for d in tx.list(DOMAIN_NAME))
    yield from (Subject("rest_stage", REST_STAGE.key_of(stage)) for stage in tx.list(REST_STAGE))
    yield from (Subject("http_stage", HTTP_STAGE.key_of(stage)) for stage in tx.list(HTTP_STAGE))
    yield from (Subject("usage_plan", USAGE_PLAN.key_of(plan)) for plan in tx.list(USAGE_PLAN))
    yield from (Subject("function", LAMBDA_FUNCTION.key_of(f)) for f in tx.list(LAMBDA_FUNCTION))
    yield from (Subject("user_pool", (pool.id,)) for pool in tx.list(USER_POOL))
    for ended in tx.list(POOL_REVOCATION):
        yield Subject("ended_tokens", POOL_REVOCATION.key_of(ended))


class Place(Struct, frozen=True, eq=False):
    """What of an installation stands in parts, but in no record.

    `code_folder` is where deployment packages lie; `issuer_of` gives the issuer of a pool's tokens,
    None where there are no pools. With `ends_tokens` gateways refuse tokens that were ended.
    """

    code_folder: str = ""
    issuer_of: Callable[[UserPool], str] | None = None
    ends_tokens: bool = False


def all_parts(tx: Reader, place: Place | None = None) -> dict[Subject, Part]:
    """Give all that workers need."""
    place = place or Place()
    parts = {subject: part_of(tx, subject, place) for subject in all_subjects(tx)}
    there = {subject: part for subject, part in parts.items() if part is not None}
    # Of these there may be very many: they are not looked up one by one.
    if tx.list(KNOWN_KEY, limit=1):
        there |= {Subject("api_key", key): part for key, part in _served_keys(tx)}
    return there


def part_of(tx: Reader, subject: Subject, place: Place | None = None) -> Part | None:
    """Give the part of a subject as it is stored now, None when there is none (any more)."""
    place = place or Place()
    if subject.kind == "function":
        return served_functions.served_function(tx, subject.key, place.code_folder)
    if subject.kind in {"user_pool", "ended_tokens"}:
        return _of_pools(tx, subject, place)
    return _PARTS[subject.kind](tx, subject.key)


def _of_pools(tx: Reader, subject: Subject, place: Place) -> Part | None:
    if place.issuer_of is None:
        return None
    if subject.kind == "user_pool":
        return published.published_pool(tx, subject.key, place.issuer_of)
    if not place.ends_tokens:
        return None
    return published.ended_tokens(tx, subject.key, place.issuer_of)


# INVARIANT: what serves APIs is imported for APIs that there are: no start without waits for it.


def _served_keys(tx: Reader) -> Iterable[tuple[Key, Part]]:
    from bargate.services.apigateway.served_keys import served_keys  # noqa: PLC0415

    return served_keys(tx)


def _rest_stage(tx: Reader, key: Key) -> Part | None:
    from bargate.services.apigateway.served import served_stage  # noqa: PLC0415

    return served_stage(tx, key)


def _http_stage(tx: Reader, key: Key) -> Part | None:
    from bargate.services.apigatewayv2.served import served_stage  # noqa: PLC0415

    return served_stage(tx, key)


def _api_key(tx: Reader, key: Key) -> Part | None:
    from bargate.services.apigateway.served_keys import served_key  # noqa: PLC0415

    return served_key(tx, key)


def _usage_plan(tx: Reader, key: Key) -> Part | None:
    from bargate.services.apigateway.served_keys import served_plan  # noqa: PLC0415

    return served_plan(tx, key)


def _access_key(tx: Reader, key: Key) -> Part | None:
    return access_key_of(tx, key[0])


def _client_certificate(tx: Reader, key: Key) -> ClientCertificate | None:
    record = tx.find(CLIENT_CERTIFICATE, key)
    if record is None:
        return None
    return ClientCertificate(
        account_id=record.account_id,
        region=record.region,
        id=record.id,
        certificate=record.pem_encoded_certificate,
        private_key=record.private_key,
    )


def _vpc_endpoint(tx: Reader, key: Key) -> VpcEndpoint | None:
    record = tx.find(VPC_ENDPOINT, key)
    if record is None:
        return None
    return VpcEndpoint(
        account_id=record.account_id,
        region=record.region,
        id=record.id,
        vpc_id=record.vpc_id,
        addresses=tuple(each.address for each in record.interfaces),
        policy=record.policy,
    )


def _sealing_key(tx: Reader, key: Key) -> SealingKey | None:
    record = tx.find(SEALING_KEY, key)
    return None if record is None else SealingKey(id=record.id, key=record.key)


_PARTS: dict[SubjectKind, Callable[[Reader, Key], Part | None]] = {
    "rest_stage": _rest_stage,
    "http_stage": _http_stage,
    "user": resolve_user,
    "role": resolve_role,
    "access_key": _access_key,
    "sealing_key": _sealing_key,
    "api_key": _api_key,
    "usage_plan": _usage_plan,
    "client_certificate": _client_certificate,
    "vpc_endpoint": _vpc_endpoint,
    "domain_name": served_domain,
}
