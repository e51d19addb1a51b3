"""SetRiskConfiguration, DescribeRiskConfiguration, SetLogDeliveryConfiguration, Get…: stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bargate.records.pool_configuration import POOL_CONFIGURATION, PoolConfiguration
from bargate.services.cognito_idp.lookup import the_client, the_pool
from bargate.services.operation import operation
from bargate.userpool.configurations import log_delivery_of, risk_of

if TYPE_CHECKING:
    from bargate.records.pool_configuration import ConfigurationName
    from bargate.services.operation import OperationCall, Params
    from bargate.store.interface import Transaction


@operation(writes=True)
def set_risk_configuration(call: OperationCall, request: Params) -> Params:
    """Set what is to be done about risks, for a pool or one client; the whole of it."""
    pool, client_id = the_pool(call, request), _client_id(call, request)
    value = risk_of(pool, request)
    if value:
        put_configuration(call, pool.id, "risk", value, client_id)
    else:
        _drop(call, (pool.id, client_id, "risk"))
    place = {"UserPoolId": pool.id} | ({"ClientId": client_id} if client_id else {})
    return {"RiskConfiguration": place | value | {"LastModifiedDate": call.now}}


@operation()
def describe_risk_configuration(call: OperationCall, request: Params) -> Params:
    """Give what a client has of its own, or else what the pool has (AWS [M])."""
    pool, client_id = the_pool(call, request), _client_id(call, request)
    found = call.tx.find(POOL_CONFIGURATION, (pool.id, client_id, "risk"))
    found = found or call.tx.find(POOL_CONFIGURATION, (pool.id, "", "risk"))
    output: Params = {"UserPoolId": pool.id}
    if found is not None:
        output |= found.value | {"LastModifiedDate": found.modified_at}
        output |= {"ClientId": found.client_id} if found.client_id else {}
    return {"RiskConfiguration": output}


@operation(writes=True)
def set_log_delivery_configuration(call: OperationCall, request: Params) -> Params:
    """Set where logs are to go; the whole of it."""
    pool = the_pool(call, request)
    configurations = log_delivery_of(pool, request["LogConfigurations"])
    put_configuration(call, pool.id, "log-delivery", {"LogConfigurations": configurations})
    return _log_delivery(pool.id, configurations)


@operation()
def get_log_delivery_configuration(call: OperationCall, request: Params) -> Params:
    """Give where logs are to go."""
    pool = the_pool(call, request)
    found = call.tx.find(POOL_CONFIGURATION, (pool.id, "", "log-delivery"))
    return _log_delivery(pool.id, [] if found is None else found.value["LogConfigurations"])


def _log_delivery(pool_id: str, configurations: list[dict[str, Any]]) -> Params:
    told = {"UserPoolId": pool_id, "LogConfigurations": configurations}
    return {"LogDeliveryConfiguration": told}


def put_configuration(
    call: OperationCall,
    pool_id: str,
    name: ConfigurationName,
    value: dict[str, Any],
    client_id: str = "",
) -> None:
    """Store a setting of a pool, or of one of its clients."""
    key = (pool_id, client_id, name)
    if call.tx.find(POOL_CONFIGURATION, key) is not None:
        call.tx.update(
            POOL_CONFIGURATION, key, lambda old: replace(old, value=value, modified_at=call.now)
        )
        return
    new = PoolConfiguration(
        pool_id=pool_id,
        name=name,
        client_id=client_id,
        value=value,
        created_at=call.now,
        modified_at=call.now,
    )
    call.tx.create(POOL_CONFIGURATION, new)


def drop_configurations(tx: Transaction, pool_id: str, client_id: str) -> None:
    """Delete the settings of a client that goes."""
    for each in tx.list(POOL_CONFIGURATION, (pool_id, client_id)):
        tx.delete(POOL_CONFIGURATION, POOL_CONFIGURATION.key_of(each))


def _drop(call: OperationCall, key: tuple[str, str, str]) -> None:
    if call.tx.find(POOL_CONFIGURATION, key) is not None:
        call.tx.delete(POOL_CONFIGURATION, key)


def _client_id(call: OperationCall, request: Params) -> str:
    return the_client(call, request).id if request.get("ClientId") else ""
