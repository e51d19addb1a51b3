"""InitiateAuth, RespondToAuthChallenge and their Admin forms; GetTokensFromRefreshToken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.services.cognito_idp.lookup import pools_of, the_client, the_pool
from bargate.services.operation import Later, operation
from bargate.userpool import find
from bargate.userpool.flows.refresh_token import tokens_from_refresh_token
from bargate.userpool.progress import Asked, Authenticated
from bargate.userpool.secret_hash import check_client_secret
from bargate.userpool.sign_in import initiate, respond

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params
    from bargate.userpool.sign_in import Reply


@operation()
def initiate_auth(call: OperationCall, request: Params) -> Later:
    """Begin a sign-in, for a user."""
    return _initiate(call, request, _asked_by_user(call, request, "AuthParameters"))


@operation()
def admin_initiate_auth(call: OperationCall, request: Params) -> Later:
    """Begin a sign-in, for a server."""
    return _initiate(call, request, _asked_by_admin(call, request, "AuthParameters"))


@operation()
def respond_to_auth_challenge(call: OperationCall, request: Params) -> Later:
    """Answer a challenge, for a user."""
    return _respond(call, request, _asked_by_user(call, request, "ChallengeResponses"))


@operation()
def admin_respond_to_auth_challenge(call: OperationCall, request: Params) -> Later:
    """Answer a challenge, for a server."""
    return _respond(call, request, _asked_by_admin(call, request, "ChallengeResponses"))


@operation()
def get_tokens_from_refresh_token(call: OperationCall, request: Params) -> Later:
    """Give new tokens, and with rotation the next refresh token."""
    asked = _asked_by_user(call, request, "")
    device_key = request.get("DeviceKey")
    if device_key is not None:
        asked = replace(asked, parameters={"DEVICE_KEY": device_key})
    check_client_secret(asked.client, request.get("ClientSecret"))
    pools = pools_of(call)

    async def work() -> Params:
        found = await tokens_from_refresh_token(pools, asked, request["RefreshToken"])
        return {"AuthenticationResult": result_output(found)}

    return Later(work)


def _asked_by_user(call: OperationCall, request: Params, parameters: str) -> Asked:
    client = find.the_client(call.tx, request["ClientId"])
    return Asked(
        pool=find.pool_of_id(call.tx, client.pool_id),
        client=client,
        flow=request.get("AuthFlow", ""),
        parameters=request.get(parameters) or {},
        metadata=request.get("ClientMetadata") or {},
        source_ip=source_ip(call),
        now=call.now,
    )


def _asked_by_admin(call: OperationCall, request: Params, parameters: str) -> Asked:
    context = request.get("ContextData") or {}
    return Asked(
        pool=the_pool(call, request),
        client=the_client(call, request),
        flow=request.get("AuthFlow", ""),
        parameters=request.get(parameters) or {},
        metadata=request.get("ClientMetadata") or {},
        is_admin=True,
        source_ip=context.get("IpAddress", ""),
        now=call.now,
    )


def source_ip(call: OperationCall) -> str:
    """Give the address that a call came from."""
    found = call.circumstances.get("aws:sourceip", "")
    return found if isinstance(found, str) else ""


def _initiate(call: OperationCall, request: Params, asked: Asked) -> Later:
    pools = pools_of(call)
    asked = replace(asked, sign_up_session=request.get("Session"))

    async def work() -> Params:
        return reply_output(await initiate(pools, asked))

    return Later(work)


def _respond(call: OperationCall, request: Params, asked: Asked) -> Later:
    pools, name, session = pools_of(call), request["ChallengeName"], request.get("Session")

    async def work() -> Params:
        return reply_output(await respond(pools, asked, name, session))

    return Later(work)


def reply_output(reply: Reply) -> Params:
    """Write a challenge or tokens."""
    if isinstance(reply, Authenticated):
        return {"AuthenticationResult": result_output(reply), "ChallengeParameters": {}}
    output: Params = {
        "ChallengeName": reply.challenge.name,
        "ChallengeParameters": reply.challenge.parameters,
    }
    if reply.session is not None:
        output["Session"] = reply.session
    if reply.challenge.available:
        output["AvailableChallenges"] = list(reply.challenge.available)
    return output


def result_output(found: Authenticated) -> Params:
    """Write tokens."""
    output: Params = {
        "AccessToken": found.access_token,
        "ExpiresIn": found.expires_in_s,
        "TokenType": "Bearer",
        "IdToken": found.id_token,
    }
    if found.refresh_token is not None:
        output["RefreshToken"] = found.refresh_token
    if found.new_device is not None:
        output["NewDeviceMetadata"] = {
            "DeviceKey": found.new_device.key,
            "DeviceGroupKey": found.new_device.group_key,
        }
    return output
