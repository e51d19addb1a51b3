"""AWS's own clients, unchanged: each gives an API a domain name with mutual TLS; curl calls it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from e2e.control.test_clients import AWS, CLIENTS, environment_of, missing
from e2e.domains.place import OK, REFUSED, Place
from objects import client, server

BASH_CLIENT = ("bash", str(Path(__file__).parent / "programs" / "domain.sh"))
NODE_CLIENT = ("node", str(CLIENTS / "domain.mjs"))


def run(place: Place, name: str, *program: str) -> list[str]:
    """Run a program that makes the domain `name`; give what it told beyond that."""
    api, truststore = place.api(), place.truststore(place.clients)
    arn = place.imported(server(place.servers, name))
    done = subprocess.run(
        [*program, api.id, arn, truststore],
        capture_output=True,
        text=True,
        env=environment_of(place.running),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made, mapping, *rest = done.stdout.splitlines()
    assert made.split("\t") == [name, arn, truststore, "TLS_1_2"]
    assert mapping.split("\t") == ["v1", api.id, "prod"]
    return rest


def check(place: Place, name: str) -> None:
    good = place.files(client(place.clients))
    place.everywhere(lambda: place.get(name, "/v1", good) == OK)
    assert place.curl(name, "/v1/pets", good) == OK
    assert place.curl(name, "/v1/pets") == REFUSED


def test_the_aws_cli_makes_a_domain_with_mutual_tls(place: Place) -> None:
    if not AWS.exists():
        missing("the AWS CLI is not installed")
    name = "cli.example.com"
    assert run(place, name, *BASH_CLIENT, str(AWS)) == [f"{name}\tISSUED\tIMPORTED"]
    check(place, name)


def test_the_sdk_for_javascript_makes_a_domain_with_mutual_tls(place: Place) -> None:
    if shutil.which("node") is None or not (CLIENTS / "node_modules").exists():
        missing("the AWS SDK for JavaScript is not installed")
    name = "javascript.example.com"
    assert run(place, name, *NODE_CLIENT) == []
    check(place, name)
