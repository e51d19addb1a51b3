"""One decision, in microseconds: a policy, a token; without any network.

`python -m bench.micro` prints them as JSON; a run calls it pinned to the gateway's core.
"""

import json
import time
from collections.abc import Callable, Mapping
from timeit import repeat

from joserfc.jwk import RSAKey

from bargate.access.call import Call, Facts
from bargate.access.context_keys import compile_context
from bargate.access.control import GuardedRoute, Step
from bargate.access.jwt_authorizer import CONTROL
from bargate.access.key_directory import KeySource
from bargate.access.resource_policy import compile_resource_policy
from bargate.model.http_api import HttpApi, HttpAuthorizer, Route
from bargate.model.installation import Installation, Stage
from bargate.policy import AccessRequest, Anonymous, CompiledPolicy
from bargate.tokens.jwk import KeySet, VerificationKey, parse_key_set
from bench import documents
from bench.micro_iam import iam_us
from bench.results import POLICY
from bench.testbed import AUDIENCE, SCOPE, jwks, new_key, new_token

REMEMBERED = "token with scopes, remembered"
WHOLE_POLICY = "policy, 20 statements, not compiled for its method"
UNREMEMBERED = "token with scopes, verified (RS256)"

_ISSUER = "https://issuer.example.com"
_API_ARN = "arn:aws:execute-api:us-east-1:000000000000:bench/"
_RESOURCE = f"{_API_ARN}prod/GET/pets/1"
_CALLS, _REPEATS, _TOKENS = 5_000, 7, 300


class FixedKeys:
    """The key set of one issuer, in memory; a `KeyDirectory`."""

    generation = 0

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def find(self, source: KeySource, kid: str | None) -> VerificationKey | None:  # noqa: ARG002
        return self._keys.keys.get(kid or "")

    def may_fetch(self, source: KeySource, now: float) -> bool:  # noqa: ARG002
        return False

    def describe(self, source: KeySource) -> str:
        return source.issuer

    def issuer_of(self, pool_arn: str) -> str | None:  # noqa: ARG002
        return None

    def is_ended(self, issuer: str, claims: Mapping[str, object]) -> bool:  # noqa: ARG002
        return False


def microseconds() -> dict[str, float]:
    """Measure everything."""
    key = new_key()
    text = json.dumps(documents.policy()).replace("execute-api:/", _API_ARN)
    whole = compile_resource_policy(text)
    return {
        **iam_us(),
        POLICY: policy_us(whole.narrow_resource(f"{_API_ARN}prod/GET/pets/")),
        WHOLE_POLICY: policy_us(whole),
        **tokens_us(key),
    }


def policy_us(policy: CompiledPolicy) -> float:
    """Time one evaluation of the resource policy of the bench, from a call to its decision."""
    call = new_call(b"")
    anonymous, context_of = Anonymous(), compile_context(policy.keys())

    def decide() -> bool:
        request = AccessRequest(anonymous, "execute-api:Invoke", _RESOURCE, context_of(call))
        return policy.decide(request).allowed

    if not decide():
        raise AssertionError("the policy of the bench must allow its call")
    return _us(decide)


def tokens_us(key: RSAKey) -> dict[str, float]:
    """Time the JWT authorizer's step on a token that it knows, and on tokens that it does not."""
    step = authorizer_step(key)
    calls = [new_call(f"Bearer {new_token(key, _ISSUER, n)}".encode()) for n in range(_TOKENS)]
    started = time.perf_counter()
    for call in calls:
        passes(step, call)
    unremembered = (time.perf_counter() - started) / _TOKENS * 1e6
    last = calls[-1]
    return {REMEMBERED: _us(lambda: passes(step, last)), UNREMEMBERED: unremembered}


def authorizer_step(key: RSAKey) -> Step:
    """Compile a JWT authorizer with a scope, as a snapshot does."""
    authorizer = HttpAuthorizer(
        id="jwt", name="jwt", type="JWT", issuer=_ISSUER, audience=(AUDIENCE,)
    )
    route = Route(
        route_key="GET /pets",
        authorization_type="JWT",
        authorizer_id="jwt",
        authorization_scopes=(SCOPE,),
    )
    api = HttpApi(id="bench", name="Bench", routes=(route,), authorizers=(authorizer,))
    keys = FixedKeys(parse_key_set(jwks(key).encode()))
    step = CONTROL.compile(GuardedRoute(Installation(), api, Stage(name="$default"), route, keys))
    if step is None:
        raise AssertionError("the route of the bench must be guarded")
    return step


def passes(step: Step, call: Call) -> None:
    """Run a step that must let the call pass."""
    if step(call, Facts({})) is not None:
        raise AssertionError("the token of the bench must pass")


def new_call(authorization: bytes) -> Call:
    """Make the call that is decided."""
    header = {b"host": b"localhost", b"user-agent": b"bench/1", b"authorization": authorization}
    return Call(
        method="GET",
        path="/prod/pets/1",
        resource_path="/pets/1",
        query="",
        headers=list(header.items()),
        header=header,
        source_ip="127.0.0.1",
        secure=False,
        protocol="HTTP/1.1",
        received_at=time.time(),
        request_id="",
        extended_request_id="",
    )


def _us(action: Callable[[], object]) -> float:
    """Give the time of one call, the best of several repeats: the others were disturbed."""
    return min(repeat(action, number=_CALLS, repeat=_REPEATS)) / _CALLS * 1e6


if __name__ == "__main__":
    print(json.dumps({name: round(us, 3) for name, us in microseconds().items()}))
