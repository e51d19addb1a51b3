"""`bargate` and `python -m bargate`."""

import click

from bargate import __version__
from bargate.cli.explain import explain
from bargate.cli.routes import routes
from bargate.cli.serve import serve
from bargate.cli.validate import validate
from bargate.cli.why import why


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="bargate %(version)s")
def main() -> None:
    """Bargate: an API gateway that enforces every access control of Amazon API Gateway."""


for command in (serve, validate, routes, explain, why):
    main.add_command(command)

if __name__ == "__main__":
    main()
