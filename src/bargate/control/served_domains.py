"""What workers are sent of a custom domain name: its certificate, truststore and mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.domain_name import DomainName, Mapping
from bargate.records.acm_certificate import ACM_CERTIFICATE
from bargate.records.base_path_mapping import BASE_PATH_MAPPING
from bargate.records.domain_name import DOMAIN_NAME
from bargate.records.server_certificate import SERVER_CERTIFICATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.records.base_path_mapping import BasePathMapping
    from bargate.records.domain_name import DomainName as Stored
    from bargate.records.domain_name import DomainNameEndpoint
    from bargate.secret import Secret
    from bargate.store.interface import Change, Reader
    from bargate.store.kind import Key

_Certificate = tuple[str, "Secret"]


def served_domain(tx: Reader, key: Key) -> DomainName | None:
    """Give what is served for the DOMAIN_NAME record `key`."""
    found = tx.find(DOMAIN_NAME, key)
    if found is None:
        return None
    certificate = _certificate(tx, found)
    tls = found.mutual_tls
    return DomainName(
        account_id=found.account_id,
        region=found.region,
        name=found.domain_name,
        id=found.domain_name_id or "",
        certificate=None if certificate is None else certificate[0],
        private_key=None if certificate is None else certificate[1],
        security_policy=found.endpoints[0].security_policy if found.endpoints else "TLS_1_2",
        # INVARIANT: a name that wants mutual TLS is never served without; an empty truststore is
        # one that vouches for nobody.
        truststore=None if tls is None else (tls.bundle or ""),
        is_private=found.is_private,
        vpc_endpoint_ids=found.vpc_endpoint_ids,
        policy=found.policy,
        mappings=tuple(
            Mapping(base_path=each.base_path, api_id=each.api_id, stage=each.stage)
            # [I] Routing rules cannot be made here, and then nothing is routed by rules alone.
            for each in (() if found.routing_mode == "ROUTING_RULE_ONLY" else _mappings(tx, key))
        ),
    )


def _mappings(tx: Reader, key: Key) -> list[BasePathMapping]:
    return tx.list(BASE_PATH_MAPPING, key)


def domains_of(tx: Reader, change: Change) -> Iterator[Key]:
    """Give the keys of the domain names that a change of something they use bears on."""
    if change.kind == BASE_PATH_MAPPING.name:
        yield change.key[:3]
    elif change.kind == ACM_CERTIFICATE.name:
        account_id, region, certificate_id = change.key
        arn = f":acm:{region}:{account_id}:certificate/{certificate_id}"
        for each in tx.list(DOMAIN_NAME, (account_id, region)):
            if any((endpoint.certificate_arn or "").endswith(arn) for endpoint in each.endpoints):
                yield DOMAIN_NAME.key_of(each)
    elif change.kind == SERVER_CERTIFICATE.name:
        for each in tx.list(DOMAIN_NAME, change.key[:1]):
            if any(endpoint.certificate_name or _is_iam(endpoint) for endpoint in each.endpoints):
                yield DOMAIN_NAME.key_of(each)


def _is_iam(endpoint: DomainNameEndpoint) -> bool:
    return ":iam:" in (endpoint.certificate_arn or "")


def _certificate(tx: Reader, found: Stored) -> _Certificate | None:
    """Give the chain (PEM, leaf first) and key of a name, None when it has none."""
    if found.certificate_body is not None and found.certificate_private_key is not None:
        return _chain(
            found.certificate_body, found.certificate_chain
        ), found.certificate_private_key
    for endpoint in found.endpoints:
        arn = endpoint.certificate_arn or ""
        if ":acm:" in arn:
            return _of_acm(tx, found, arn)
        name = arn.rpartition("/")[2] if _is_iam(endpoint) else endpoint.certificate_name
        if name:
            return _of_iam(tx, found.account_id, name)
    return None


def _of_acm(tx: Reader, found: Stored, arn: str) -> _Certificate | None:
    key = (found.account_id, found.region, arn.rpartition("/")[2])
    record = tx.find(ACM_CERTIFICATE, key)
    if record is None or record.arn != arn:
        return None
    return _chain(record.body, record.chain), record.private_key


def _of_iam(tx: Reader, account_id: str, name: str) -> _Certificate | None:
    record = tx.find(SERVER_CERTIFICATE, (account_id, name.lower()))
    return None if record is None else (_chain(record.body, record.chain), record.private_key)


def _chain(body: str, chain: str | None) -> str:
    return body if chain is None else f"{body.rstrip()}\n{chain}"
