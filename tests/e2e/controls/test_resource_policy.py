"""Resource policies of REST APIs: who, from where, with what, when; over real sockets."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from documents import operation, proxy, rest
from served import ServedApi, served
from serving import Answer, Backend

NOW = datetime.now(UTC)


def iso(days: int) -> str:
    return f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def statement(effect: str, *resources: str, **condition: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Effect": effect,
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": list(resources),
    }
    return found | ({"Condition": condition} if condition else {})


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        statement("Allow", "execute-api:/prod/GET/open"),
        statement("Allow", "execute-api:/*/GET/address", IpAddress={"aws:SourceIp": "127.0.0.0/30"}),
        statement("Allow", "execute-api:/*/GET/agent", StringLike={"aws:UserAgent": "tool/*"}),
        statement("Allow", "execute-api:/*/GET/referer", StringEquals={"aws:Referer": "http://a/"}),
        statement("Allow", "execute-api:/*/GET/secure", Bool={"aws:SecureTransport": "true"}),
        statement("Allow", "execute-api:/*/GET/today", DateLessThan={"aws:CurrentTime": iso(1)}),
        statement("Allow", "execute-api:/*/GET/tomorrow", DateGreaterThan={"aws:CurrentTime": iso(1)}),
        statement("Allow", "execute-api:/*/GET/epoch", NumericLessThan={"aws:EpochTime": "4102444800"}),
        statement("Allow", "arn:aws:execute-api:us-east-1:000000000000:policed/prod/GET/full"),
        statement("Allow", "execute-api:/prod/GET/pets/*"),
        statement("Deny", "execute-api:/prod/GET/pets/secret"),
        statement("Allow", "execute-api:/*/*/whole", Null={"aws:Referer": "true"}),
        statement("Allow", "execute-api:/dev/GET/stage"),
        statement("Allow", "execute-api:/*/GET/unknown", StringEquals={"aws:PrincipalOrgID": "o-1"}),
        statement("Allow", "execute-api:/*/GET/vpc", StringEquals={"aws:SourceVpce": "vpce-1"}),
        statement("Allow", "execute-api:/*/GET/not-vpc", StringNotEquals={"aws:SourceVpce": "vpce-1"}),
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "execute-api:*", "Resource": "execute-api:/*/POST/open"},
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:InvalidateCache", "Resource": "execute-api:/*/GET/other-action"},
    ],
}  # fmt: skip
PATHS = ["open", "address", "agent", "referer", "secure", "today", "tomorrow", "epoch", "full", "whole",
         "stage", "unknown", "vpc", "not-vpc", "other-action", "pets/{id}"]  # fmt: skip


def document(origin: Backend) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    anyone = "x-amazon-apigateway-any-method"
    paths: dict[str, Any] = {
        f"/{path}": {anyone: operation(proxy(f"{base}/{path}", "ANY"))} for path in PATHS
    }
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths["/pets/{id}"]["parameters"] = [parameter]
    fields = {"x-bargate-api-id": "policed", "x-amazon-apigateway-policy": POLICY}
    return rest(paths, **fields)


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[ServedApi]:
    folder = tmp_path_factory.mktemp("policy")
    stages = ("--stage", "prod", "--stage", "dev")
    with served(folder, run_dir, document(origin), *stages) as running:
        yield running


def call_from(api: ServedApi, address: str, path: str, headers: dict[str, str]) -> int:
    """Call from another address of the loopback network."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", api.gateway.port, timeout=10, source_address=(address, 0)
    )
    try:
        connection.request("GET", api.base + path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def is_denied(answer: Answer, method: str, path: str, suffix: str) -> bool:
    # AWS [O] apigw-errors §2
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
    text = (
        "User: anonymous is not authorized to perform: execute-api:Invoke on resource:"
        f" arn:aws:execute-api:us-east-1:********0000:policed/prod/{method}{path} {suffix}"
    )
    assert answer.body == json.dumps({"Message": text}, separators=(",", ":")).encode()
    return True


SILENT = "because no resource-based policy allows the execute-api:Invoke action"
EXPLICIT = "with an explicit deny in a resource-based policy"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/open", {}),
        ("/open/", {}),
        ("/address", {}),
        ("/agent", {"User-Agent": "tool/1"}),
        ("/referer", {"Referer": "http://a/"}),
        ("/today", {}),
        ("/epoch", {}),
        ("/full", {}),
        ("/pets/7", {}),
        ("/whole", {}),
        ("/not-vpc", {}),
    ],
)
def test_allowed(api: ServedApi, path: str, headers: dict[str, str]) -> None:
    assert api.call("GET", path, headers).status == 200


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("PUT", "/open", {}),
        ("GET", "/agent", {}),
        ("GET", "/agent", {"User-Agent": "TOOL/1"}),
        ("GET", "/agent", {"User-Agent": "my tool/1"}),
        ("GET", "/referer", {}),
        ("GET", "/referer", {"Referer": "http://a/x"}),
        ("GET", "/secure", {"X-Forwarded-Proto": "https"}),
        ("GET", "/tomorrow", {"Date": "Fri, 01 Jan 2100 00:00:00 GMT"}),
        ("GET", "/whole", {"Referer": "x"}),
        ("GET", "/stage", {}),
        ("GET", "/unknown", {}),
        ("GET", "/vpc", {"X-Amzn-Vpce-Id": "vpce-1"}),
        ("GET", "/other-action", {"Cache-Control": "max-age=0"}),
    ],
)
def test_silence_denies(
    api: ServedApi, origin: Backend, method: str, path: str, headers: dict[str, str]
) -> None:
    before = len(origin.received)
    assert is_denied(api.call(method, path, headers), method, path, SILENT)
    assert len(origin.received) == before


