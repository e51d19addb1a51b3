"""`bargate` and `python -m bargate`."""

import gc
from importlib import import_module

import click

from bargate import __version__

_COMMANDS = (
    "serve",
    "validate",
    "routes",
    "explain",
    "why",
    "logs",
    "run",
    "credentials",
    "outbox",
    "users",
    "keys",
    "audit",
)


class _Commands(click.Group):
    """The subcommands, each imported when it is asked for: `serve` is to start quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Give their names in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one, None when there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        gc.disable()  # nothing imported is garbage, and looking for it is a third of the import
        try:
            command: click.Command = getattr(import_module(f"bargate.cli.{cmd_name}"), cmd_name)
        finally:
            gc.enable()
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="bargate %(version)s")
def main() -> None:
    """Bargate: an API gateway that enforces every access control of Amazon API Gateway."""


if __name__ == "__main__":
    main()
