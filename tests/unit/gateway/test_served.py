"""What a worker serves after an update, and after one that it refuses."""

from __future__ import annotations

import pytest
from msgspec import structs

from bargate.access.identities import Identity, UnknownIdentity
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.served import Served
from bargate.model.identity import AccessKey
from bargate.model.invalid import InvalidConfiguration
from bargate.secret import Secret
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.parts import Part, StaleBase, Update, difference
from building import PLACE, method, rest_api, served_stages

STAGE = "stage/petstore/prod"
(ONE,) = served_stages(rest_api(*((f"/r{at}", method()) for at in range(9))))
(TWO,) = served_stages(rest_api(*((f"/r{at}", method()) for at in range(10))))
(BAD,) = served_stages(rest_api(("/bad", method(integration=None))))


def key(name: str) -> AccessKey:
    return AccessKey(id=name, secret=Secret(f"secret of {name}"), account_id="1" * 12)


def served(put: dict[str, Part]) -> Served:
    new = Served(PLACE, HttpKeyDirectory(fetch), dev=False)
    new.take([Update(version=1, whole=True, put=put)])
    return new


def knows(worker: Served, name: str) -> bool:
    stage = worker.snapshot.apis["petstore"].stages["prod"]
    assert stage.frame is not None
    found = stage.frame.identities.find(name, None, 1.8e9)
    assert isinstance(found, Identity | UnknownIdentity)
    return isinstance(found, Identity)


def paths(worker: Served) -> int:
    return len(worker.snapshot.apis["petstore"].stages["prod"].router.endpoints)


def test_identities_change_without_compiling_a_stage() -> None:
    worker = served({STAGE: ONE, "key/A": key("A")})
    before = worker.snapshot
    assert knows(worker, "A")
    worker.take([Update(version=2, put={"key/B": key("B")}, gone=("key/A",))])
    assert worker.snapshot is before
    assert (knows(worker, "A"), knows(worker, "B")) == (False, True)


def test_a_whole_takes_away_what_it_does_not_name() -> None:
    worker = served({STAGE: ONE, "key/A": key("A"), "key/B": key("B")})
    before = worker.snapshot.apis["petstore"]
    worker.take([Update(version=2, whole=True, put={STAGE: ONE, "key/B": key("B")})])
    assert (knows(worker, "A"), knows(worker, "B")) == (False, True)
    assert worker.snapshot.apis["petstore"] is before
    worker.take([Update(version=3, whole=True)])
    assert not worker.snapshot.apis


def test_updates_are_taken_together_or_not_at_all() -> None:
    worker = served({STAGE: ONE, "key/A": key("A")})
    before = worker.snapshot
    good = Update(version=2, put={STAGE: difference(ONE, TWO), "key/B": key("B")}, gone=("key/A",))
    for bad, error in (
        (Update(version=3, put={"stage/other/prod": difference(ONE, TWO)}), StaleBase),
        (Update(version=3, put={STAGE: BAD}), InvalidConfiguration),
    ):
        with pytest.raises(error):
            worker.take([good, bad])
        assert worker.snapshot is before
        assert (knows(worker, "A"), knows(worker, "B")) == (True, False)
    worker.take([good, Update(version=3, put={"key/C": key("C")})])
    assert paths(worker) == 10
    assert (knows(worker, "A"), knows(worker, "B"), knows(worker, "C")) == (False, True, True)


def test_identities_are_as_before_when_one_cannot_be_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = served({STAGE: ONE, "key/A": key("A")})
    take = CompiledIdentities.apply

    def failing(directory: CompiledIdentities, name: str, part: object) -> None:
        if name == "key/C" and part is not None:
            raise RuntimeError("a bug")
        take(directory, name, part)

    monkeypatch.setattr(CompiledIdentities, "apply", failing)
    put: dict[str, Part] = {f"key/{name}": key(name) for name in "BCD"}
    with pytest.raises(RuntimeError):
        worker.take([Update(version=2, put=put, gone=("key/A",))])
    assert [knows(worker, name) for name in "ABCD"] == [True, False, False, False]


def test_a_stage_is_not_taken_for_an_identity() -> None:
    worker = served({STAGE: ONE})
    with pytest.raises(TypeError):
        worker.take([Update(version=2, put={"key/A": structs.replace(TWO)})])
    assert paths(worker) == 9
