"""`bargate run`: start a process that works as a role."""

import asyncio
import logging
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

import click

from bargate.cli.workload_options import workload_options
from bargate.workload import child
from bargate.workload.endpoint import Endpoint
from bargate.workload.lease import Lease
from bargate.workload.local import Given, NotGiven, NotReached, Question, find_and_ask

_CANNOT_RUN, _NOT_FOUND = 126, 127  # as shells say it


@click.command(
    short_help="Run a command as a role.", context_settings={"ignore_unknown_options": True}
)
@workload_options
@click.option(
    "--refresh-every",
    "refresh_every_s",
    type=click.FloatRange(1, 43_200),
    metavar="SECONDS",
    help="Renew the credentials at least so often.  [default: half of --duration]",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND…")
def run(
    *,
    role: str,
    account: str | None,
    session_name: str | None,
    duration_s: int,
    api_port: int | None,
    refresh_every_s: float | None,
    command: tuple[str, ...],
) -> None:
    """Run COMMAND as a role of the installation that runs on this machine, as ECS runs tasks.

    AWS SDKs and the AWS CLI in it find the role's credentials by themselves and renew them; no key is
    written anywhere. The role must trust the service ecs-tasks.amazonaws.com. Signals are passed on,
    and the exit code is the command's.
    """
    logging.basicConfig(format="bargate: %(message)s", level=logging.WARNING)
    question = Question(
        role=role,
        account_id=account,
        session_name=session_name or secrets.token_hex(16),
        duration_s=duration_s,
    )

    async def obtain() -> Given:
        return await find_and_ask(api_port, question)

    try:
        sys.exit(asyncio.run(_run(obtain, refresh_every_s, command)))
    except (NotGiven, NotReached) as error:
        click.echo(f"bargate: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"bargate: cannot run {command[0]}: {error.strerror}", err=True)
        sys.exit(_NOT_FOUND if isinstance(error, FileNotFoundError) else _CANNOT_RUN)


async def _run(
    obtain: Callable[[], Awaitable[Given]], refresh_every_s: float | None, command: Sequence[str]
) -> int:
    lease = Lease(await obtain(), obtain, refresh_every_s, time.time)
    endpoint = Endpoint(lease)
    await endpoint.start()
    keeping = asyncio.get_running_loop().create_task(lease.keep())
    environment = child.environment_of(os.environ, lease.held, endpoint.url, endpoint.token)
    try:
        return await child.run(command, environment)
    finally:
        keeping.cancel()
        endpoint.stop()
