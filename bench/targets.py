"""What the figures should be, and whether they are."""

from collections.abc import Callable

from msgspec import Struct

from bench import control, functions, pools
from bench.results import POLICY, Results, Target

ENVOY_RATIO = 1.3
IAM_ENVOY_RATIO = 1.0
ROUTES_RATIO = 0.95
KEYS_RATIO = 0.95
PRIVATE_RATIO = 0.9
AUTHORIZER_ENVOY_RATIO = 1.0
LAMBDA_PER_S = 500.0
WORKER_RSS_MB = 80.0
POLICY_US = 5.0


class _Wanted(Struct, frozen=True):
    name: str
    wanted: str
    measured: Callable[[Results], float | None]
    unit: str
    is_met: Callable[[float], bool]


def judge(results: Results) -> list[Target]:
    """Compare a run's figures with the targets."""
    return [_judge(wanted, results) for wanted in (*_WANTED, _p99(results))]


def ratio(results: Results, name: str, peer: str) -> float | None:
    """Give the throughput of one scenario over another's, None where one is missing."""
    one, other = results.throughput.get(name), results.throughput.get(peer)
    return one.requests_per_s / other.requests_per_s if one and other else None


def _judge(wanted: _Wanted, results: Results) -> Target:
    value = wanted.measured(results)
    if value is None:
        return Target(wanted.name, wanted.wanted, None, None)
    shown = f"{value:.2f} {wanted.unit}"
    return Target(wanted.name, wanted.wanted, shown, wanted.is_met(value))


def _p99(results: Results) -> _Wanted:
    peer = results.latency_at_half_load.get("nginx")
    limit_ms = 2 * peer.p99_ms + 1 if peer else 0.0
    return _Wanted(
        "p99 at half load",
        f"≤ 2 x nginx's + 1 ms = {limit_ms:.2f} ms" if peer else "≤ 2 x nginx's + 1 ms",
        lambda found: _own_p99_ms(found) if peer else None,
        "ms",
        lambda value: value <= limit_ms,
    )


def _own_p99_ms(results: Results) -> float | None:
    own = results.latency_at_half_load.get("open")
    return own.p99_ms if own else None


def _idle_rss_mb(results: Results) -> float | None:
    own = results.throughput.get("open")
    return own.rss_idle_mb if own else None


def _at_least(figure: str, name: str, least: float, unit: str) -> _Wanted:
    return _Wanted(
        name,
        f"≥ {least:,} {unit}",
        lambda results: (results.control | results.pools).get(figure),
        unit,
        lambda value: value >= least,
    )


def _per_s(results: Results, name: str) -> float | None:
    one = results.throughput.get(name)
    return one.requests_per_s if one else None


def _below(figure: str, name: str, most: float, unit: str, *, or_equal: bool = False) -> _Wanted:
    return _Wanted(
        name,
        f"{'≤' if or_equal else '<'} {most} {unit}",
        lambda results: (results.control | results.functions | results.pools).get(figure),
        unit,
        lambda value: value < most or (or_equal and value == most),
    )


_WANTED = (
    _Wanted(
        "open route over Envoy plain",
        f"≥ {ENVOY_RATIO} x",
        lambda results: ratio(results, "open", "envoy"),
        "x",
        lambda value: value >= ENVOY_RATIO,
    ),
    _Wanted(
        "JWT with scopes over Envoy jwt_authn",
        f"≥ {ENVOY_RATIO} x",
        lambda results: ratio(results, "jwt", "envoy-jwt"),
        "x",
        lambda value: value >= ENVOY_RATIO,
    ),
    _Wanted(
        "IAM authorizer over Envoy plain",
        f"≥ {IAM_ENVOY_RATIO} x",
        lambda results: ratio(results, "iam", "envoy"),
        "x",
        lambda value: value >= IAM_ENVOY_RATIO,
    ),
    _Wanted(
        "remembered Lambda authorizer over Envoy plain",
        f"≥ {AUTHORIZER_ENVOY_RATIO} x",
        lambda results: ratio(results, "authorizer", "envoy"),
        "x",
        lambda value: value >= AUTHORIZER_ENVOY_RATIO,
    ),
    _Wanted(
        "calls with a Lambda function as backend",
        f"≥ {LAMBDA_PER_S:.0f} a second",
        lambda results: _per_s(results, "lambda"),
        "a second",
        lambda value: value >= LAMBDA_PER_S,
    ),
    _Wanted(
        "API key and usage plan over Envoy plain",
        f"≥ {ENVOY_RATIO} x",
        lambda results: ratio(results, "keys-10000", "envoy"),
        "x",
        lambda value: value >= ENVOY_RATIO,
    ),
    _Wanted(
        "100,000 API keys over 100",
        f"≥ {KEYS_RATIO} x",
        lambda results: ratio(results, "keys-100000", "keys-100"),
        "x",
        lambda value: value >= KEYS_RATIO,
    ),
    _Wanted(
        "private API over the public one",
        f"≥ {PRIVATE_RATIO} x",
        lambda results: ratio(results, "private", "public"),
        "x",
        lambda value: value >= PRIVATE_RATIO,
    ),
    _Wanted(
        "1,000 routes over 10 routes",
        f"≥ {ROUTES_RATIO} x",
        lambda results: ratio(results, "routes-1000", "routes-10"),
        "x",
        lambda value: value >= ROUTES_RATIO,
    ),
    _Wanted(
        "worker memory, idle",
        f"≤ {WORKER_RSS_MB:.0f} MB",
        _idle_rss_mb,
        "MB",
        lambda value: value <= WORKER_RSS_MB,
    ),
    _Wanted(
        "policy of 20 statements",
        f"≤ {POLICY_US:.0f} µs",
        lambda results: results.microseconds.get(POLICY),
        "µs",
        lambda value: value <= POLICY_US,
    ),
    _below(functions.COLD_START, "cold start of a Python function", 250, "ms", or_equal=True),
    _below(functions.UNCACHED, "Lambda authorizer that is asked, added", 1.5, "ms", or_equal=True),
    _below(functions.TOKENS, "1,000 remembered authorizer answers", 3, "MB", or_equal=True),
    _at_least(control.READS, "control-plane reads", 1_500, "a second"),
    _at_least(control.WRITES, "control-plane writes, durable", 300, "a second"),
    _below(control.ENFORCED, "one-method change of 10,000 routes", 100, "ms"),
    _below(control.EMPTY_START, "start on an empty store", 0.5, "s"),
    _below(control.ROUTES_START, "start with 10,000 routes", 2, "s"),
    _below(control.KEYS_START, "start with 100,000 API keys", 3, "s"),
    _below(control.IDLE, "control process, idle", 120, "MB", or_equal=True),
    _at_least(pools.OVER_ARGON2, "password sign-ins over argon2 alone", 0.9, "x"),
    _at_least(pools.SRP, "SRP sign-ins", 60, "a second"),
    _at_least(pools.REFRESHES, "refreshes", 700, "a second"),
    _at_least(pools.OVER_SIGNATURES, "refreshes over two signatures alone", 0.85, "x"),
    _below(pools.MILLION, "sign-in with 1,000,000 users over 1,000", 1.2, "x", or_equal=True),
)
