"""What is remembered of host and path is what a look-up would have found."""

from typing import Any

from msgspec import structs

from bargate.gateway.places import MAX_PATH_CHARACTERS, MAX_PLACES, Place, Places
from bargate.snapshot.compiled import Unresolved
from building import method, rest_api, snapshot


def served() -> Any:
    return snapshot(rest_api(("/pets", method("GET")), ("/pets/{id}", method("POST"))))


class Counting:
    """A snapshot that counts what it is asked."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.asked = 0

    def domain_of(self, host: bytes | None, path: str) -> None:
        return None

    def resolve(self, host: bytes | None, path: str, arrival: Any) -> Any:
        self.asked += 1
        return self.inner.resolve(host, path, arrival)


def base(inner: Any) -> str:
    return f"/_api/{next(iter(inner.apis))}/prod"


def test_a_place_is_looked_up_once_and_each_method_answers_for_itself() -> None:
    counting = Counting(served())
    places, path = Places(counting), base(counting.inner) + "/pets"
    place = places.find(b"h", path)
    assert isinstance(place, Place)
    assert places.find(b"h", path) is place
    assert counting.asked == 1
    for _ in range(2):
        found = place.match("GET")
        assert found is not None
        assert found[0].resource_path == "/pets"
        assert place.match("POST") is None
        assert place.match("DELETE") is None


def test_another_host_is_another_place() -> None:
    counting = Counting(served())
    places, path = Places(counting), base(counting.inner) + "/pets"
    assert places.find(b"g", path) is not places.find(b"h", path)
    assert counting.asked == 2


def test_what_leads_nowhere_is_not_remembered() -> None:
    counting = Counting(served())
    places = Places(counting)
    for _ in range(2):
        assert isinstance(places.find(b"h", "/_api/none/prod/pets"), Unresolved)
        place = places.find(b"h", base(counting.inner) + "/pets/%2e%2e/x")
        assert isinstance(place, Place)
        assert place.match("GET") is None
    assert counting.asked == 4


def test_a_stage_with_a_canary_is_drawn_at_every_call() -> None:
    inner = served()
    stage = inner.resolve(b"h", base(inner) + "/pets")[0]

    class Drawing:
        def __init__(self) -> None:
            self.at = 0

        def domain_of(self, host: bytes | None, path: str) -> None:
            return None

        def resolve(self, host: bytes | None, path: str, arrival: Any) -> Any:
            self.at += 1
            return canary if self.at % 2 else stable, "/pets"

    canary = structs.replace(stage, is_canary=True)
    stable = structs.replace(stage, is_canary=False, canary=canary)
    places = Places(Drawing())
    drawn = [places.find(b"h", "/x") for _ in range(4)]
    assert [each.stage for each in drawn if isinstance(each, Place)] == [canary, stable] * 2


def test_places_are_bounded() -> None:
    inner = served()
    places, path = Places(inner), base(inner)
    for number in range(MAX_PLACES + 10):
        places.find(b"h", f"{path}/pets/{number}")
    assert 0 < len(places._places) <= MAX_PLACES
    long = f"{path}/pets/{'x' * MAX_PATH_CHARACTERS}"
    assert places.find(b"h", long) is not places.find(b"h", long)
