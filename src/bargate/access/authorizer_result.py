"""From what comes of an invocation to an answer, or to the refusal that it means.

    Returned ──► JSON object, strictly ──► principalId, policyDocument, context ──► Answer
       │             └───────────── anything unexpected ──────────────┐
    Errored ──► exactly "Unauthorized": 401; else 500                 ▼
    Refused ──► 500                                                Denial

AWS [D] apigw-evaluation §5, §7.2; apigw-objects §2.
"""

from __future__ import annotations

import json
from hashlib import sha256
from sys import intern
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from bargate.access.authorizer_answer import Answer
from bargate.access.policy_keys import check_keys
from bargate.access.resource_policy import ACTION
from bargate.access.verdict import Denial
from bargate.model.invalid import InvalidConfiguration
from bargate.model.invocation import Errored, Refused
from bargate.policy import CompiledPolicy, MalformedPolicy, PolicyKind, compile_policy, parse_policy
from bargate.tokens.fault import shown
from bargate.tokens.strict_json import MalformedJson, parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.invocation import Outcome

MAX_RESULT_BYTES: Final = 8192  # AWS [D]/[O] apigw-objects §2
MAX_RESOURCE_CHARACTERS: Final = 512  # AWS [D] apigw-evaluation §3
MAX_KEY_CHARACTERS: Final = 128  # AWS [D] apigw-objects §1: of an API key's value
MAX_POLICIES: Final = 256
MAX_LATELY: Final = 32
_UNAUTHORIZED: Final = "Unauthorized"
# What is held of an answer: measured, see tests/unit/access/test_authorizer_cache.py.
_ANSWER_BYTES: Final = 700
_BYTES_PER_POLICY_BYTE: Final = 15
_BYTES_PER_CONTEXT_BYTE: Final = 10


class Malformed(ValueError):
    """An answer is not as it must be; the text is for the operator, without values of it."""


class ResultForm(Struct, frozen=True, kw_only=True):
    """How an authorizer must answer.

    `is_rest`: principalId must be there and context values are scalars; `is_simple`: the answer is
    `isAuthorized` alone; `reserves_claims`: context must not have `claims`.
    """

    is_rest: bool
    is_simple: bool = False
    reserves_claims: bool = True
    is_private: bool = False


class ResultReader:
    """Reads the answers of one authorizer; equal policies are compiled once (256 are known).

    Answers that came lately and come again to the byte are not read again: what is read of one
    depends on its bytes alone.
    """

    __slots__ = ("_form", "_lately", "_policies")

    def __init__(self, form: ResultForm) -> None:
        self._form = form
        self._lately: dict[bytes, Answer] = {}
        self._policies: dict[bytes, CompiledPolicy] = {}

    def read(self, outcome: Outcome) -> Answer | Denial:
        """Make an answer, or the denial of the call that asked."""
        if isinstance(outcome, Errored):
            return _errored(outcome.payload)
        if isinstance(outcome, Refused):
            return _refused(outcome)
        payload = outcome.payload
        answer = self._lately.get(payload)
        if answer is not None:
            return answer
        try:
            answer = self._answer(payload)
        except Malformed as malformed:
            return _malformed(str(malformed))
        if len(self._lately) >= MAX_LATELY:
            self._lately.clear()
        self._lately[payload] = answer
        return answer

    def _answer(self, payload: bytes) -> Answer:
        if len(payload) > MAX_RESULT_BYTES:
            raise Malformed(f"it has {len(payload)} bytes, {MAX_RESULT_BYTES} are allowed")
        try:
            result = parse_object(payload)
        except MalformedJson as error:
            raise Malformed(str(error)) from error
        context = self._context(result)
        if self._form.is_simple:
            return _simple(result, context, len(payload))
        principal_id = self._principal_id(result)
        policy, policy_bytes = self._policy(result)
        rest_bytes = len(payload) - policy_bytes
        return Answer(
            principal_id=principal_id,
            policy=policy,
            is_authorized=False,
            context=context,
            usage_identifier_key=_usage_identifier_key(result),
            size_bytes=_ANSWER_BYTES
            + _BYTES_PER_POLICY_BYTE * policy_bytes
            + _BYTES_PER_CONTEXT_BYTE * max(rest_bytes, 0),
        )

    def _principal_id(self, result: Mapping[str, Any]) -> str | None:
        # AWS [D] apigw-objects §2: required. HTTP APIs do without [O].
        principal_id = result.get("principalId")
        if principal_id is None and not self._form.is_rest and "principalId" not in result:
            return None
        if not isinstance(principal_id, str) or not principal_id:
            raise Malformed("principalId is missing or not a text")
        return principal_id

    def _policy(self, result: Mapping[str, Any]) -> tuple[CompiledPolicy, int]:
        document = result.get("policyDocument")
        if not isinstance(document, dict):
            raise Malformed("policyDocument is missing or not an object")
        text = json.dumps(document, separators=(",", ":")).encode()
        digest = sha256(text).digest()
        policy = self._policies.get(digest)
        if policy is None:
            policy = _compiled(document, private=self._form.is_private)
            while len(self._policies) >= MAX_POLICIES:
                del self._policies[next(iter(self._policies))]
            self._policies[digest] = policy
        return policy, len(text)

    def _context(self, result: Mapping[str, Any]) -> Mapping[str, Any]:
        context = result.get("context")
        if context is None:
            return _NOTHING
        if not isinstance(context, dict):
            raise Malformed("context is not an object")
        if self._form.reserves_claims and "claims" in context:
            raise Malformed("context has the reserved key claims")
        if not self._form.is_rest:
            return {intern(name): value for name, value in context.items()} or _NOTHING
        return {intern(name): _text(name, value) for name, value in context.items()} or _NOTHING


