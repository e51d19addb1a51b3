"""Who signed a call to the control plane: Signature Version 4, checked in AWS's order.

    claimed scope ──► read_authorization (1-13) ──► identities.find (14, 15) ──► verify (16)

With `--dev` nothing is checked: whatever key a client has makes it the administrator of an
account, as emulators do. A key that exists still tells who its owner is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.access.identities import Identity, UnknownIdentity
from bargate.policy.principals import Anonymous
from bargate.services.operation import Caller
from bargate.services.root_caller import root_caller
from bargate.sigv4.authorization import Expected, read_authorization
from bargate.sigv4.fault import SignatureFault
from bargate.sigv4.request import SignedRequest, sha256_of
from bargate.sigv4.scope import CredentialScope, credential_scope
from bargate.sigv4.style import JSON_SERVICES, QUERY_SERVICES, Style
from bargate.sigv4.verify import verify
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from botocore.model import OperationModel

    from bargate.access.identities import Identities
    from bargate.control.edge import Incoming
    from bargate.settings import ControlSettings
    from bargate.tokens.sealed import Sealer

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_BAD_REQUEST = frozenset({"IncompleteSignature", "MalformedQueryString", "BadRequest"})
_QUERY_PROTOCOLS = frozenset({"query", "ec2"})


class Signer(Struct, frozen=True, eq=False):
    """Who signed a call, for which region; `identity` None is one to whom all is allowed."""

    caller: Caller
    identity: Identity | None
    region: str


class Claim(Struct, frozen=True, eq=False):
    """A request as its signer saw it, and what it claims to be signed for: nothing is checked."""

    request: SignedRequest
    scope: CredentialScope | None

    @property
    def signing_name(self) -> str | None:
        """The service that the call claims to be signed for."""
        return None if self.scope is None else self.scope.service


def claim_of(incoming: Incoming) -> Claim:
    """Read what a request claims."""
    request = SignedRequest(
        method=incoming.request.method,
        path=incoming.request.path,
        query=incoming.request.query,
        headers=list(incoming.headers),
        body_sha256=sha256_of(incoming.request.body),
    )
    return Claim(request, credential_scope(request))


class Authenticator:
    """Tells who signed a call."""

    def __init__(self, identities: Identities, sealer: Sealer, settings: ControlSettings) -> None:
        self._identities = identities
        self._sealer = sealer
        self._settings = settings

    def authenticate(self, claim: Claim, operation: OperationModel, now: datetime) -> Signer:
        """Give who signed a call; raises AwsError in the service's own words."""
        request, claimed = claim.request, claim.scope
        if self._settings.dev:
            return self._anybody(request, claimed, now.timestamp())
        metadata = operation.service_model.metadata
        style = QUERY_SERVICES if metadata["protocol"] in _QUERY_PROTOCOLS else JSON_SERVICES
        region = claimed.region if claimed is not None else ""
        expected = Expected(
            service=operation.service_model.signing_name,
            region=region if _REGION.fullmatch(region) else self._settings.region,
            style=style,
        )
        authorization = read_authorization(request, expected, now.timestamp())
        if isinstance(authorization, SignatureFault):
            raise _refusal(authorization, style)
        identity = self._identities.find(
            authorization.access_key_id, authorization.session_token, now.timestamp()
        )
        if isinstance(identity, UnknownIdentity):
            raise _unknown(identity, style)
        fault = verify(authorization, request, identity.secret, expected)
        if fault is not None:
            raise _refusal(fault, style)
        caller = self._caller(identity, authorization.session_token)
        return Signer(caller, identity, expected.region)

    def unsigned(self) -> Signer:
        """Give who calls an operation that wants no signature (`authtype: none`): nobody.

        INVARIANT: such an operation asks for what it needs itself, since no policy is asked, and
        never looks at the account or region of the call.
        """
        nobody = Caller(account_id="", arn="", user_id="", principal=Anonymous(), access_key_id="")
        return Signer(nobody, None, self._settings.region)

    def _caller(self, identity: Identity, token: str | None) -> Caller:
        return Caller(
            account_id=identity.account_id,
            arn=identity.arn,
            user_id=identity.user_id,
            principal=identity.principal,
            access_key_id=identity.access_key_id,
            session=None if token is None else self._sealer.unseal(token),
        )

    def _anybody(
        self, request: SignedRequest, claimed: CredentialScope | None, now: float
    ) -> Signer:
        """Take any key; a call without one is refused, so that no web page can make it unasked."""
        if claimed is None:
            raise AwsError("MissingAuthenticationToken", "Missing Authentication Token", 403)
        key = claimed.access_key_id
        token = _header(request, b"x-amz-security-token")
        identity = self._identities.find(key, token, now)
        region = claimed.region if _REGION.fullmatch(claimed.region) else self._settings.region
        if isinstance(identity, Identity):
            return Signer(self._caller(identity, token), None, region)
        account = key if _ACCOUNT.fullmatch(key) else self._settings.account_id
        return Signer(root_caller(account, self._settings.partition, key), None, region)


def _header(request: SignedRequest, name: bytes) -> str | None:
    found = [value for each, value in request.headers if each.lower() == name]
    return found[0].decode("latin-1") if len(found) == 1 else None


def _refusal(fault: SignatureFault, style: Style) -> AwsError:
    is_query = style is QUERY_SERVICES
    status = 400 if fault.code in _BAD_REQUEST and is_query else 403
    return AwsError(style.names[fault.code], fault.message, status)


def _unknown(unknown: UnknownIdentity, style: Style) -> AwsError:
    is_expired = unknown.error_type == JSON_SERVICES.expired_token
    code = style.expired_token if is_expired else style.unknown_key
    return AwsError(code, unknown.message, 403)
