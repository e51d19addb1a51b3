"""The AWS API `lambda`: functions, their versions, aliases and policies, and invoking them.

    CreateFunction ──► zip checked, kept as a file (`packages`) ──► records/function
                                                                        │ served
    Invoke ──► Invocation ──► functions host ◄── parts `function` ◄─────┘
           ◄── Outcome

Functions of the command line (`local`) are told and invoked as all others, and changed there alone.
What this installation has nothing for (layers, images, VPCs, destinations …) is refused in words.
"""

from __future__ import annotations

from bargate.services.lambda_ import (
    aliases,
    concurrency,
    event_settings,
    functions,
    invoking,
    permissions,
    tags,
    versions,
)
from bargate.services.lambda_.targets import targets_of
from bargate.services.operation import Service, collect

MODULES = (
    functions,
    versions,
    aliases,
    permissions,
    invoking,
    concurrency,
    event_settings,
    tags,
)

SERVICE = Service(
    name="lambda",
    operations=collect(MODULES),
    targets=targets_of,
    denied_code="AccessDeniedException",
)
