"""What an authorizer was sent and what it returned, for people: nothing of it is a secret.

Values that let somebody in (tokens, cookies, API keys, identity sources) are shown as the first
characters of their digest, so that two of them can be told apart.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bargate.access.verdict import Denial

if TYPE_CHECKING:
    from bargate.access.authorizer_answer import Answer, Told

MAX_SHOWN_CHARACTERS: Final = 4096
_DIGEST_CHARACTERS: Final = 8
_SECRET_NAMES: Final = frozenset(
    {
        "authorization", "authorizationtoken", "proxy-authorization", "cookie", "cookies",
        "identitysource", "x-api-key", "apikey", "api-key", "api_key", "token", "access_token",
        "id_token", "refresh_token", "x-amz-security-token", "x-auth-token", "password", "secret",
        "clientcertpem", "rawquerystring", "code", "signature", "sig", "key",
    }
)  # fmt: skip


def shown_event(event: bytes, hidden: frozenset[str]) -> str:
    """Write an event with its secrets redacted; `hidden` names what else is one, in lower case."""
    secret = _SECRET_NAMES | hidden
    return _cut(json.dumps(_redacted(msgspec.json.decode(event), secret), ensure_ascii=False))


def shown_answer(answer: Answer | Denial, hidden: frozenset[str] = frozenset()) -> str:
    """Write what was returned, without its usageIdentifierKey; `hidden` as in `shown_event`."""
    if isinstance(answer, Denial):
        return answer.detail
    shown: dict[str, Any] = {}
    if answer.policy is None:
        shown["isAuthorized"] = answer.is_authorized
    else:
        shown["principalId"] = answer.principal_id
        from bargate.policy import render  # noqa: PLC0415  not for who only reads what was told

        shown["policyDocument"] = json.loads(render(answer.policy.policy))
    if answer.context:
        # Functions hand a token on to the backend by its own name.
        shown["context"] = _redacted(dict(answer.context), _SECRET_NAMES | hidden)
    if answer.usage_identifier_key is not None:
        shown["usageIdentifierKey"] = "(not shown)"
    return _cut(json.dumps(shown, ensure_ascii=False))


def told_lines(told: Told) -> tuple[str, ...]:
    """Tell what was sent and returned, or how old a remembered answer was."""
    lines = []
    if told.age_s is not None:
        lines.append(f"not asked: its answer was remembered {told.age_s:.1f} s ago")
    if told.sent:
        lines.append(f"sent: {shown_event(told.sent, told.hidden)}")
    lines.append(f"returned: {shown_answer(told.answer, told.hidden)}")
    if not isinstance(told.answer, Denial) and told.answer.pitfall is not None:
        lines.append(
            f"warning: its policy allows {told.answer.pitfall} alone and is remembered for other"
            " methods too: return a policy for all methods (…/*), or set the time to live to 0"
        )
    return tuple(lines)


def _redacted(value: Any, secret: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            name: _hidden(inner)
            if name.lower() in secret and inner is not None
            else _redacted(inner, secret)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_redacted(inner, secret) for inner in value]
    return value


def _hidden(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARACTERS]
    return f"(sha256 {digest}…)"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…"
