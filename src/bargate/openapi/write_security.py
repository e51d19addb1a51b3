"""Authorizers, API keys and signatures as security schemes of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bargate.openapi.security import AUTHORIZER, AUTHTYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.model.rest_api import Authorizer, Method

_HEADER: Final = "method.request.header."


class SecurityWriter:
    """Names the schemes of an API and writes those that its methods ask for."""

    def __init__(self, authorizers: Sequence[Authorizer], *, with_extensions: bool) -> None:
        self._with_extensions = with_extensions
        self._authorizers = {each.id: each for each in authorizers}
        taken = {each.name for each in authorizers}
        self._api_key = _free("api_key", taken)
        self._sigv4 = _free("sigv4", taken)
        self._schemes: dict[str, Any] = {}
        for each in authorizers:
            self._schemes[each.name] = self._authorizer(each)

    def schemes(self) -> dict[str, Any]:
        """Give the schemes by their names."""
        return self._schemes

    def requirements(self, method: Method) -> list[dict[str, list[str]]]:
        """Give `security`: one requirement that holds all that the method asks for."""
        asked: dict[str, list[str]] = {}
        authorizer = self._authorizers.get(method.authorizer_id or "")
        if authorizer is not None and method.authorization_type not in {"NONE", "AWS_IAM"}:
            is_pool = authorizer.type == "COGNITO_USER_POOLS"
            asked[authorizer.name] = list(method.authorization_scopes) if is_pool else []
        if method.authorization_type == "AWS_IAM":
            asked[self._sigv4] = []
            self._schemes[self._sigv4] = self._signed()
        if method.api_key_required:
            asked[self._api_key] = []
            self._schemes[self._api_key] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        return [asked] if asked else []

    def _signed(self) -> dict[str, Any]:
        return {"type": "apiKey", "name": "Authorization", "in": "header", AUTHTYPE: "awsSigv4"}

    def _authorizer(self, authorizer: Authorizer) -> dict[str, Any]:
        sources = (authorizer.identity_source or "").split(",")
        is_header = len(sources) == 1 and sources[0].startswith(_HEADER)
        # AWS [D] apigw-objects §10: several sources have no name of their own
        name = sources[0].removeprefix(_HEADER) if is_header else "Unused"
        scheme: dict[str, Any] = {"type": "apiKey", "name": name, "in": "header"}
        is_pool = authorizer.type == "COGNITO_USER_POOLS"
        scheme[AUTHTYPE] = "cognito_user_pools" if is_pool else "custom"
        if self._with_extensions:
            scheme[AUTHORIZER] = _extension(authorizer)
        return scheme


def _extension(authorizer: Authorizer) -> dict[str, Any]:
    members = {
        "type": authorizer.type.lower(),
        "providerARNs": list(authorizer.provider_arns) or None,
        "authorizerUri": authorizer.authorizer_uri,
        "authorizerCredentials": authorizer.authorizer_credentials,
        "identitySource": authorizer.identity_source,
        "identityValidationExpression": authorizer.identity_validation_expression,
        "authorizerResultTtlInSeconds": authorizer.result_ttl_s,
    }
    return {name: value for name, value in members.items() if value is not None}


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
