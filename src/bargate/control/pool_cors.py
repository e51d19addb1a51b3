"""CORS for what pages do themselves: the operations of cognito-idp that need no signature.

    OPTIONS /  asking for x-amz-target, without authorization ──► preflight: any origin may go on
    POST /     with the target of such an operation           ──► with_cors: any page reads the answer

No cookie and no credential of the browser is ever taken, so any origin may (AWS [O]: `*`). INVARIANT:
nothing that is signed is allowed or readable, whatever the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import structs

from bargate.wire.request import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

TARGET: Final = "AWSCognitoIdentityProviderService."
# AWS [M] cognito-userpools §1: what users call, without AWS credentials.
UNSIGNED: Final = frozenset(
    [
        "AssociateSoftwareToken",
        "ChangePassword",
        "CompleteWebAuthnRegistration",
        "ConfirmDevice",
        "ConfirmForgotPassword",
        "ConfirmSignUp",
        "DeleteUser",
        "DeleteUserAttributes",
        "DeleteWebAuthnCredential",
        "ForgetDevice",
        "ForgotPassword",
        "GetDevice",
        "GetTokensFromRefreshToken",
        "GetUser",
        "GetUserAttributeVerificationCode",
        "GetUserAuthFactors",
        "GlobalSignOut",
        "InitiateAuth",
        "ListDevices",
        "ListUserSessions",
        "ListWebAuthnCredentials",
        "ResendConfirmationCode",
        "RespondToAuthChallenge",
        "RevokeToken",
        "RevokeUserSession",
        "SetUserMFAPreference",
        "SetUserSettings",
        "SignUp",
        "StartWebAuthnRegistration",
        "UpdateAuthEventFeedback",
        "UpdateDeviceStatus",
        "UpdateUserAttributes",
        "VerifySoftwareToken",
        "VerifyUserAttribute",
    ]
)
# What amazon-cognito-identity-js, Amplify and the SDK for JavaScript send.
ALLOWED_HEADERS: Final = (
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "cache-control",
    "content-type",
    "x-amz-target",
    "x-amz-user-agent",
)
_EXPOSED: Final = "x-amzn-ErrorType, x-amzn-ErrorMessage, x-amzn-RequestId"
_MAX_AGE_S: Final = 7_200
_ORIGIN: Final = ("access-control-allow-origin", "*")


def preflight(request: HttpRequest) -> HttpResponse | None:
    """Answer a browser that asks whether a page may call such an operation; None if it asks else."""
    headers = request.headers
    if request.method != "OPTIONS" or request.path != "/" or request.query:
        return None
    if "origin" not in headers or headers.get("access-control-request-method") != "POST":
        return None
    wanted = set(_names(headers.get("access-control-request-headers", "")))
    if "x-amz-target" not in wanted or not wanted.issubset(ALLOWED_HEADERS):
        return None
    allowed = (
        _ORIGIN,
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", ", ".join(ALLOWED_HEADERS)),
        ("access-control-max-age", str(_MAX_AGE_S)),
    )
    return HttpResponse(200, allowed, b"")


def with_cors(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let pages read the answer to such an operation; any other answer is as it was."""
    service, _, operation = request.headers.get("x-amz-target", "").partition(".")
    if f"{service}." != TARGET or operation not in UNSIGNED:
        return response
    if request.method != "POST" or "authorization" in request.headers:
        return response
    exposed = ("access-control-expose-headers", _EXPOSED)
    return structs.replace(response, headers=(*response.headers, _ORIGIN, exposed))


def _names(listed: str) -> Iterable[str]:
    return (each.strip().lower() for each in listed.split(",") if each.strip())
