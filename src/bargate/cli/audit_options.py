"""Options of `bargate serve` that are about the audit log."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from bargate.settings import AuditSettings

Command = TypeVar("Command", bound=Callable[..., Any])
_MIB = 1024 * 1024


def audit_options(command: Command) -> Command:
    """Take the options of the audit log, and pass them on as `audit`, an AuditSettings."""

    @functools.wraps(command)
    def joined(*, audit_file_mib: int, audit_keep: int, audit_reads: bool, **rest: Any) -> Any:
        audit = AuditSettings(
            max_file_bytes=audit_file_mib * _MIB, max_files=audit_keep, reads=audit_reads
        )
        return command(audit=audit, **rest)

    taken: Any = joined
    options = (
        click.option(
            "--audit-file-size",
            "audit_file_mib",
            type=click.IntRange(1, 1_024),
            default=16,
            show_default=True,
            metavar="MIB",
            help="How large a file of the audit log may be.",
        ),
        click.option(
            "--audit-keep",
            type=click.IntRange(2, 100_000),
            default=64,
            show_default=True,
            metavar="FILES",
            help="How many files are kept of each series: changes, users, refreshes, refused.",
        ),
        click.option(
            "--audit-reads",
            is_flag=True,
            help="Note calls of AWS's APIs that only read, too.",
        ),
    )
    for option in reversed(options):
        taken = option(taken)
    result: Command = taken
    return result
