"""Which request validator a method has."""

from bargate.access.control import GuardedMethod
from bargate.model.rest_api import RequestValidator


def validator_of(guarded: GuardedMethod) -> RequestValidator | None:
    """Give the validator a method names, None when it names none."""
    wanted = guarded.method.request_validator_id
    if wanted is None:
        return None
    return next(each for each in guarded.api.request_validators if each.id == wanted)
