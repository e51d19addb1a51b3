"""No secret of the whole script of user pools gets into the audit log, and all that it did does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.model
from tests.endpoint import Endpoint

from bargate.audit.event import SERIES
from bargate.audit.reading import events_in
from bargate.audit.verify import verify
from bargate.services.cognito_idp.audited import is_read
from conformance.control import cognito_script
from conformance.control.world import World

_MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("cognito-idp", "service-2"), "cognito-idp"
)
# The model marks these as sensitive, too; they are who and where, which a log is about.
_NAMES = {"UsernameType", "ClientIdType", "DeviceKeyType"}
# These it does not mark.
_SECRET = {"Session", "ConfirmationCode", "Code", "UserCode", "SecretCode", "ClientMetadata"}
_MIN_CHARACTERS = 6  # shorter ones stand in other texts by chance


def _secrets(value: Any, shape: Any, *, name: str = "") -> Iterator[str]:
    is_secret = shape.metadata.get("sensitive") or name in _SECRET
    if shape.type_name == "structure":
        for member, inner in shape.members.items():
            if value.get(member) is not None:
                yield from _secrets(value[member], inner, name=member)
    elif shape.type_name == "map":
        for key, each in value.items():
            if key not in ("USERNAME", "USER_ID_FOR_SRP", "DEVICE_KEY"):
                yield str(each)
    elif shape.type_name == "list":
        for each in value:
            yield from _secrets(each, shape.member, name=name)
    elif is_secret and shape.name not in _NAMES:
        yield str(value)


class _Listening:
    """Keeps every secret that a client sends or is given."""

    def __init__(self, client: Any) -> None:
        self.found: set[str] = set()
        client.meta.events.register("provide-client-params.cognito-idp.*", self._asked)
        client.meta.events.register("after-call.cognito-idp.*", self._answered)

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.found.update(_secrets(params, _MODEL.operation_model(model.name).input_shape))

    def _answered(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        shape = _MODEL.operation_model(model.name).output_shape
        if shape is not None and "Error" not in parsed:
            self.found.update(_secrets(parsed, shape))


def test_no_secret_gets_into_the_log_and_every_change_does(tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        world = World(endpoint)
        listening = _Listening(world.root("cognito-idp"))
        for step in (*cognito_script.BUILD, *cognito_script.TEAR_DOWN):
            world.play(step)
        folder = Path(endpoint.settings.folder) / "audit"
        endpoint.run(_closed(endpoint))
        written = b"".join(path.read_bytes() for path in folder.iterdir())
        events = list(events_in(folder))
        assert not any(verify(folder, name, [bytes(32)]).findings for name in SERIES)
    secrets = {each for each in listening.found if len(each) >= _MIN_CHARACTERS}
    assert len(secrets) > 40
    assert {cognito_script.FIRST, cognito_script.OWN} <= secrets
    told = {each.sub for each in events} | {each.address for each in events}  # as attributes, too
    assert not {each for each in secrets - told if each.encode() in written}
    steps = {
        each.operation
        for each in (*cognito_script.BUILD, *cognito_script.TEAR_DOWN)
        if not is_read(each.operation)
    }
    assert steps <= {each.operation for each in events}
    assert not {each.operation for each in events if is_read(each.operation)} - {"ListUsers"}
    users = [each for each in events if each.operation == "InitiateAuth" and each.user == "ann"]
    assert users
    assert all(each.sub for each in users)


async def _closed(endpoint: Endpoint) -> None:
    endpoint.audit.close()
