"""Options of `bargate serve` about Lambda functions, checked where they enter."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import structs

from bargate.cli.options import pairs
from bargate.local_functions import LocalFunction, WrongFunction, function_of, parsed
from bargate.secret import Secret

if TYPE_CHECKING:
    from bargate.model.function import Function
    from bargate.source import Source

Command = TypeVar("Command", bound=Callable[..., Any])

MAX_PROCESSES = 4_096
MAX_DEFAULT_PROCESSES = 64
PROCESSES_A_CORE = 4
MAX_TIMEOUT_S = 900  # AWS [M] lambda Timeout
_VARIABLE = re.compile(r"[a-zA-Z]([a-zA-Z0-9_])+")  # AWS [M] lambda EnvironmentVariableName


def function_options(command: Command) -> Command:
    """Take functions, and what an option of theirs says."""
    options = (
        click.option(
            "--function",
            "functions",
            multiple=True,
            metavar="NAME=DIR:module.handler",
            callback=_functions,
            help="Run this Lambda function from a folder, whose changes are followed; or"
            " NAME=url:http://…, to have events sent there. Repeatable.",
        ),
        click.option(
            "--function-role",
            "function_roles",
            multiple=True,
            metavar="NAME=ROLE",
            callback=_roles,
            help="Let a --function work as this role, by name or ARN. Repeatable.",
        ),
        click.option(
            "--function-timeout",
            "function_timeouts",
            multiple=True,
            metavar="NAME=SECONDS",
            callback=_timeouts,
            help="How long a --function may take; 3 seconds otherwise. Repeatable.",
        ),
        click.option(
            "--function-env",
            "function_variables",
            multiple=True,
            metavar="NAME:VARIABLE=VALUE",
            callback=_variables,
            help="Set a variable of a --function. Repeatable.",
        ),
        click.option(
            "--function-processes",
            type=click.IntRange(1, MAX_PROCESSES),
            default=None,
            help="Processes that all functions may have at once.  [default: four a core]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def default_processes() -> int:
    """Give how many processes functions may have when nobody says."""
    return min(MAX_DEFAULT_PROCESSES, PROCESSES_A_CORE * len(os.sched_getaffinity(0)))


def told_more(
    functions: Iterable[LocalFunction],
    roles: Mapping[str, str],
    timeouts: Mapping[str, int],
    variables: Mapping[str, Mapping[str, Secret]],
) -> tuple[LocalFunction, ...]:
    """Join what options say of functions; refuses what they say of one that there is not."""
    names = {each.name for each in functions}
    about = (("role", roles), ("timeout", timeouts), ("env", variables))
    for option, said in about:
        for name in said.keys() - names:
            raise click.BadParameter(
                f"there is no --function {name}", param_hint=f"--function-{option}"
            )
    return tuple(
        structs.replace(
            each,
            role=roles.get(each.name),
            timeout_s=timeouts.get(each.name, each.timeout_s),
            environment=dict(variables.get(each.name, {})),
        )
        for each in functions
    )


def local_functions(functions: Iterable[LocalFunction], source: Source) -> tuple[Function, ...]:
    """Make them functions of the installation's account and region."""
    return tuple(
        function_of(each, source.account_id, source.region, source.partition) for each in functions
    )


def _functions(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[LocalFunction, ...]:
    functions: dict[str, LocalFunction] = {}
    for value in values:
        try:
            function = parsed(value)
        except WrongFunction as wrong:
            raise click.BadParameter(str(wrong)) from wrong
        if function.name in functions:
            raise click.BadParameter(f"the function {function.name} is named twice")
        functions[function.name] = function
    return tuple(functions.values())


def _roles(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    return dict(pairs(values, "NAME=ROLE", "="))


def _timeouts(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, int]:
    timeouts = {}
    for name, value in pairs(values, "NAME=SECONDS", "="):
        if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= MAX_TIMEOUT_S:
            raise click.BadParameter(f"{value!r}: a function may take 1 to {MAX_TIMEOUT_S} seconds")
        timeouts[name] = int(value)
    return timeouts


def _is_reserved(variable: str) -> bool:
    from bargate.functions.credentials import is_reserved  # noqa: PLC0415  with all of IAM

    return is_reserved(variable)


def _variables(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, dict[str, Secret]]:
    form = "NAME:VARIABLE=VALUE"
    variables: dict[str, dict[str, Secret]] = {}
    for name, assignment in pairs(values, form, ":"):
        for variable, value in pairs((assignment,), form, "="):
            if _VARIABLE.fullmatch(variable) is None or _is_reserved(variable):
                raise click.BadParameter(
                    f"{variable!r}: a variable has two or more letters, digits or _, a letter"
                    " first, and is none that Lambda sets itself"
                )
            variables.setdefault(name, {})[variable] = Secret(value)
    return variables
