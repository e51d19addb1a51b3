"""A real nginx lets in the gateway by its client certificate, and nobody else."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bargate.gateway.questions import ask
from bargate.services.apigateway.client_certificates import _self_signed
from calling import NOW
from e2e.certificates.nginx import Nginx, fingerprint
from e2e.control.installation import Running, installation, until
from e2e.control.test_clients import AWS, CLIENTS, environment_of, missing
from serving import Answer

CALLERS = 4


class Guarded:
    """An API with nginx behind it: /verified, /unknown and /skipping (no verification)."""

    def __init__(self, bargate: Running, nginx: Nginx) -> None:
        self.bargate, self.nginx = bargate, nginx
        self.gateway = bargate.client("apigateway")
        made = self.gateway.create_rest_api(name="guarded")
        self.id, root = made["id"], made["rootResourceId"]
        verified, unknown = (
            f"https://127.0.0.1:{port}/" for port in (nginx.port, nginx.unknown_port)
        )
        self.resources = {
            name: self._proxy(root, name, uri, skips=skips)
            for name, uri, skips in (
                ("verified", verified, False),
                ("unknown", unknown, False),
                ("skipping", unknown, True),
            )
        }

    def _proxy(self, root: str, name: str, uri: str, *, skips: bool) -> str:
        made = self.gateway.create_resource(restApiId=self.id, parentId=root, pathPart=name)
        where = {"restApiId": self.id, "resourceId": made["id"], "httpMethod": "GET"}
        self.gateway.put_method(**where, authorizationType="NONE")
        tls = {"tlsConfig": {"insecureSkipVerification": True}} if skips else {}
        self.gateway.put_integration(
            **where, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri, **tls
        )
        resource: str = made["id"]
        return resource

    def deploy(self) -> None:
        self.gateway.create_deployment(restApiId=self.id, stageName="prod")

    def show(self, certificate: str | None) -> None:
        """Let the stage name a certificate, from its next deployment on."""
        step = {"op": "replace", "path": "/clientCertificateId", "value": certificate}
        if certificate is None:
            step = {"op": "remove", "path": "/clientCertificateId"}
        self.gateway.update_stage(restApiId=self.id, stageName="prod", patchOperations=[step])

    def call(self, name: str) -> Answer:
        return self.bargate.call(f"/_api/{self.id}/prod/{name}")

    def shows(self, name: str, expected: str) -> bool:
        """Say whether every worker, probably, has nginx answer a text."""
        return all(expected in self.call(name).body.decode() for _ in range(12))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Guarded]:
    nginx = Nginx(tmp_path_factory.mktemp("nginx"), _self_signed(NOW)[0])
    folder = tmp_path_factory.mktemp("installation") / "data"
    log = tmp_path_factory.mktemp("log") / "calls.log"
    environment = {"SSL_CERT_FILE": str(nginx.authority)}
    arguments = ("--workers", "2", "--access-log", str(log))
    try:
        with installation(
            *arguments, folder=folder, run_dir=run_dir, environment=environment
        ) as bargate:
            made = Guarded(bargate, nginx)
            made.deploy()
            yield made
    finally:
        nginx.stop()


@pytest.fixture(scope="module")
def certificate(guarded: Guarded) -> dict[str, Any]:
    """The certificate that nginx trusts and the stage shows."""
    made: dict[str, Any] = guarded.gateway.generate_client_certificate(description="for nginx")
    guarded.nginx.trust(made["pemEncodedCertificate"])
    until(lambda: guarded.shows("verified", "No required SSL certificate was sent"))
    guarded.show(made["clientCertificateId"])
    assert not guarded.shows("verified", "shown"), "nothing is shown before it is deployed"
    guarded.deploy()
    until(lambda: guarded.shows("verified", f"shown {fingerprint(made['pemEncodedCertificate'])}"))
    return made


def test_nginx_lets_in_the_gateway_and_nobody_else(
    guarded: Guarded, certificate: dict[str, Any], tmp_path: Path
) -> None:
    answer = guarded.call("verified")
    assert (answer.status, answer.body.decode()) == (
        200,
        f"shown {fingerprint(certificate['pemEncodedCertificate'])}",
    )
    assert b"No required SSL certificate" in _directly(guarded.nginx, None)
    pem, key = _self_signed(NOW)
    own = tmp_path / "own.pem"
    own.write_text(pem + key.reveal())
    assert b"The SSL certificate error" in _directly(guarded.nginx, own)


def _directly(nginx: Nginx, shown: Path | None) -> bytes:
    context = ssl.create_default_context(cafile=str(nginx.authority))
    if shown is not None:
        context.load_cert_chain(shown)
    try:
        with urllib.request.urlopen(
            f"https://127.0.0.1:{nginx.port}/", context=context, timeout=10
        ) as answer:
            body: bytes = answer.read()
    except urllib.error.HTTPError as error:
        return error.read()
    return body


def test_a_backend_is_verified_unless_its_integration_says_otherwise(
    guarded: Guarded, certificate: dict[str, Any]
) -> None:
    refused = guarded.call("unknown")
    assert refused.status == 504
    log = _line(guarded, refused)
    assert log["reason"] == "integration.unreachable"
    assert "certificate verify failed" in log["detail"]
    accepted = guarded.call("skipping")
    assert accepted.body.decode() == f"shown {fingerprint(certificate['pemEncodedCertificate'])}"
    assert (
        _line(guarded, accepted)["integration.clientCertificateId"]
        == (certificate["clientCertificateId"])
    )


def _line(guarded: Guarded, answer: Answer) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def is_written() -> bool:
        arguments = guarded.bargate.gateway.process.args
        assert isinstance(arguments, list)
        log = Path(arguments[arguments.index("--access-log") + 1])
        lines = map(json.loads, log.read_text().splitlines())
        found.extend(line for line in lines if line["requestId"] == answer.request_id)
        return bool(found)

    until(is_written)
    return found[0]


def test_a_test_invocation_shows_what_it_is_told_to(
    guarded: Guarded, certificate: dict[str, Any]
) -> None:
    where = {
        "restApiId": guarded.id,
        "resourceId": guarded.resources["skipping"],
        "httpMethod": "GET",
    }
    shown = guarded.gateway.test_invoke_method(
        **where, clientCertificateId=certificate["clientCertificateId"]
    )
    assert shown["body"] == f"shown {fingerprint(certificate['pemEncodedCertificate'])}"
    without = guarded.gateway.test_invoke_method(**where)
    assert "No required SSL certificate was sent" in without["body"]
    with pytest.raises(guarded.gateway.exceptions.BadRequestException):
        guarded.gateway.test_invoke_method(**where, clientCertificateId="abcdef")


def test_certificates_are_rotated_without_a_failed_call(
    guarded: Guarded, certificate: dict[str, Any]
) -> None:
    old, gateway = certificate, guarded.gateway
    new = gateway.generate_client_certificate()
    guarded.nginx.trust(old["pemEncodedCertificate"], new["pemEncodedCertificate"])
    shown: list[tuple[int, str]] = []
    over = threading.Event()

    def keep_calling() -> None:
        while not over.is_set():
            answer = guarded.call("verified")
            shown.append((answer.status, answer.body.decode()))

    callers = [threading.Thread(target=keep_calling) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        until(lambda: len(shown) > 50)
        guarded.show(new["clientCertificateId"])
        with pytest.raises(gateway.exceptions.BadRequestException, match="is used by stage"):
            gateway.delete_client_certificate(clientCertificateId=old["clientCertificateId"])
        guarded.deploy()
        expected = f"shown {fingerprint(new['pemEncodedCertificate'])}"
        until(lambda: guarded.shows("verified", expected))
        gateway.delete_client_certificate(clientCertificateId=old["clientCertificateId"])
        guarded.nginx.trust(new["pemEncodedCertificate"])
        after = len(shown)
        until(lambda: len(shown) > after + 100)
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert {status for status, _ in shown} == {200}
    known = {f"shown {fingerprint(each['pemEncodedCertificate'])}" for each in (old, new)}
    assert {body for _, body in shown} == known
    assert {body for _, body in shown[after:]} == {expected}


def test_explain_says_which_certificate_was_shown(guarded: Guarded) -> None:
    stage = guarded.gateway.get_stage(restApiId=guarded.id, stageName="prod")
    ids = [guarded.call("verified").request_id for _ in range(250)]  # one in 100 is remembered
    (path,) = guarded.bargate.gateway.run_dir.glob("gateway-*.sock")
    told = asyncio.run(_explained(path, ids))
    expected = f"which is shown the client certificate {stage['clientCertificateId']}"
    assert told
    assert all(expected in detail for detail in told)


async def _explained(path: Path, request_ids: list[str]) -> list[str]:
    answers = [(await ask(path, each)).explained for each in request_ids]
    return [each.steps[-1].detail for each in answers if each is not None]


def test_the_aws_cli_makes_certificates(guarded: Guarded) -> None:
    if not AWS.exists():
        missing("the AWS CLI is not installed")
    environment = environment_of(guarded.bargate)

    def aws(operation: str, *arguments: str) -> Any:
        done = subprocess.run(
            [str(AWS), "apigateway", operation, *arguments],
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
            check=True,
        )
        return json.loads(done.stdout or "null")

    made = aws("generate-client-certificate", "--description", "of the CLI")
    own = ("--client-certificate-id", made["clientCertificateId"])
    assert "PRIVATE" not in json.dumps(made)
    assert aws("get-client-certificate", *own)["description"] == "of the CLI"
    aws("delete-client-certificate", *own)
    listed = aws("get-client-certificates")["items"]
    assert made["clientCertificateId"] not in {each["clientCertificateId"] for each in listed}


def test_the_sdk_for_javascript_makes_certificates(guarded: Guarded) -> None:
    if shutil.which("node") is None or not (CLIENTS / "node_modules").exists():
        missing("the AWS SDK for JavaScript is not installed")
    done = subprocess.run(
        ["node", str(CLIENTS / "certificates.mjs")],
        capture_output=True,
        text=True,
        env=environment_of(guarded.bargate),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["pem"].startswith("-----BEGIN CERTIFICATE-----")
    assert told == {**told, "description": "changed", "listed": True, "gone": "NotFoundException"}
