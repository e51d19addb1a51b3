"""Signed calls to the AWS endpoint, cheap enough to measure it: bytes made before the clock runs."""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from bargate.secret import Secret
from bargate.sigv4.request import SignedRequest
from bargate.sigv4.sign import Signer, sign
from bench.process import MeasureError

REGION = "us-east-1"
HTTP_REFUSED = 300


class Answer(NamedTuple):
    """Status and body of a response."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Give the body of a success; raises MeasureError for anything else."""
        if self.status >= HTTP_REFUSED:
            raise MeasureError(f"the AWS endpoint answered {self.status}: {self.body[:300]!r}")
        return json.loads(self.body or b"null")

    def element(self, name: str) -> str:
        """Give the text of an XML element."""
        found = re.search(f"<{name}>([^<]*)</{name}>", self.body.decode())
        if self.status >= HTTP_REFUSED or found is None:
            raise MeasureError(f"the AWS endpoint answered {self.status}: {self.body[:300]!r}")
        return found[1]


class Client:
    """Makes signed requests with one access key for an endpoint, `http://HOST:PORT`."""

    def __init__(self, endpoint: str, key_id: str, secret: str) -> None:
        self.host = urlsplit(endpoint).netloc
        self._key_id = key_id
        self._secret = Secret(secret)

    def rest(self, method: str, path: str, body: Any = None) -> bytes:
        """Give a call of API Gateway as bytes; `path` may have a query."""
        data = b"" if body is None else json.dumps(body).encode()
        return self._signed("apigateway", method, path, "application/json", data)

    def query(self, service: str, action: str, **members: str) -> bytes:
        """Give a call of IAM or STS as bytes."""
        version = {"iam": "2010-05-08", "sts": "2011-06-15"}[service]
        data = urlencode({"Action": action, "Version": version, **members}).encode()
        form = "application/x-www-form-urlencoded; charset=utf-8"
        return self._signed(service, "POST", "/", form, data)

    def _signed(self, service: str, method: str, target: str, kind: str, body: bytes) -> bytes:
        path, _, query = target.partition("?")
        headers = [(b"Host", self.host.encode()), (b"Content-Type", kind.encode())]
        request = SignedRequest(method, path, query, headers, lambda: sha256(body).hexdigest())
        signer = Signer(
            access_key_id=self._key_id, secret=self._secret, region=REGION, service=service
        )
        added = sign(request, signer, time.time())
        lines = [f"{method} {target} HTTP/1.1".encode()]
        lines += [name + b": " + value for name, value in (*headers, *added)]
        lines += [f"Content-Length: {len(body)}".encode(), b"", body]
        return b"\r\n".join(lines)


class Connection:
    """A kept-alive connection to the endpoint."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, host: str) -> "Connection":
        """Connect to `HOST:PORT`."""
        name, _, port = host.rpartition(":")
        return cls(*await asyncio.open_connection(name, int(port)))

    async def send(self, request: bytes) -> Answer:
        """Send a request and read its answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        return Answer(int(head[9:12]), body)

    def close(self) -> None:
        """End it."""
        self._writer.close()


async def in_turn(host: str, requests: Sequence[bytes]) -> list[Answer]:
    """Send requests one after the other."""
    connection = await Connection.to(host)
    try:
        return [await connection.send(each) for each in requests]
    finally:
        connection.close()


async def rate_per_s(host: str, requests: Sequence[bytes], clients: int) -> float:
    """Send all requests from so many connections; give answers a second. Each must be a success."""
    waiting = iter(requests)
    failures: list[Answer] = []

    async def work() -> None:
        connection = await Connection.to(host)
        for each in waiting:
            answer = await connection.send(each)
            if answer.status >= HTTP_REFUSED:
                failures.append(answer)
        connection.close()

    begin_s = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(clients)))
    took_s = time.perf_counter() - begin_s
    if failures:
        raise MeasureError(f"{len(failures)} calls failed, the first: {failures[0]}")
    return len(requests) / took_s
