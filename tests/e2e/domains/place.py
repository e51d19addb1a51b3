"""An installation with custom domain names, and callers that choose SNI, Host and certificate.

place.domain("a.example.com", api)                   # TLS, mapped at the root
place.domain("b.example.com", api, is_mutual=True)   # clients need one of `place.clients`
with place.open("b.example.com", place.files(client(place.clients))) as call:
    assert call("/") == Told(200, b'{"ok":true}')
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from e2e.control.installation import Api, Running, put_mock, until
from objects import Issued, put, server
from serving import Backend

BUCKET = "truststores"
TIMEOUT_S = 20.0
_numbers = itertools.count()
_ALL_WORKERS = 8  # new connections in a row, so that each worker was asked

Files = tuple[Path, Path]


@dataclass(frozen=True)
class Told:
    """An answer; status 0 where the connection was refused."""

    status: int
    body: bytes = b""
    request_id: str = field(default="", compare=False)
    error_type: str | None = field(default=None, compare=False)


REFUSED = Told(0)
FORBIDDEN = Told(403, b'{"message":"Forbidden"}')
OK = Told(200, b'{"ok":true}')


@dataclass
class Place:
    """`servers` signs what domain names show, `clients` what clients of truststores show."""

    running: Running
    port: int
    folder: Path
    origin: Backend
    servers: Issued
    clients: Issued

    @property
    def ca_file(self) -> Path:
        return self.folder / "servers.pem"

    def client(self, service: str = "apigateway") -> Any:
        return self.running.client(service)

    # What is made

    def api(self, answer: str = '{"ok":true}') -> Api:
        """Deploy a REST API whose GET on the root and on /pets answers a text."""
        client = self.client()
        made = client.create_rest_api(name="domains")
        api = Api(made["id"], made["rootResourceId"])
        pets = client.create_resource(restApiId=api.id, parentId=api.root_id, pathPart="pets")
        for resource in (api.root_id, pets["id"]):
            put_mock(client, Api(api.id, resource), answer, authorization="NONE")
        client.create_deployment(restApiId=api.id, stageName=api.stage)
        self.everywhere(lambda: self.running.call(api.path).status == 200)
        return api

    def imported(self, shown: Issued, **more: str) -> str:
        """Import a certificate; give its ARN."""
        told = self.client("acm").import_certificate(
            Certificate=shown.pem, PrivateKey=shown.key_pem, **more
        )
        arn: str = told["CertificateArn"]
        return arn

    def truststore(self, *authorities: Issued, key: str | None = None) -> str:
        """Put a truststore of some authorities; give its address."""
        key = key or f"{next(_numbers)}.pem"
        put(self.folder / "s3", BUCKET, key, b"".join(each.pem for each in authorities))
        return f"s3://{BUCKET}/{key}"

    def domain(
        self, name: str, api: Api | None = None, truststore: str | None = None, **more: Any
    ) -> str:
        """Make a domain name, with a root mapping if an API is given; all workers have it.

        Gives the ARN of its certificate.
        """
        arn = self.imported(server(self.servers, name))
        if truststore is not None:
            more["mutualTlsAuthentication"] = {"truststoreUri": truststore}
        self.client().create_domain_name(
            domainName=name,
            regionalCertificateArn=arn,
            endpointConfiguration={"types": ["REGIONAL"]},
            **{"securityPolicy": "TLS_1_2", **more},
        )
        if api is not None:
            self.client().create_base_path_mapping(
                domainName=name, restApiId=api.id, stage=api.stage
            )
        at = name.replace("*", "any")
        if api is None or truststore is not None:
            self.everywhere(lambda: self.has_certificate(at))
        else:
            self.everywhere(lambda: self.get(at).status == 200)
        return arn

    def has_certificate(self, name: str) -> bool:
        """Say whether a worker shows a certificate for a name."""
        with contextlib.suppress(OSError), self.raw(name) as connection:
            return connection.getpeercert() is not None
        return False

    def everywhere(self, is_so: Callable[[], bool]) -> None:
        """Wait until each worker finds it so."""
        until(lambda: all(is_so() for _ in range(_ALL_WORKERS)))

    # Who calls

    def files(self, shown: Issued, *chain: Issued) -> Files:
        """Write what a client shows: its certificate, others behind it, and its key."""
        return shown.write(self.folder / "clients", str(next(_numbers)), *chain)

    def context(self, files: Files | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if files is not None:
            context.load_cert_chain(*files)
        return context

    def raw(
        self,
        sni: str | None,
        files: Files | None = None,
        *,
        context: ssl.SSLContext | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        """Shake hands for a server name; raises OSError where that is refused."""
        context = context or self.context(files)
        context.check_hostname = sni is not None
        connection = socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S)
        try:
            return context.wrap_socket(connection, server_hostname=sni, session=session)
        except BaseException:
            connection.close()
            raise

    @contextlib.contextmanager
    def open(self, sni: str | None, files: Files | None = None) -> Iterator[Callable[..., Told]]:
        """Open a connection that stays; gives what calls on it."""
        with self.raw(sni, files) as connection:
            yield lambda path="/", host=sni: ask(connection, host, path)

    def get(
        self, name: str, path: str = "/", files: Files | None = None, host: str | None = None
    ) -> Told:
        """Call once on a connection of its own; REFUSED when the connection is."""
        try:
            with self.open(name, files) as call:
                told: Told = call(path, host or name)
                return told
        except (OSError, http.client.HTTPException):
            return REFUSED

    def plain(self, host: str, path: str = "/") -> Told:
        """Call without TLS."""
        with socket.create_connection(("127.0.0.1", self.running.gateway.port), 20) as connection:
            return ask(connection, host, path)

    def curl(self, name: str, path: str = "/", files: Files | None = None, *more: str) -> Told:
        """Call with curl; REFUSED when it reads no answer."""
        shown = () if files is None else ("--cert", str(files[0]), "--key", str(files[1]))
        done = subprocess.run(
            [
                *("curl", "-s", "--max-time", "20", "-w", "\n%{http_code}"),
                *("--resolve", f"{name}:{self.port}:127.0.0.1", "--cacert", str(self.ca_file)),
                *(*shown, *more, f"https://{name}:{self.port}{path}"),
            ],
            capture_output=True,
            check=False,
        )
        body, _, status = done.stdout.rpartition(b"\n")
        return Told(int(status), body)

    def refusal(self, name: str, pattern: str) -> str:
        """Wait until the gateway tells why it refused a handshake for a name."""
        found = self.running.gateway.wait_for_error(f"for {name} from .*{pattern}", 5)
        return found.group(0)


def ask(connection: socket.socket, host: str | None, path: str) -> Told:
    """Send a GET on a connection and read the answer."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    response = http.client.HTTPResponse(connection)
    response.begin()
    body = response.read()
    return Told(
        response.status,
        body,
        response.headers.get("x-amzn-RequestId", ""),
        response.headers.get("x-amzn-ErrorType"),
    )
