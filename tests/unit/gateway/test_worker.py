import gc
import weakref

from bargate.gateway.worker import _freeze_again


class _Cycle:
    def __init__(self) -> None:
        self.itself = self


def test_what_is_replaced_is_freed_at_a_reload() -> None:
    served = _Cycle()
    try:
        _freeze_again()
        gone = weakref.ref(served)
        del served
        gc.collect()
        assert gone() is not None  # frozen: the collector does not look at it
        _freeze_again()
        assert gone() is None
    finally:
        gc.unfreeze()
