"""The AWS endpoint in-process: real boto3 clients whose requests go to the edge, not to a socket.

    with Endpoint() as endpoint:
        iam = endpoint.client("iam")                      # signed with the root key
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        alice = endpoint.client("iam", key["AccessKeyId"], key["SecretAccessKey"])

Everything is real but the socket: signatures, policies, the wire, the store.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
import botocore.awsrequest
from botocore.config import Config

from bargate.audit.event import SERIES
from bargate.audit.files import Bounds, Series, prepare_folder
from bargate.audit.journal import Journal
from bargate.control.audited import Auditor
from bargate.control.authenticate import Authenticator
from bargate.control.backends import Backends
from bargate.control.code_folder import code_folder
from bargate.control.dispatch import Dispatcher
from bargate.control.edge import Edge
from bargate.control.emulation import Emulation
from bargate.control.environment import make_environment
from bargate.control.first_start import make_keys, sealing_keys
from bargate.control.outbound import make_delivery
from bargate.control.parts import Place
from bargate.control.passage import Passage
from bargate.control.pool_documents import PoolDocuments
from bargate.control.pools import make_pools
from bargate.control.publisher import Publisher
from bargate.control.services import SERVICES
from bargate.control.status import Status
from bargate.control.uses import Uses
from bargate.model.invocation import Invocation, Outcome, Returned
from bargate.pages import Pages
from bargate.records.access_key import ACCESS_KEY
from bargate.settings import ControlSettings
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.parts import Update, apply
from bargate.store.interface import Store
from bargate.store.sqlite import SqliteStore
from bargate.userpool.auth_events import AuthEvents
from bargate.wire.models import ServiceModels

ACCOUNT = "123456789012"
REGION = "us-east-1"
ORIGIN = "http://127.0.0.1:4566"


class Answered:
    """What came back from the edge."""

    def __init__(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in headers}
        self.body = body


class Echo:
    """Stands for the functions host: every function gives its event back, and writes `ran`.

    An `outcome` takes the place of that.
    """

    def __init__(self) -> None:
        self.asked: list[Invocation] = []
        self.outcome: Outcome | None = None

    async def __call__(self, invocation: Invocation) -> Outcome:
        self.asked.append(invocation)
        if self.outcome is not None:
            return self.outcome
        return Returned(payload=invocation.payload, version="$LATEST", log=b"ran")


class Endpoint:
    """A control plane without process and socket; `state` is what workers would serve."""

    def __init__(self, *, dev: bool = False, store: Store | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bargate-data-")
        self._s3 = tempfile.TemporaryDirectory(prefix="bargate-s3-")
        self.s3 = Path(self._s3.name)  # stands for S3
        self.settings = ControlSettings(
            folder=self._folder.name,
            account_id=ACCOUNT,
            region=REGION,
            dev=dev,
            gateway_url="http://127.0.0.1:1",
            s3=self._s3.name,
        )
        self.store: Store = SqliteStore() if store is None else store
        self.functions = Echo()
        self.state: dict[str, Any] = {}
        self.skew_s = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self._begin())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.store.close()
        self._s3.cleanup()
        self._folder.cleanup()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def now(self) -> datetime:
        """Give what this endpoint holds for the time."""
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.skew_s, UTC)

    async def _begin(self) -> None:
        self.store.write(lambda tx: make_keys(tx, ACCOUNT, datetime.now(UTC)))
        keys = self.store.read(lambda tx: tx.list(ACCESS_KEY, (ACCOUNT, ACCOUNT)))
        self.root = keys[0]
        identities = CompiledIdentities(action=None)
        keys = self.store.read(sealing_keys)
        self.delivery = make_delivery(self.settings.outbound, self.now)
        pools = make_pools(self.settings, self.store, keys, self.now, self.functions, self.delivery)
        place = Place(str(code_folder(self.settings).folder), pools.issuer_of)
        self.publisher = Publisher(self.store, identities, self._deliver, 0, place)
        environment = make_environment(self.settings, keys, functions=self.functions, pools=pools)
        self.uses = Uses(self.store)
        self.auth_events = AuthEvents(self.store)
        folder = prepare_folder(Path(self.settings.folder))
        bounds = Bounds(max_file_bytes=1024 * 1024, max_files=4)
        series = {name: Series(folder, name, bytes(32), bounds) for name in SERIES}
        self.audit = Journal(series, is_durable=False)
        auditor = Auditor(self.audit, self.store, self.auth_events, self.now)
        dispatcher = Dispatcher(
            models=ServiceModels(tuple(SERVICES)),
            services=SERVICES,
            store=self.store,
            authenticator=Authenticator(identities, environment.sealer, self.settings),
            environment=environment,
            uses=self.uses,
            partition="aws",
            clock=self.now,
            auditor=auditor,
        )
        emulation = (
            Emulation(Passage(self.settings.gateway_url, Backends()), tuple(SERVICES), self._reset)
            if self.settings.dev
            else None
        )
        documents = PoolDocuments(pools)
        status = Status(self._nothing, "0")
        self._edge = Edge(dispatcher, status, emulation, documents, Pages(pools, auditor.attempted))
        await self.publisher.publish_everything()
        self.store.subscribe(self.publisher.committed)
        self._publishing = asyncio.get_running_loop().create_task(self.publisher.run())

    async def _end(self) -> None:
        self._publishing.cancel()
        self.audit.close()
        await self.auth_events.close()

    async def _deliver(self, update: Update) -> str | None:
        self.state = apply(self.state, update)
        return None

    async def _nothing(self) -> None:
        return None

    async def _reset(self) -> None:
        raise AssertionError("no reset in-process")

    def code_to(self, destination: str) -> str:
        """Give the code that was sent to an address last."""
        sent = [each for each in self.delivery.outbox.after() if each.destination == destination]
        return re.findall(r"\b[0-9]{6,8}\b", sent[-1].body)[0]

    def published(self) -> dict[str, Any]:
        """Give what workers would serve once everything committed so far was sent."""
        self.run(self.publisher.caught_up())
        return self.state

    def send(
        self,
        method: str,
        target: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        source_ip: str = "127.0.0.1",
    ) -> Answered:
        """Send one raw request; `target` is path and query as on the wire."""
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "raw_path": path.encode("latin-1"),
            "path": path,
            "query_string": query.encode("latin-1"),
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers],
            "client": (source_ip, 1),
        }
        return self.run(self._send(scope, body))

    async def _send(self, scope: dict[str, Any], body: bytes) -> Answered:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._edge(scope, receive, send)
        start, *chunks = sent
        whole = b"".join(chunk.get("body", b"") for chunk in chunks)
        return Answered(start["status"], start["headers"], whole)

    def client(
        self,
        service: str,
        key_id: str | None = None,
        secret: str | None = None,
        token: str | None = None,
        region: str = REGION,
    ) -> Any:
        """Make a boto3 client; without a key it has the root user's."""
        client = boto3.client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=ORIGIN,
            aws_access_key_id=key_id or self.root.id,
            aws_secret_access_key=secret or self.root.secret.reveal(),
            aws_session_token=token,
            config=Config(retries={"max_attempts": 0}, parameter_validation=False),
        )
        client.meta.events.register("before-send", self._before_send)
        return client

    def _before_send(self, request: Any, **_: Any) -> Any:
        url = urlsplit(request.url)
        headers = [
            (name, value.decode("latin-1") if isinstance(value, bytes) else str(value))
            for name, value in request.headers.items()
        ]
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        body = body if isinstance(body, bytes | bytearray) else body.read()
        target = url.path + (f"?{url.query}" if url.query else "")
        answered = self.send(request.method, target, [("host", url.netloc), *headers], bytes(body))
        return botocore.awsrequest.AWSResponse(
            request.url, answered.status, answered.headers, _Raw(answered.body)
        )


class _Raw:
    """What botocore wants of a response's stream."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterable[bytes]:
        yield self._body

    def read(self, *_: Any, **__: Any) -> bytes:
        body, self._body = self._body, b""
        return body
