"""One AWS operation from request to response.

find ──► authenticate ──► parse, check ──► authorize ──► run, in one transaction ──► note (audit
log) ──► serialise
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from botocore import xform_name
from msgspec import Struct, structs

from bargate.control.audited import Auditor, Seen, claimed_key_id
from bargate.control.authenticate import claim_of
from bargate.control.circumstances import circumstances_of
from bargate.control.refusal import MESSAGE_HEADER, told_of
from bargate.control.session_limits import check_session
from bargate.services.decide import Denied, access_denied, decide
from bargate.services.operation import Later, Operation, OperationCall, Params, Service
from bargate.services.sts.authorization_message import encode
from bargate.store.interface import StoreBusy, StoreUnavailable, Unstorable
from bargate.wire.check import check_request
from bargate.wire.error import AwsError
from bargate.wire.fault import serialize_error
from bargate.wire.find import find_service, operation_of
from bargate.wire.parse import parse_request
from bargate.wire.protocols import MAX_COMPILED
from bargate.wire.serialize import serialize_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.model import ServiceModel

    from bargate.control.authenticate import Authenticator, Claim, Signer
    from bargate.control.edge import Incoming
    from bargate.control.uses import Uses
    from bargate.services.environment import Environment
    from bargate.store.interface import Store, Transaction
    from bargate.wire.find import Found
    from bargate.wire.models import ServiceModels
    from bargate.wire.request import HttpResponse

_log = logging.getLogger("bargate.control")
NOT_IMPLEMENTED = 501
UNSIGNED = "none"  # the models' `authtype` of operations that users call without AWS credentials


class _Asked(Struct, frozen=True, eq=False):
    """An operation that is to run, for whom, and how it was asked for."""

    service: Service
    operation: Operation
    name: str
    params: Params
    signer: Signer
    incoming: Incoming


class Dispatcher:
    """Answers the operations of `services`, keyed by botocore's names of them."""

    def __init__(  # noqa: PLR0913  the parts that an answer needs, joined in `process`
        self,
        *,
        models: ServiceModels,
        services: Mapping[str, Service],
        store: Store,
        authenticator: Authenticator,
        environment: Environment,
        uses: Uses,
        partition: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        auditor: Auditor | None = None,
    ) -> None:
        self._models = models
        self._services = services
        self._store = store
        self._authenticator = authenticator
        self._environment = environment
        self._uses = uses
        self._partition = partition
        self._clock = clock
        self._auditor = auditor or Auditor(None, store, None, clock)
        self._snake_names = lru_cache(maxsize=MAX_COMPILED)(xform_name)

    async def answer(self, incoming: Incoming, request_id: str) -> HttpResponse:
        """Answer a request; whatever is wrong with it is answered as AWS does."""
        claim = claim_of(incoming)
        seen = Seen(incoming, request_id)
        found: Found | ServiceModel | None = None
        try:
            service = find_service(incoming.request, self._models, claim.signing_name)
            found = service
            found = operation_of(service, incoming.request, self._models, claim.signing_name)
            output = await self._output(found, claim, seen)
            await self._auditor.done(seen, output)
            return serialize_response(found, output, request_id)
        except Denied as denied:
            seen.resource = denied.target.resource
            return self._told(self._refused(found, denied, seen), denied)
        except AwsError as error:
            return self._refused(found, error, seen)
        except StoreBusy:
            busy = AwsError("ServiceUnavailable", "Too many writes are waiting; try again", 503)
            return self._refused(found, busy, seen)
        except Unstorable as unstorable:
            refused = AwsError("ValidationException", str(unstorable), 400)
            return self._refused(found, refused, seen)
        except StoreUnavailable as unavailable:
            _log.error("request %s was not stored: %s", request_id, unavailable)
            failed = AwsError("ServiceUnavailable", f"Nothing was changed: {unavailable}", 503)
            return self._refused(found, failed, seen)
        except BaseException:
            self._auditor.refused(seen, "InternalFailure", 500)
            raise

    def _refused(
        self, found: Found | ServiceModel | None, error: AwsError, seen: Seen
    ) -> HttpResponse:
        self._auditor.refused(seen, error.code, error.status)
        return serialize_error(found, error, seen.request_id)

    async def _output(self, found: Found, claim: Claim, seen: Seen) -> Params:
        service, operation = self._operation(found)
        now = self._clock()
        name = found.operation.name
        seen.service, seen.operation, seen.name = service, operation, name
        if found.operation.auth_type == UNSIGNED:
            signer = self._authenticator.unsigned()
        else:
            seen.key_id = claimed_key_id(claim.scope.access_key_id if claim.scope else "")
            signer = self._authenticator.authenticate(claim, found.operation, now)
            self._uses.note(signer.caller, found.service, signer.region, now)
            check_session(signer.caller.session, service.name, name)
        seen.signer = signer
        params = parse_request(found, seen.incoming.request)
        check_request(found, params)
        seen.params = params
        self._auditor.check(seen)
        asked = _Asked(service, operation, name, params, signer, seen.incoming)

        def work(tx: Transaction) -> Params | Later:
            call = self._call(tx, asked, now, seen.request_id)
            seen.resource = _authorize(call, asked)
            return operation.run(call, params)

        run = self._store.submit(work) if operation.writes else None
        output = self._store.read(work) if run is None else await run  # type: ignore[arg-type]
        return await output.work() if isinstance(output, Later) else output

    def _told(self, response: HttpResponse, denied: Denied) -> HttpResponse:
        """Add why to a refusal, readable with sts:DecodeAuthorizationMessage alone."""
        key = self._environment.sealing_keys[0]
        encoded = encode(key, denied.caller.account_id, told_of(denied))
        if encoded is None:
            return response
        return structs.replace(response, headers=[*response.headers, (MESSAGE_HEADER, encoded)])

    def _operation(self, found: Found) -> tuple[Service, Operation]:
        service = self._services[found.service]
        operation = service.operations.get(self._snake_names(found.operation.name))
        if operation is None:
            message = (
                f"Bargate does not implement {found.service}:{found.operation.name}."
                " docs/coverage.md lists what it does."
            )
            raise AwsError("NotImplemented", message, NOT_IMPLEMENTED)
        return service, operation

    def _call(
        self, tx: Transaction, asked: _Asked, now: datetime, request_id: str
    ) -> OperationCall:
        signer = asked.signer
        return OperationCall(
            account_id=signer.caller.account_id,
            region=signer.region,
            partition=self._partition,
            caller=signer.caller,
            tx=tx,
            now=now,
            request_id=request_id,
            environment=self._environment,
            identity=signer.identity,
            circumstances=circumstances_of(asked.incoming, signer.region, now),
        )


def _authorize(call: OperationCall, asked: _Asked) -> str:
    """Raise AccessDenied unless the caller's policies allow all that the operation needs.

    Gives the resource that it is about, empty where no policy was asked.
    """
    resource = ""
    if call.identity is None:
        return resource
    operation, service = asked.operation, asked.service
    if operation.targets is not None:
        targets = operation.targets(call, asked.params)
    else:
        targets = service.targets(asked.name, call, asked.params)
    for target in targets:
        decision = decide(call, call.identity, target)
        if not decision.allowed:
            raise access_denied(call.caller, target, decision, service.denied_code)
        resource = resource or target.resource
    return "" if resource == "*" else resource
