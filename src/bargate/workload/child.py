"""The workload itself: a process that ends with us, is told our signals, and whose end is ours."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bargate.workload.local import Given

_FORWARDED = (
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_FROM_TERMINALS = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGHUP})
_PR_SET_PDEATHSIG = 1
# What would come before the container's credentials in the order in which SDKs look.
_SHADOWING = (
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_ACCOUNT_ID",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_CREDENTIAL_FILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


def environment_of(ours: Mapping[str, str], given: Given, url: str, token: str) -> dict[str, str]:
    """Give a workload's environment: ours, with its role's credentials alone.

    The files of ~/.aws are not read: a default profile in them would come first.
    """
    kept = {name: value for name, value in ours.items() if name not in _SHADOWING}
    regions = {"AWS_REGION": given.region, "AWS_DEFAULT_REGION": given.region}
    if chosen := kept.get("AWS_REGION") or kept.get("AWS_DEFAULT_REGION"):
        regions = {"AWS_REGION": chosen, "AWS_DEFAULT_REGION": chosen}
    return {
        "AWS_ENDPOINT_URL": given.endpoint_url,
        **kept,
        **regions,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
    }


async def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command until it ends; give its exit code as a shell does. Raises OSError."""
    loop = asyncio.get_running_loop()
    started: list[asyncio.subprocess.Process] = []
    early: list[signal.Signals] = []

    def forward(number: signal.Signals) -> None:
        if not started:
            early.append(number)
        elif not (number in _FROM_TERMINALS and _is_in_foreground()):
            with contextlib.suppress(ProcessLookupError):
                started[0].send_signal(number)

    for number in _FORWARDED:
        loop.add_signal_handler(number, forward, number)
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, preexec_fn=_ends_with(os.getpid())
    )
    started.append(process)
    for number in early:
        forward(number)
    code = await process.wait()
    return code if code >= 0 else 128 - code


def _is_in_foreground() -> bool:
    """Say whether a terminal sends its signals to us and to the workload alike."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _ends_with(parent: int) -> Callable[[], None]:
    """Give what lets a new process be killed when `parent` is, however that ends."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def prepare() -> None:
        if prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != parent:
            os._exit(1)

    return prepare
