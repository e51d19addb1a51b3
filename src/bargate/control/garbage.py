"""Python's garbage collector in the control process: off until it serves, then seldom."""

from __future__ import annotations

import gc

_THRESHOLDS = (50_000, 20, 20)


def settle_memory() -> None:
    """Let the collector work from now on, but never look at what every process of this kind has.

    With Python's own thresholds, deploying an API of 10,000 methods takes three times as long.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
