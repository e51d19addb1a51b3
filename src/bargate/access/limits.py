"""Usage plan and throttling: one of every limit of a call is taken, or the call is refused.

    plan: key's bucket, method's bucket, quota ──► stage: method's bucket ──► account's bucket
                              all of them at once, in this order (AWS [D] apigw-objects §1)

So a call that any of them refuses counts against none. Each method of a stage that `*/*` limits
has a bucket of its own (AWS [D]: each method will respect these settings).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from bargate.access.control import GuardedMethod, GuardedRoute, HttpControl, RestControl, Step
from bargate.access.verdict import Denial, Need
from bargate.ledger.counters import Bucket, Lacking, Quota, Spent, Taken, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.call import Call, Facts
    from bargate.ledger.counters import Counted, Limit
    from bargate.model.usage_plan import Throttle

ALL = "*/*"
# Gives `/pets/GET` of a call, which an ANY method has for each verb.
MethodKey: TypeAlias = "Callable[[Call], str]"
StageBucket: TypeAlias = "Callable[[Call], Bucket | None]"

_NOT_ADMITTED = Denial(
    response_type="INVALID_API_KEY",
    reason="api_key.missing",
    detail="the limits of a plan were asked for before there was a key",
)


def _compile_method(guarded: GuardedMethod) -> Step | None:
    method, path = guarded.method, guarded.resource.path
    method_key = _method_key(path, method.http_method)
    in_stage = _stage_bucket(guarded, method_key, f"{path}/{method.http_method}")
    return _step(in_stage, _account_limits(guarded), method_key, needs_key=method.api_key_required)


def _compile_route(guarded: GuardedRoute) -> Step | None:
    route_key = guarded.route.route_key
    in_stage = _stage_bucket(guarded, lambda _: route_key, route_key)
    return _step(in_stage, _account_limits(guarded), lambda _: route_key, needs_key=False)


def _method_key(path: str, verb: str) -> MethodKey:
    if verb == "ANY":
        return lambda call: f"{path}/{call.method}"
    key = f"{path}/{verb}"
    return lambda _: key


def _account_limits(guarded: GuardedMethod | GuardedRoute) -> tuple[Bucket, ...]:
    place = guarded.installation
    if place.account_throttle is None:
        return ()
    return (_bucket(f"account/{place.account_id}/{place.region}", place.account_throttle),)


def _stage_bucket(
    guarded: GuardedMethod | GuardedRoute, method_key: MethodKey, own_key: str
) -> StageBucket | None:
    """Give the bucket that the stage has for a call: its method's, else that for each method."""
    throttles = guarded.stage.throttles
    place = guarded.installation
    name = f"stage/{place.account_id}/{place.region}/{guarded.api.id}/{guarded.stage.name}"
    buckets = {key: _bucket(f"{name}{key}", each) for key, each in throttles.items() if key != ALL}
    usual = _bucket(f"{name}{own_key}", throttles[ALL]) if ALL in throttles else None
    if own_key in buckets or not any(_is_verb_of(own_key, key) for key in buckets):
        fixed = buckets.get(own_key, usual)
        return None if fixed is None else lambda _: fixed
    return lambda call: buckets.get(method_key(call), usual)


def _is_verb_of(any_key: str, key: str) -> bool:
    """Say whether a key names one verb of an ANY method."""
    path, _, verb = any_key.rpartition("/")
    return verb == "ANY" and key.rpartition("/")[0] == path


def _bucket(name: str, throttle: Throttle) -> Bucket:
    return Bucket(name, throttle.rate_limit, throttle.burst_limit)


def _step(
    in_stage: StageBucket | None,
    account: tuple[Bucket, ...],
    method_key: MethodKey,
    *,
    needs_key: bool,
) -> Step | None:
    if in_stage is None and not account and not needs_key:
        return None

    def limits(call: Call, facts: Facts) -> Denial | Need | None:
        of_plan: tuple[Limit, ...] = ()
        if needs_key:
            admission = facts.admission
            if admission is None:
                return _NOT_ADMITTED
            of_plan = admission.limits
            if admission.methods:
                of_method = admission.methods.get(method_key(call))
                of_plan = of_plan if of_method is None else (*of_plan, of_method)
        of_stage = None if in_stage is None else in_stage(call)
        wanted = (*of_plan, *account) if of_stage is None else (*of_plan, of_stage, *account)
        counted = facts.counters.take(wanted, call.received_at)
        if isinstance(counted, Lacking):
            return Need(counted)
        facts.counted, facts.limits = counted, wanted
        return None if isinstance(counted, Taken) else _denial(counted)

    return limits


def _denial(counted: Counted) -> Denial:
    if isinstance(counted, Unreachable):
        # [I] AWS lets such calls pass; here the operator may choose that (`--without-ledger`).
        return Denial(
            response_type="INTEGRATION_FAILURE",
            status=503,
            message="Service Unavailable",
            reason="ledger.unreachable",
            detail=f"what the call may use cannot be counted: {counted.detail}",
        )
    assert isinstance(counted, Spent)  # noqa: S101  the others were answered before
    limit = counted.limit
    if isinstance(limit, Bucket):
        return Denial(
            response_type="THROTTLED",
            reason=f"throttle.{limit.name.partition('/')[0]}",
            detail=f"{describe(limit)} is empty",
        )
    # AWS [O] apigw-errors §1
    return Denial(
        response_type="QUOTA_EXCEEDED",
        reason="quota.exceeded",
        detail=f"{describe(limit)} is used up",
    )


def describe(limit: Limit) -> str:
    """Say in words which limit is meant; key values are in none."""
    if isinstance(limit, Bucket):
        return f"the bucket {limit.name} ({limit.rate:g} a second, burst {limit.burst})"
    who = f"of key {limit.key_id} on plan {limit.usage_plan_id}"
    if isinstance(limit, Quota):
        allowance = limit.allowance
        return f"the quota {who} ({allowance.limit} a {allowance.period.lower()})"
    return f"the use {who}"


def _narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001  one signature for all controls
    return "one taken of " + ", ".join(_told(limit, facts) for limit in facts.limits)


def _told(limit: Limit, facts: Facts) -> str:
    left = facts.counters.remaining(limit) if isinstance(limit, Quota) else None
    return describe(limit) if left is None else f"{describe(limit)}, of which {left} remain"


REST_CONTROL = RestControl(
    name="usage plan and throttling", compile=_compile_method, narrate=_narrate
)
HTTP_CONTROL = HttpControl(name="throttling", compile=_compile_route, narrate=_narrate)