_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _simple(result: Mapping[str, Any], context: Mapping[str, Any], size_bytes: int) -> Answer:
    is_authorized = result.get("isAuthorized")
    if not isinstance(is_authorized, bool):
        raise Malformed("isAuthorized is neither true nor false")
    return Answer(
        principal_id=None,
        policy=None,
        is_authorized=is_authorized,
        context=context,
        usage_identifier_key=None,
        size_bytes=_ANSWER_BYTES + _BYTES_PER_CONTEXT_BYTE * size_bytes,
    )


def _compiled(document: Mapping[str, Any], *, private: bool) -> CompiledPolicy:
    try:
        policy = parse_policy(document, PolicyKind.IDENTITY, name="of the authorizer")
        # A Deny by a key that no call has would hold for nobody [I].
        check_keys(policy, private=private)
    except (MalformedPolicy, InvalidConfiguration) as error:
        where = "/".join(("policyDocument", *error.path))
        raise Malformed(f"{where}: {error}") from error
    for statement in policy.statements:
        values = statement.resource.values if statement.resource is not None else ()
        if any(len(value) > MAX_RESOURCE_CHARACTERS for value in values):
            raise Malformed(f"a Resource has more than {MAX_RESOURCE_CHARACTERS} characters")
    return compile_policy(policy).narrow(ACTION)


def _text(name: str, value: object) -> str:
    """Write a scalar as AWS does (apigw-objects §2): `"123"`, `"true"`."""
    if isinstance(value, str):
        return intern(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return intern(json.dumps(value))
    raise Malformed(f"the context value {shown(name)} is neither text, number nor boolean")


def _usage_identifier_key(result: Mapping[str, Any]) -> str | None:
    key = result.get("usageIdentifierKey")
    if key is None:
        return None
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY_CHARACTERS:
        raise Malformed(f"usageIdentifierKey is no text of 1 to {MAX_KEY_CHARACTERS} characters")
    return key


def _errored(payload: bytes) -> Denial:
    try:
        error = parse_object(payload)
    except MalformedJson:
        error = {}
    message = error.get("errorMessage")
    if message == _UNAUTHORIZED:
        return Denial(
            response_type="UNAUTHORIZED",
            reason="authorizer.unauthorized",
            detail="the authorizer's function failed with Unauthorized",
        )
    return Denial(
        response_type="AUTHORIZER_FAILURE",
        reason="authorizer.failed",
        detail=f"the authorizer's function failed: {shown(error.get('errorType'))}:"
        f" {shown(message)}; see its log",
    )


# AWS [D] apigw-evaluation §5: missing permission and time-out; [I] a function that is not there.
_CONFIGURATION: Final = frozenset({"not_found", "denied", "timed_out"})


def _refused(refused: Refused) -> Denial:
    is_configuration = refused.reason in _CONFIGURATION
    return Denial(
        response_type="AUTHORIZER_CONFIGURATION_ERROR"
        if is_configuration
        else "AUTHORIZER_FAILURE",
        reason=f"authorizer.{refused.reason}",
        detail=f"the authorizer's function was not run: {refused.message}",
    )


def _malformed(why: str) -> Denial:
    return Denial(
        response_type="AUTHORIZER_CONFIGURATION_ERROR",
        reason="authorizer.malformed",
        detail=f"the authorizer's answer is malformed: {why}",
    )
