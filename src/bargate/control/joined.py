"""The parts of the control process, joined, from its first message to the end of all it began."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bargate import __version__
from bargate.audit.event import command
from bargate.control.audit_log import audit_socket
from bargate.control.audited import Auditor
from bargate.control.authenticate import Authenticator
from bargate.control.backends import Backends
from bargate.control.code_folder import code_folder
from bargate.control.credentials import credentials_socket
from bargate.control.directories import Directories
from bargate.control.dispatch import Dispatcher
from bargate.control.edge import Edge
from bargate.control.emulation import Emulation
from bargate.control.environment import make_environment
from bargate.control.first_start import kept_keys, sealing_keys
from bargate.control.garbage import settle_memory
from bargate.control.import_uploads import ImportUploads
from bargate.control.imports_socket import imports_socket
from bargate.control.keys_socket import keys_socket
from bargate.control.messages import (
    Applied,
    Begin,
    Collect,
    Collected,
    Ending,
    Listening,
    Opened,
    Publish,
    Stored,
    StoreFunctions,
    StoreStages,
    ToControl,
)
from bargate.control.outbound import make_delivery
from bargate.control.outbox_socket import outbox_socket
from bargate.control.parts import Place
from bargate.control.passage import Passage
from bargate.control.pool_documents import PoolDocuments
from bargate.control.pools import make_pools
from bargate.control.publisher import Publisher
from bargate.control.quotas import Quotas
from bargate.control.replies import Replies
from bargate.control.server import EndpointServer
from bargate.control.services import SERVICES
from bargate.control.status import Status
from bargate.control.users_socket import users_socket
from bargate.control.uses import Uses
from bargate.functions.client import FunctionsClient
from bargate.gateway.channel import AskQuotas
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.pool_keys import PoolKeyDirectory
from bargate.pages import Pages
from bargate.settings import run_directory
from bargate.snapshot.identities import CompiledIdentities
from bargate.userpool.auth_events import AuthEvents
from bargate.userpool.imports.folder import ImportFolder
from bargate.userpool.imports.run import ImportJobs
from bargate.wire.error import AwsError
from bargate.wire.models import ServiceModels

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine

    from bargate.audit.journal import Journal
    from bargate.frames import Channel
    from bargate.model.function import Function
    from bargate.model.installation import ServedStage
    from bargate.services.environment import Environment
    from bargate.snapshot.parts import Update
    from bargate.store.interface import Store, Transaction

COLLECT_TIMEOUT_S = 2.0
SENDING_TIMEOUT_S = 2.0

_log = logging.getLogger("bargate.control")


class Control:
    """The parts of the control process, joined."""

    def __init__(
        self, channel: Channel[ToControl], begin: Begin, store: Store, journal: Journal
    ) -> None:
        self._channel = channel
        self._settings = begin.settings
        self._store = store
        self._number = 0
        self._is_ending = False
        self._applied: Replies[str | None] = Replies()
        self._collected: Replies[Collected] = Replies()
        self._tasks: set[asyncio.Task[None]] = set()
        identities = CompiledIdentities(action=None)
        self._backends = Backends()
        self._keys = PoolKeyDirectory(HttpKeyDirectory(fetch))
        self._functions = None if begin.functions is None else FunctionsClient(begin.functions)
        keys = store.read(sealing_keys)
        self._delivery = make_delivery(begin.settings.outbound, partial(datetime.now, UTC))
        pools = make_pools(
            begin.settings, store, keys, functions=self._functions, messenger=self._delivery
        )
        place = Place(
            code_folder=str(code_folder(begin.settings).folder),
            issuer_of=pools.issuer_of,
            ends_tokens=begin.settings.pools.revokes_access_tokens,
        )
        directories = Directories(identities, self._backends.certificates, self._keys)
        self._publisher = Publisher(store, directories, self._deliver, begin.version, place)
        self._uses = Uses(store)
        self._quotas = Quotas(store, channel.post)
        environment = make_environment(
            begin.settings,
            store.read(sealing_keys),
            self._backends,
            self._keys,
            self._functions,
            pools,
        )
        self._auth_events = AuthEvents(store)
        clock, reads = partial(datetime.now, UTC), begin.settings.audit.reads
        self._auditor = Auditor(journal, store, self._auth_events, clock, reads=reads)
        note = self._auditor.attempted
        folder = run_directory(dict(os.environ), Path(tempfile.gettempdir()), os.getuid())
        port = begin.settings.port
        self._sockets = (
            credentials_socket(store, environment.sealer, begin.settings, folder, note),
            outbox_socket(self._delivery.outbox, folder, port),
            keys_socket(pools, folder, port, note),
            audit_socket(begin.settings, folder),
            users_socket(pools, journal, folder, port),
            imports_socket(pools, journal, folder, port),
        )
        files = ImportFolder(Path(begin.settings.folder).resolve())
        self._imports = ImportJobs(store, files, clock)
        self._uploads = ImportUploads(store, files, clock)
        self._server = EndpointServer(self._edge(identities, environment))

    def _edge(self, identities: CompiledIdentities, environment: Environment) -> Edge:
        settings, store = self._settings, self._store
        dispatcher = Dispatcher(
            models=ServiceModels(tuple(SERVICES)),
            services=SERVICES,
            store=store,
            authenticator=Authenticator(identities, environment.sealer, settings),
            environment=environment,
            uses=self._uses,
            partition=settings.partition,
            auditor=self._auditor,
        )
        emulation = None
        if settings.dev:
            passage = Passage(settings.gateway_url, self._backends)
            emulation = Emulation(passage, tuple(SERVICES), self._reset, self._delivery.outbox)
        documents = PoolDocuments(environment.pools)
        status = Status(self._collect, __version__)
        pages = Pages(environment.pools, self._auditor.attempted)
        return Edge(dispatcher, status, emulation, documents, pages, self._uploads)

    async def run(self, listener: socket.socket) -> None:
        """Serve until the supervisor is gone."""
        loop = asyncio.get_running_loop()
        obeying = loop.create_task(self._obey())
        self._channel.post(Opened())
        self._store.subscribe(self._publisher.committed)
        self._store.subscribe(self._quotas.committed)
        self._store.subscribe(self._imports.committed)
        for each in self._sockets:
            await each.start()
        publishing = loop.create_task(self._publish())
        noting = loop.create_task(self._uses.run())
        importing = loop.create_task(self._imports.run())
        serving = await self._server.begin(listener)
        tasks = {obeying, publishing, serving, noting, importing}  # none of them dies unseen
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in self._sockets:
            each.stop()
        self._server.end()
        await serving
        if self._is_ending and not obeying.done():
            await obeying  # until workers gave back what they leased
        await self._delivery.settle(SENDING_TIMEOUT_S)
        noting.cancel()
        importing.cancel()
        await self._uses.write()
        await self._auth_events.close()
        publishing.cancel()
        obeying.cancel()
        await self._keys.close()
        self._backends.close()
        if self._functions is not None:
            await self._functions.close()
        for task in ended:
            task.result()  # a bug in one of them is logged by `main`

    async def _publish(self) -> None:
        await self._publisher.publish_everything()
        await self._channel.send(Listening())
        # What the first call needs is imported beside the loop, so that it need not wait for it.
        preparing = asyncio.get_running_loop().run_in_executor(None, _prepare)
        preparing.add_done_callback(lambda _: settle_memory())
        await self._publisher.run()
        await preparing

    async def _obey(self) -> None:
        """Take what the supervisor says, until it is gone."""
        while (message := await self._channel.receive()) is not None:
            match message:
                case Applied(number, error):
                    self._applied.settle(number, error)
                case Collected(number):
                    self._collected.settle(number, message)
                case StoreStages(number, stages):
                    self._begin(self._keep(number, partial(self._store_stages, stages)))
                case StoreFunctions(number, functions):
                    self._begin(self._keep(number, partial(self._store_functions, functions)))
                case AskQuotas():
                    self._begin(self._quotas.answer(message))
                case Ending():
                    self._is_ending = True
                    self._server.end()
                case Begin():
                    _log.error("told to begin twice; going on")

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, update: Update) -> str | None:
        return await self._applied.after(update.version, self._channel.send(Publish(update)))

    async def _collect(self) -> Collected | None:
        self._number += 1
        asked = self._channel.send(Collect(self._number))
        try:
            async with asyncio.timeout(COLLECT_TIMEOUT_S):
                return await self._collected.after(self._number, asked)
        except TimeoutError:
            return None

    async def _keep(self, number: int, store: Callable[[Transaction], object]) -> None:
        """Store what the operator gave; what is wrong with it is said, not raised."""
        error: str | None = None
        try:
            await self._store.submit(store)
            await self._auditor.attempted(command("StoreFiles", ""))
            await self._publisher.caught_up()
        except AwsError as refused:
            error = refused.message
        except Exception:  # noqa: BLE001  the edge of an import: a bug ends nothing else
            _log.exception("what the operator gave could not be stored")
            error = "a bug; the log of the control process says more"
        await self._channel.send(Stored(number, error))

    def _store_stages(self, stages: tuple[ServedStage, ...], tx: Transaction) -> None:
        from bargate.control.documents import store_documents  # noqa: PLC0415  as in `services`

        store_documents(tx, stages, self._settings.partition, datetime.now(UTC))

    def _store_functions(self, functions: tuple[Function, ...], tx: Transaction) -> None:
        from bargate.services.lambda_.local import store_local  # noqa: PLC0415  as in `services`

        store_local(tx, functions, datetime.now(UTC))

    async def _reset(self) -> None:
        """Empty the state; the keys that this installation and its clients hold stay good."""
        kept = self._store.read(lambda tx: kept_keys(tx, self._settings.account_id))
        self._store.reset()
        await self._auditor.attempted(command("Reset", ""))
        await self._store.submit(kept.restore)
        await self._publisher.publish_everything()


def _prepare() -> None:
    ServiceModels.prepare()
    SERVICES.prepare()
