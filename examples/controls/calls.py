"""For each control a call that passes and one that is refused, as curl lines to try."""

import shlex
from pathlib import Path

from msgspec import Struct

from examples.controls.setup import DOMAIN, STAGE, Made


class Try(Struct, frozen=True):
    """One control: curl's arguments for a call that passes, and for one that is refused.

    `status` is that of the refusal; 0 where the connection itself is refused.
    """

    control: str
    passes: tuple[str, ...]
    refused: tuple[str, ...]
    status: int


class Places(Struct, frozen=True):
    """Where the gateway is: its port, that of TLS, the interface endpoint, and curl's files."""

    port: int
    tls_port: int
    endpoint_address: str
    folder: Path


def calls(made: Made, places: Places, id_token: str) -> tuple[Try, ...]:
    """Give the calls; the last of each control is what its refusal looks like."""
    api = f"http://127.0.0.1:{places.port}/_api/{made.api_id}/{STAGE}"
    private = f"/_api/{made.private_api_id}/{STAGE}"
    endpoint = f"http://{places.endpoint_address}:{places.port}{private}"
    public = f"http://127.0.0.1:{places.port}{private}"
    json = ("-H", "Content-Type: application/json", "-d")
    signing = ("--aws-sigv4", "aws:amz:us-east-1:execute-api", "--user")
    key, secret = made.caller["id"], made.caller["secret"]
    domain = (
        *("--resolve", f"{DOMAIN}:{places.tls_port}:127.0.0.1"),
        *("--cacert", str(places.folder / "ca.pem")),
        f"https://{DOMAIN}:{places.tls_port}/v1/open",
    )
    shown = (
        *("--cert", str(places.folder / "client.pem")),
        *("--key", str(places.folder / "client.key")),
    )
    return (
        Try("resource policy", (f"{api}/open",), ("--interface", "127.66.0.1", f"{api}/open"), 403),
        Try("CORS", ("-X", "OPTIONS", f"{api}/open"), ("-X", "OPTIONS", f"{api}/keyed"), 403),
        Try(
            "IAM authorizer",
            (*signing, f"{key}:{secret}", f"{api}/signed"),
            (*signing, f"{key}:wrong", f"{api}/signed"),
            403,
        ),
        Try(
            "Cognito authorizer",
            ("-H", f"Authorization: {id_token}", f"{api}/members"),
            (f"{api}/members",),
            401,
        ),
        Try(
            "request validation",
            (*json, '{"pet":"Rex"}', f"{api}/validated"),
            (*json, '{"cat":1}', f"{api}/validated"),
            400,
        ),
        Try(
            "API key",
            ("-H", f"x-api-key: {made.api_key}", f"{api}/keyed"),
            (f"{api}/keyed",),
            403,
        ),
        Try("throttling", (f"{api}/throttled",), (f"{api}/throttled",), 429),
        Try("private API", (f"{endpoint}/open",), (f"{public}/open",), 403),
        Try("endpoint policy", (f"{endpoint}/open",), (f"{endpoint}/throttled",), 403),
        Try("mutual TLS", (*shown, *domain), domain, 0),
        Try("backend client certificate", (f"{api}/certified",), (), 0),
    )


def line(arguments: tuple[str, ...]) -> str:
    """Write a call as it can be pasted."""
    return shlex.join(("curl", "-i", *arguments))
