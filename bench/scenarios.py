"""What a run measures, in order."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from msgspec import Struct

from bench import (
    bargate_peer,
    envoy,
    function_peer,
    haproxy,
    iam_peer,
    keys_peer,
    nginx,
    private_peer,
    tls_peer,
)
from bench.testbed import Gateway, Testbed


class Scenario(Struct, frozen=True):
    """One gateway in one configuration; `needs` names a command that must be installed."""

    name: str
    title: str
    start: Callable[[Testbed], AbstractContextManager[Gateway]]
    needs: str | None = None


SCENARIOS = (
    Scenario("nginx", "nginx, plain proxy", nginx.proxy),
    Scenario("haproxy", "HAProxy, plain proxy", haproxy.proxy, "haproxy"),
    Scenario("envoy", "Envoy, plain proxy", envoy.proxy, "envoy"),
    Scenario("envoy-jwt", "Envoy, jwt_authn", envoy.jwt_authn, "envoy"),
    Scenario("envoy-key", "Envoy, api_key_auth, 10,000 keys", envoy.api_key_auth, "envoy"),
    Scenario("open", "Bargate, open route", bargate_peer.open_route),
    Scenario("policy", "Bargate, resource policy of 20 statements", bargate_peer.resource_policy),
    Scenario("iam", "Bargate, IAM authorizer, policy of 20 statements", iam_peer.signed_calls),
    Scenario("jwt", "Bargate, JWT with scopes", bargate_peer.jwt_with_scopes),
    Scenario(
        "authorizer", "Bargate, Lambda authorizer, remembered", function_peer.cached_authorizer
    ),
    Scenario(
        "authorizer-asked",
        "Bargate, Lambda authorizer, asked for every call",
        function_peer.uncached_authorizer,
    ),
    Scenario("lambda", "Bargate, Lambda function as backend", function_peer.integration),
    Scenario("keys-100", "Bargate, API key and usage plan, 100 keys", keys_peer.few),
    Scenario("keys-10000", "Bargate, API key and usage plan, 10,000 keys", keys_peer.many),
    Scenario("keys-100000", "Bargate, API key and usage plan, 100,000 keys", keys_peer.most),
    Scenario("public", "Bargate, public API, resource policy of 1 statement", private_peer.public),
    Scenario("private", "Bargate, private API, endpoint policy of 20", private_peer.private),
    Scenario("nginx-tls", "nginx, TLS, calls", tls_peer.nginx_calls),
    Scenario("tls", "Bargate, TLS, calls", tls_peer.bargate_calls),
    Scenario("nginx-handshakes", "nginx, TLS, a handshake a call", tls_peer.nginx_handshakes),
    Scenario("handshakes", "Bargate, TLS, a handshake a call", tls_peer.bargate_handshakes),
    Scenario("validation", "Bargate, request validation", bargate_peer.request_validation),
    Scenario("logged", "Bargate, open route, access log to a file", bargate_peer.open_route_logged),
    Scenario("routes-10", "Bargate, 10 routes asked in turn", bargate_peer.ten_routes),
    Scenario("routes-1000", "Bargate, 1,000 routes asked in turn", bargate_peer.thousand_routes),
)