@pytest.mark.parametrize("path", ["/pets/secret", "/pets/secret/", "/pets/%73ecret"])
def test_an_explicit_deny_wins(api: ServedApi, path: str) -> None:
    assert is_denied(api.call("GET", path), "GET", "/pets/secret", EXPLICIT)


def test_the_address_is_the_peers_whatever_headers_say(api: ServedApi) -> None:
    allowed, other = "127.0.0.2", "127.0.0.9"
    assert call_from(api, allowed, "/address", {}) == 200
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP"):
        assert call_from(api, other, "/address", {name: allowed}) == 403
    assert call_from(api, other, "/address", {"Forwarded": f"for={allowed}"}) == 403
    assert call_from(api, allowed, "/address", {"X-Forwarded-For": other}) == 200


def test_a_statement_for_one_stage_is_for_that_stage(api: ServedApi) -> None:
    assert api.gateway.call("GET", "/_api/policed/dev/stage").status == 200
    assert api.gateway.call("GET", "/_api/policed/dev/open").status == 403


def test_the_root_path_ends_the_arn(tmp_path: Path, run_dir: Path, origin: Backend) -> None:
    root = {"/": {"get": operation(proxy(f"http://127.0.0.1:{origin.port}/"))}}
    policy = {"Version": "2012-10-17", "Statement": statement("Deny", "execute-api:/*")}
    fields = {"x-bargate-api-id": "policed", "x-amazon-apigateway-policy": policy}
    options = ("--account", "123456789012")
    with served(tmp_path, run_dir, rest(root, **fields), *options) as api:
        answer = api.call("GET", "")
        assert (
            "us-east-1:********9012:policed/prod/GET/ with an explicit deny"
            in answer.json["Message"]
        )


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain, private


def test_secure_transport(tmp_path: Path, run_dir: Path, origin: Backend) -> None:
    chain, key = certificate(tmp_path)
    options = ("--tls-cert", str(chain), "--tls-key", str(key))
    with served(tmp_path, run_dir, document(origin), *options) as api:
        trusting = ssl.create_default_context(cafile=str(chain))
        for path, status in [("/secure", 200), ("/tomorrow", 403)]:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", api.gateway.port, timeout=10, context=trusting
            )
            connection.request("GET", api.base + path)
            assert connection.getresponse().status == status
            connection.close()
        assert origin.received[-1].header("X-Forwarded-Proto") == "https"
        old = ssl.create_default_context(cafile=str(chain))
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        plain = socket.create_connection(("127.0.0.1", api.gateway.port))
        with old.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
            assert secured.version() == "TLSv1.2"
